# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import JobError
from core.job.label_files import LabelledPart
from core.worker.contact_sheet import UNLABELLED_COLOR, write_contact_sheet
from tests.unit.cli.finished_doll import VOCABULARY, write_finished_doll
from tests.unit.parsing.paper_doll import COLORS

SHADE = 0.62 + 0.38 * 0.75  # of a surface that looks at the camera


def drawn(job: Path, rows: int = 1, columns: int = 1) -> np.ndarray:
    """(h, w, 3) uint8 sRGB."""
    path = job / "sheet.png"
    write_contact_sheet(job, path, rows, columns)
    return cv2.imread(str(path))[:, :, ::-1]


def where(sheet: np.ndarray, color: np.ndarray) -> np.ndarray:
    """(h, w) bool, the pixels of a colour."""
    return (np.abs(sheet.astype(int) - np.asarray(color).astype(int)) <= 1).all(axis=2)


def box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns that an area of the mask spans; rims of letters have fewer pixels."""
    rows, columns = (np.flatnonzero(mask.sum(axis) > 10) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def test_labels_stand_to_the_right_of_the_picture_they_belong_to(tmp_path):
    write_finished_doll(tmp_path)
    sheet = drawn(tmp_path)
    for part, label in enumerate(VOCABULARY):
        beauty = where(sheet, COLORS[part])
        painted = where(sheet, np.array(label.color) * 255 * SHADE)
        assert beauty.sum() > 1000
        (rows, columns), (painted_rows, painted_columns) = box(beauty), box(painted)
        assert painted_rows == rows
        assert painted_columns.start > columns.stop
        assert columns.stop - columns.start == painted_columns.stop - painted_columns.start
        assert painted[painted_rows, painted_columns].mean() > 0.95


def test_the_legend_shows_every_part_in_its_colour(tmp_path):
    write_finished_doll(tmp_path)
    legend = drawn(tmp_path, columns=2)[-29:]  # wide enough for one line
    starts = []
    for color in (*(part.color for part in VOCABULARY), UNLABELLED_COLOR):
        swatch = where(legend, np.round(np.array(color) * 255))
        assert swatch.sum() >= 17 * 17
        starts.append(box(swatch)[1].start)
    assert starts == sorted(starts)
    assert (legend < 60).any(), "the names are written"


def test_rows_are_frames_and_columns_are_views(tmp_path):
    write_finished_doll(tmp_path)
    one, wide, tall = drawn(tmp_path), drawn(tmp_path, 1, 2), drawn(tmp_path, 3, 1)
    assert wide.shape[1] > 1.6 * one.shape[1] and abs(wide.shape[0] - one.shape[0]) < 40
    assert abs(tall.shape[1] - one.shape[1]) < 20 and tall.shape[0] > 2.4 * one.shape[0]
    assert drawn(tmp_path, 9, 9).shape == drawn(tmp_path, 4, 2).shape, "no image twice"


def test_unlabelled_faces_are_grey(tmp_path):
    write_finished_doll(tmp_path)
    grey = np.array(UNLABELLED_COLOR) * 255 * SHADE
    assert where(drawn(tmp_path, 1, 1), grey).sum() < 100, "no more than rims of letters"
    assert where(drawn(tmp_path, 4, 1), grey).sum() > 1000, "the bag of the later frames"


def test_a_long_vocabulary_takes_more_lines_of_the_same_width(tmp_path):
    short, long = tmp_path / "short", tmp_path / "long"
    write_finished_doll(short)
    more = tuple(LabelledPart(f"a rather long name {i}", (0.0, 1.0, i / 20)) for i in range(20))
    write_finished_doll(long, VOCABULARY + more)
    sheet = drawn(long)
    assert sheet.shape[1] == drawn(short).shape[1]
    for part in more:
        assert where(sheet, np.round(np.array(part.color) * 255)).any(), part.name


def test_a_sequence_is_drawn_frame_by_frame(tmp_path):
    constant, sequence = tmp_path / "constant", tmp_path / "sequence"
    write_finished_doll(constant)
    write_finished_doll(sequence, sequence=True)
    assert (drawn(sequence, 3, 2) == drawn(constant, 3, 2)).all()


def test_a_job_that_is_unfinished_or_damaged_is_refused(tmp_path):
    with pytest.raises(JobError, match="no result yet"):
        write_contact_sheet(tmp_path, tmp_path / "sheet.png")
    write_finished_doll(tmp_path)
    frame = tmp_path / "capture" / "frame_0001.npz"
    frame.write_bytes(frame.read_bytes()[:500])
    with pytest.raises(JobError, match=r"frame_0001.npz is missing or damaged"):
        write_contact_sheet(tmp_path, tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
