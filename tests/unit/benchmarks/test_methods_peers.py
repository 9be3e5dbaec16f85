# SPDX-License-Identifier: GPL-3.0-or-later
"""The published methods label the paper doll, each in its own way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.captured import CapturedCase
from benchmarks.quality.cases import Case
from benchmarks.quality.methods import METHODS
from benchmarks.quality.methods.dress4d import make as make_dress4d
from benchmarks.quality.methods.find3d import make as make_find3d
from benchmarks.quality.methods.openhuman3d import make as make_openhuman3d
from benchmarks.quality.methods.partslip import make as make_partslip
from benchmarks.quality.methods.peers import Peer
from benchmarks.quality.vocabularies import Vocabulary
from core.job.spec import Part
from tests.unit.parsing.doll_job import FRAMES, WORDS, write_doll_job
from tests.unit.parsing.paper_doll import ELEMENTS, SHEET, truth

MAKERS = (make_openhuman3d, make_dress4d, make_find3d, make_partslip)
every_peer = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make().name)


def doll(path: Path, sequence: bool = False) -> CapturedCase:
    folder = write_doll_job(path / "job", sequence=sequence)
    label = truth().astype(np.int16)
    case = Case("doll", "doll", "character", path / "doll.blend")
    return CapturedCase(case, folder.path, WORDS, dict.fromkeys(FRAMES, label))


def vocabulary(name: str, *words: str) -> Vocabulary:
    return Vocabulary(name, tuple(Part(word) for word in words), tuple(range(len(words))))


def visible(captured: CapturedCase, frame: int) -> np.ndarray:
    shown = np.zeros(ELEMENTS, bool)
    for view in range(2):
        element_map = captured.files.element_map(frame, view)
        shown[element_map[element_map >= 0]] = True
    return shown


@every_peer
@pytest.mark.parametrize("sequence", [False, True])
def test_the_doll_is_labelled_mostly_right(
    make: Callable[[], Peer], sequence: bool, tmp_path: Path
) -> None:
    captured = doll(tmp_path, sequence)
    labelling = make().label(captured, [vocabulary("free", *WORDS)], tmp_path)["free"]
    assert tuple(labelling.label) == tuple(labelling.evidenced) == FRAMES
    for frame, label in labelling.label.items():
        shown = visible(captured, frame)
        assert label.dtype == np.int16
        body = shown & (truth() < 3)
        assert (label[body] == truth()[body]).mean() > 0.97
        assert (label >= 0).all()
        np.testing.assert_array_equal(labelling.evidenced[frame], shown)


@pytest.mark.parametrize("make", [make_openhuman3d, make_find3d, make_partslip])
def test_what_appears_is_found_by_methods_that_look_at_each_frame_alone(
    make: Callable[[], Peer], tmp_path: Path
) -> None:
    captured = doll(tmp_path)
    labelling = make().label(captured, [vocabulary("free", *WORDS)], tmp_path)["free"]
    bag = visible(captured, 3) & (truth() == 3)
    assert (labelling.label[3][bag] == 3).all()


@every_peer
def test_vocabularies_are_labelled_independently(make: Callable[[], Peer], tmp_path: Path) -> None:
    captured = doll(tmp_path)
    both = [vocabulary("one", *WORDS), vocabulary("other", "trousers", "flurbl", "shirt")]
    found = make().label(captured, both, tmp_path)
    alone = make().label(captured, both[1:], tmp_path)
    for frame in FRAMES:
        label = found["other"].label[frame]
        np.testing.assert_array_equal(label, alone["other"].label[frame])
        assert not (label == 1).any(), "the encoder does not know this word"
        shirt = np.flatnonzero(truth()[: 2 * SHEET] == 1)
        assert (label[shirt] == 2).mean() > 0.9
    for labelling in found.values():
        assert set(labelling.seconds) == {"models", "proposals", "embeddings", "labels"}
        assert labelling.seconds["embeddings"] > 0 and labelling.seconds["labels"] > 0
        assert labelling.peak_gb > 0.01 or sys.platform == "win32"


@every_peer
def test_words_that_mean_nothing_label_nothing(make: Callable[[], Peer], tmp_path: Path) -> None:
    labelling = make().label(doll(tmp_path), [vocabulary("odd", "flurbl")], tmp_path)["odd"]
    assert all((label == -1).all() for label in labelling.label.values())
    assert not any(evidenced.any() for evidenced in labelling.evidenced.values())


@every_peer
def test_a_peer_is_registered_under_its_name(make: Callable[[], Peer]) -> None:
    peer = make()
    assert METHODS[peer.name]().name == peer.name
    assert peer.unavailable() == ""


def test_a_missing_model_is_the_reason_why_a_peer_cannot_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path))
    assert "not installed" in make_openhuman3d("standard").unavailable()
