# SPDX-License-Identifier: GPL-3.0-or-later
"""A labelling of a case becomes scores: what is judged, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.captured import CapturedCase
from benchmarks.quality.methods import Labelling
from benchmarks.quality.records import ScoreRecord
from benchmarks.quality.scoring import Judge
from benchmarks.quality.vocabularies import Vocabulary
from core.errors import JobError
from core.job.spec import Part
from tests.unit.benchmarks.doll_case import doll
from tests.unit.parsing.doll_job import FRAMES, WORDS
from tests.unit.parsing.paper_doll import COLUMNS, ELEMENTS, SHEET, truth

FREE = Vocabulary("free", tuple(Part(word) for word in WORDS), (0, 1, 2, 3))


def labelling(label: np.ndarray | Mapping[int, np.ndarray], evidenced: bool = True) -> Labelling:
    per_frame = label if isinstance(label, Mapping) else dict.fromkeys(FRAMES, label)
    per_frame = {frame: found.astype(np.int16) for frame, found in per_frame.items()}
    seen = dict.fromkeys(FRAMES, np.full(ELEMENTS, evidenced))
    return Labelling(per_frame, seen, {"labels": 2.0}, 0.5)


def score(captured: CapturedCase, found: Labelling, vocabulary: Vocabulary = FREE) -> ScoreRecord:
    return Judge(captured).score("ours", vocabulary, found)


@pytest.fixture(params=[False, True], ids=["constant", "sequence"])
def captured(request, tmp_path: Path) -> CapturedCase:
    return doll(tmp_path, request.param)


def test_the_truth_scores_one_in_everything(captured: CapturedCase) -> None:
    found = score(captured, labelling(truth()))
    assert (found.oa, found.macc, found.miou, found.boundary_f1) == (1, 1, 1, 1)
    assert (found.flicker, found.coverage) == (0, 1)
    assert found.classes == WORDS
    assert (found.case, found.family, found.method) == ("doll", "doll", "ours")
    assert (found.seconds, found.peak_gb) == ({"labels": 2.0}, 0.5)


def test_the_table_holds_square_metres_of_what_is_seen(captured: CapturedCase) -> None:
    # Front and back in four frames; the bag's twelve cells hide as many of the front in two.
    table = np.array(score(captured, labelling(truth())).table)
    assert table.sum() == pytest.approx(4 * 2 * SHEET * 0.01)
    assert table[3, 3] == pytest.approx(2 * 12 * 0.01)


def test_what_no_view_shows_is_not_judged(captured: CapturedCase) -> None:
    hidden = np.arange(ELEMENTS) >= 2 * SHEET + 12  # of the bag, far from the quarter that is seen
    hidden &= np.arange(ELEMENTS) < 2 * SHEET + 40
    found = score(captured, labelling(np.where(hidden, 0, truth())))
    assert found.miou == 1


def test_unlabelled_elements_are_errors(captured: CapturedCase) -> None:
    without_head = np.where(truth() == 0, -1, truth())
    found = score(captured, labelling(without_head))
    assert found.iou[0] == 0
    assert found.macc == pytest.approx(3 / 4)
    assert np.array(found.table)[0, -1] == pytest.approx(4 * 2 * 3 * COLUMNS * 0.01)


def test_a_class_that_the_vocabulary_does_not_score_is_left_out(captured: CapturedCase) -> None:
    garments = Vocabulary("garments", (Part("shirt"), Part("trousers")), (-1, 0, 1, -1))
    of_fine = np.array([0, 0, 1, 1])  # heads called shirts and bags called trousers: nobody minds
    found = score(captured, labelling(of_fine[truth()]), garments)
    assert (found.oa, found.miou) == (1, 1)


def test_unknown_truth_is_left_out(captured: CapturedCase) -> None:
    unknown = np.where(truth() == 1, -1, truth()).astype(np.int16)
    partly = replace(captured, truth=dict.fromkeys(FRAMES, unknown))
    found = score(partly, labelling(np.where(truth() == 1, 0, truth())))
    assert (found.oa, found.miou) == (1, 1)
    assert np.isnan(found.iou[1])


def test_means_run_over_the_classes_of_the_truth(captured: CapturedCase) -> None:
    parts = (*FREE.parts, Part("hat"))
    with_hat = Vocabulary("free", parts, FREE.of_truth)
    half = np.where((truth() == 0) & (np.arange(ELEMENTS) < SHEET), 4, truth())
    found = score(captured, labelling(half), with_hat)
    assert found.iou[4] == 0
    assert found.miou == pytest.approx((1 / 2 + 3) / 4)


def test_the_ring_at_a_joint_is_not_judged(captured: CapturedCase) -> None:
    names = ("head", "neck", "trousers", "bag")  # the shirt is a neck now
    jointed = replace(captured, names=names)
    row = np.arange(ELEMENTS) % SHEET // COLUMNS
    shifted = np.where((row == 3) & (truth() == 1), 0, truth())  # one row into the neck
    assert score(jointed, labelling(shifted)).miou == 1
    assert score(captured, labelling(shifted)).miou < 0.95
    two_rows = np.where(np.isin(row, [3, 4]) & (truth() == 1), 0, truth())
    assert score(jointed, labelling(two_rows)).miou < 0.95


def test_labels_that_change_without_reason_flicker(captured: CapturedCase) -> None:
    frames = dict.fromkeys(FRAMES, truth())
    frames[2] = np.where(truth() == 0, 1, truth())  # heads, a quarter of what is seen, come and go
    found = score(captured, labelling(frames))
    heads = 2 * 3 * COLUMNS
    # Pairs 1-2, 2-3 and 3-4; both sheets are seen but for what the bag hides from frame 3 on.
    pairs = [2 * SHEET, 2 * SHEET - 12, 2 * SHEET]
    if captured.constant_topology:
        assert found.flicker == pytest.approx(2 * heads / sum(pairs))
    else:  # what appears is compared with the nearest that was there before
        assert 0.1 < found.flicker < 0.2


def test_coverage_leaves_out_what_was_filled_in(captured: CapturedCase) -> None:
    filled_in = score(captured, labelling(truth(), evidenced=False))
    assert filled_in.coverage == 0
    assert filled_in.miou == 1


@pytest.mark.parametrize(
    "label", [np.zeros(3), np.full(ELEMENTS, 4), np.full(ELEMENTS, -2)], ids=["few", "high", "low"]
)
def test_labels_that_do_not_fit_are_an_error(label: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="do not fit"):
        score(doll(tmp_path), labelling(label))


def test_a_frame_without_labels_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="frame 4"):
        score(doll(tmp_path), labelling(dict.fromkeys(FRAMES[:-1], truth())))
