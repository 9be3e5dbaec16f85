# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as files: what is written is what is read, and nothing else is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchmarks.quality.records import (
    VERSION,
    CaseRecord,
    MethodInfo,
    Results,
    ScoreRecord,
    from_json,
    read_record,
    to_json,
    write_record,
)
from core.errors import InputError, JobError

SCORE = ScoreRecord(
    case="demo",
    family="demo",
    method="ours",
    vocabulary="free",
    classes=("head", "hair"),
    table=((1.0, 2.0, 0.5), (0.0, 3.0, 0.0)),
    oa=0.5,
    iou=(0.25, math.nan),
    seconds={"labels": 1.5},
)


def results() -> Results:
    return Results(
        command="python -m benchmarks",
        date="2025-01-01T00:00:00+00:00",
        machine={"cores": "2"},
        packages={"numpy": "2"},
        seconds=12.5,
        cases=(CaseRecord("demo", "demo", "demo", (1, 2), ("front",), 9, 1.0, "GPL"),),
        methods=(MethodInfo("ours", "Ours"),),
        scores=(SCORE,),
        notes=("a note",),
    )


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_record(path, results())
    found = read_record(Results, path)
    assert to_json(found) == to_json(results())
    assert found.scores[0].table == SCORE.table
    assert found.cases[0].frames == (1, 2)


def test_nan_is_null_in_the_file_and_nan_when_read(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_record(path, results())
    score = json.loads(path.read_text())["scores"][0]
    assert score["iou"] == [0.25, None]
    assert score["miou"] is None
    read = read_record(Results, path).scores[0]
    assert read.iou[0] == 0.25
    assert math.isnan(read.iou[1])
    assert math.isnan(read.miou)


def test_whole_numbers_are_numbers() -> None:
    document = to_json(SCORE) | {"oa": 1}
    assert from_json(ScoreRecord, document).oa == 1.0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": "red"}, "colour"),
        ({"oa": "high"}, "oa"),
        ({"oa": True}, "oa"),
        ({"classes": "head"}, "classes"),
        ({"table": [[1.0, "2"]]}, r"table\[0\]\[1\]"),
        ({"seconds": {"labels": []}}, "seconds.labels"),
        ({"seconds": 3}, "seconds"),
    ],
)
def test_what_does_not_fit_is_an_error_that_names_the_field(change: dict, field: str) -> None:
    with pytest.raises(InputError, match=field):
        from_json(ScoreRecord, to_json(SCORE) | change)


def test_a_missing_field_is_an_error_that_names_it() -> None:
    document = to_json(results())
    del document["scores"][0]["method"]
    with pytest.raises(InputError, match=r"scores\[0\].method is missing"):
        from_json(Results, document)


def test_a_file_of_a_newer_version_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(to_json(results()) | {"version": VERSION + 1}))
    with pytest.raises(InputError, match="newer version"):
        read_record(Results, path)


def test_a_file_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_record(path, results())
    path.write_text(path.read_text()[:100])
    with pytest.raises(JobError, match="damaged"):
        read_record(Results, path)
