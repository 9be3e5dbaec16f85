# SPDX-License-Identifier: GPL-3.0-or-later
"""The study runs methods on cases in programs of their own, goes on where it was, and survives."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.captured import QUICK, capture_key, is_captured
from benchmarks.quality.records import Results, read_record
from benchmarks.quality.study import StudyOptions, run_study
from core.errors import InputError
from core.job.arrays import load_arrays
from tests.unit.benchmarks.doll_case import finished_capture

pytestmark = pytest.mark.slow


def doll_study(folder: Path) -> StudyOptions:
    """A study of one captured doll with one method."""
    out = folder / "out"
    finished_capture(folder / "characters", out / "captures", "doll_a", QUICK)
    return StudyOptions(
        out=out,
        characters=folder / "characters",
        only="doll",
        methods=("embedded",),
        capture=QUICK,
        command="a test",
    )


@pytest.fixture
def options(tmp_path: Path) -> StudyOptions:
    """One that was not run yet."""
    return doll_study(tmp_path)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyOptions, Results]:
    """One that was run. Tests leave it as they found it."""
    options = doll_study(tmp_path_factory.mktemp("study"))
    return options, run_study(options, silent)


def silent(line: str) -> None:
    pass


def test_a_study_scores_and_records_what_it_did(finished: tuple[StudyOptions, Results]) -> None:
    options, found = finished
    assert {s.vocabulary for s in found.scores} == {"ctd4", "dress6", "free"}
    assert all(score.miou > 0.9 for score in found.scores if score.vocabulary == "free")
    (case,) = found.cases
    assert (case.name, case.family, case.kind) == ("doll_a", "doll", "character")
    assert set(case.named) >= {"head", "shirt", "trousers"}
    assert found.command == "a test"
    assert any("bag" in note and "dress6" in note for note in found.notes)
    assert read_record(Results, options.out / "results.json").scores == found.scores
    for path in case.sheets.values():
        assert (options.out / path).is_file()
    labels = load_arrays(options.out / "pictures" / "doll_a" / "embedded_free.npz")
    true = load_arrays(options.out / "pictures" / "doll_a" / "truth.npz")
    assert labels.keys() == true.keys()
    assert (labels["label_1"] == true["label_1"]).mean() > 0.9
    assert not list((options.out / "scratch").glob("*/*"))


@pytest.mark.slow
def test_what_was_scored_is_not_scored_again(finished: tuple[StudyOptions, Results]) -> None:
    options, first = finished
    path = options.out / "scores" / "doll_a" / "embedded.json"
    made = path.stat().st_mtime_ns
    again = run_study(options, silent)
    assert path.stat().st_mtime_ns == made
    assert again.scores == first.scores
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | {"key": "of other code"}))
    run_study(options, silent)
    assert json.loads(path.read_text())["key"] == document["key"]


@pytest.mark.slow
def test_a_method_that_fails_is_a_record_and_the_others_go_on(
    options: StudyOptions, tmp_path: Path
) -> None:
    finished_capture(tmp_path / "characters", options.out / "captures", "doll_b", QUICK)
    frame = options.out / "captures" / "doll_b" / "job" / "capture" / "frame_0004.npz"
    frame.write_bytes(bytes(frame.stat().st_size))  # rotten, but of the right size
    found = run_study(options, silent)
    failed = [score for score in found.scores if score.error]
    assert {score.case for score in found.scores} == {"doll_a", "doll_b"}
    assert {score.case for score in failed} == {"doll_b"}
    assert all(np.isnan(score.miou) for score in failed)


@pytest.mark.slow
def test_a_case_that_cannot_be_captured_is_a_note(options: StudyOptions, tmp_path: Path) -> None:
    blend = tmp_path / "characters" / "doll_c" / "doll_c.blend"
    blend.parent.mkdir()
    blend.write_bytes(b"no scene")
    found = run_study(options, silent)
    assert {case.name for case in found.cases} == {"doll_a"}
    assert any("doll_c could not be captured" in note for note in found.notes)


def test_a_method_without_its_models_did_not_run(
    options: StudyOptions, monkeypatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    found = run_study(replace(options, methods=("paper",)), silent)
    assert found.methods[0].unavailable
    assert found.scores == ()


def test_unknown_methods_and_cases_are_errors(options: StudyOptions) -> None:
    with pytest.raises(InputError, match="no method called 'magic'"):
        run_study(replace(options, methods=("magic",)), silent)
    with pytest.raises(InputError, match="No case is called"):
        run_study(replace(options, only="nobody"), silent)


def test_a_capture_counts_only_whole_and_for_its_key(options: StudyOptions, tmp_path: Path) -> None:
    folder = options.out / "captures" / "doll_b"
    case = finished_capture(tmp_path / "more", options.out / "captures", "doll_b", QUICK)
    key = capture_key(case, QUICK)
    assert is_captured(folder, key)
    assert not is_captured(folder, capture_key(case, replace(QUICK, views=5)))
    case.path.write_bytes(b"another scene")
    assert not is_captured(folder, capture_key(case, QUICK))
    (folder / "job" / "capture" / "frame_0002.npz").unlink()
    assert not is_captured(folder, key)
    assert not is_captured(options.out / "captures" / "nobody", key)
