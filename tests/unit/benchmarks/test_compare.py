# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs are compared: exactly what got worse is a regression."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.quality.records import CaseRecord, Results, ScoreRecord, write_record
from benchmarks.quality.report.compare import as_text, compare, main_compare
from core.errors import JobError

Scores = Mapping[str, float | str]  # "method/vocabulary/case" -> mean IoU or error


def a_run(scores: Scores, seconds: float = 1.0) -> Results:
    records = []
    for key, value in scores.items():
        method, vocabulary, case = key.split("/")
        error = value if isinstance(value, str) else ""
        miou = math.nan if error else float(value)
        used = {"labels": seconds}
        records.append(
            ScoreRecord(case, "f", method, vocabulary, miou=miou, error=error, seconds=used)
        )
    names = sorted({r.case for r in records})
    cases = tuple(CaseRecord(n, "f", "character", (1,), ("v",), 1, 1.0, "") for n in names)
    return Results("c", "d", {}, {}, 1.0, cases, (), tuple(records))


def regressions(before: Scores, after: Scores, tolerance: float = 0.01) -> list[str]:
    """`method/vocabulary` of means and `method/vocabulary/case` of cases that got worse."""
    found = compare(a_run(before), a_run(after), tolerance).regressions
    return ["/".join(filter(None, (r.method, r.vocabulary, getattr(r, "case", "")))) for r in found]


def cases(*values: float | str, method: str = "m/v") -> dict[str, float | str]:
    return {f"{method}/{name}": value for name, value in zip("abcdefgh", values, strict=False)}


def test_equal_runs_have_no_regressions() -> None:
    run = cases(0.5, 0.6)
    assert regressions(run, run) == []


def test_a_mean_that_falls_more_than_the_tolerance_is_one() -> None:
    assert regressions(cases(0.50, 0.60), cases(0.48, 0.599)) == ["m/v"]


def test_a_mean_that_falls_by_exactly_the_tolerance_is_none() -> None:
    assert regressions(cases(0.50, 0.60), cases(0.49, 0.59)) == []
    assert regressions(cases(0.50, 0.60), cases(0.49, 0.59), 0.005) == ["m/v"]


def test_a_case_that_falls_more_than_its_tolerance_is_one() -> None:
    before, after = cases(0.5, 0.5, 0.5, 0.5), cases(0.46, 0.5, 0.5, 0.5)
    assert regressions(before, after) == ["m/v/a"]  # the mean falls by 0.01 and is within
    assert regressions(before, cases(0.47, 0.5, 0.5, 0.5)) == []


def test_a_gain_elsewhere_does_not_hide_a_fall() -> None:
    before = {**cases(0.5, method="m/v"), **cases(0.5, method="m/w"), **cases(0.5, method="n/v")}
    after = {**cases(0.9, method="m/v"), **cases(0.4, method="m/w"), **cases(0.9, method="n/v")}
    assert regressions(before, after) == ["m/w", "m/w/a"]


def test_a_score_that_is_lost_is_one() -> None:
    assert regressions(cases(0.5, 0.6), cases(0.5, "It fell over")) == ["m/v/b"]
    assert "It fell over" in as_text(compare(a_run(cases(0.5)), a_run(cases("It fell over"))))


def test_a_failure_that_failed_before_is_none() -> None:
    assert regressions(cases(0.5, "No"), cases(0.5, "No")) == []


def test_what_one_run_left_out_is_told_and_is_none() -> None:
    found = compare(a_run(cases(0.9, 0.5)), a_run(cases(0.9) | {"n/v/a": 0.1}))
    assert found.regressions == ()
    assert (found.only_before, found.only_after) == (("m/v/b",), ("n/v/a",))
    text = as_text(found)
    assert "Only before:\n  m/v: b" in text
    assert "Only after:\n  n/v: a" in text


def test_means_are_over_the_cases_that_both_have() -> None:
    # The new case is harder; what both have got better.
    (change,) = compare(a_run(cases(0.8)), a_run(cases(0.82, 0.1))).means
    assert (change.cases, change.before, change.after) == (1, 0.8, 0.82)
    assert not change.regressed


def test_time_is_a_ratio_and_never_a_regression() -> None:
    found = compare(a_run(cases(0.5), seconds=1.0), a_run(cases(0.5), seconds=50.0))
    assert found.regressions == ()
    assert found.means[0].seconds_ratio == pytest.approx(50.0)
    assert "× 50.0" in as_text(found)


def test_the_program_reads_files_and_folders_and_tells_by_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(tmp_path / "old" / "results.json", a_run(cases(0.5)))
    write_record(tmp_path / "new.json", a_run(cases(0.4)))
    paths = tmp_path / "old", tmp_path / "new.json"
    assert main_compare(argparse.Namespace(before=paths[0], after=paths[1])) == 1
    assert "2 regressions." in capsys.readouterr().out
    assert main_compare(argparse.Namespace(before=paths[1], after=paths[0])) == 0
    assert "No regressions." in capsys.readouterr().out


def test_results_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError):
        main_compare(argparse.Namespace(before=tmp_path, after=tmp_path))
