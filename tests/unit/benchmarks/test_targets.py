# SPDX-License-Identifier: GPL-3.0-or-later
"""The vision model against its targets, in the report and beside it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.quality.records import (
    MethodInfo,
    Results,
    TargetResults,
    WordResults,
    WordScore,
    read_record,
    write_record,
)
from benchmarks.quality.report.aggregates import Run
from benchmarks.quality.report.targets import TARGETS, is_reached, targets
from benchmarks.quality.report.words import trained_share
from tests.unit.benchmarks.test_report import a_run, case, report, score

CAPTION = "The vision model against its targets: means over the characters, and of each family"
CTD, FAMILIES = "ctd4, sight alone, families valid and mh", "ctd4, sight alone, all families"


def sighted() -> Results:
    """Sight alone on three characters, the demo and a scan."""

    def of(name: str, miou: float, method: str = "sight", **more: object):
        whole = score(name, method, [[9, 1, 0], [0, 10, 0]], miou=miou, **more)
        return replace(whole, vocabulary="ctd4")

    cases = [case("valid_a"), case("valid_b"), case("quat_c")]
    cases += [replace(case("demo"), kind="demo"), replace(case("sim_d"), kind="scan")]
    return replace(
        a_run(),
        cases=tuple(cases),
        methods=(MethodInfo("embedded", "Ours"), MethodInfo("sight", "Sight")),
        scores=(
            of("valid_a", 1.0),
            of("valid_b", 0.9),
            of("quat_c", 0.5),
            of("demo", 0.1),
            of("sim_d", 0.2),
            of("sim_d", 0.91, "embedded", flicker=0.004),
        ),
    )


def word(case_: str, name: str, trained: float, iou: float, is_synonym: bool = False) -> WordScore:
    family = case_.split("_")[0]
    return WordScore(case_, family, "sweater", "sweater", name, is_synonym, trained, iou)


WORDS = WordResults(
    (
        word("valid_a", "pullover", 0.8, 0.8, True),
        word("valid_a", "cardigan", 0.8, 0.4),
        word("quat_c", "cardigan", 0.5, 0.5),
    ),
    command="python words",
)


def test_a_target_is_met_by_the_mean_over_the_characters_it_is_about() -> None:
    rows = {row.title: row for row in targets(Run(sighted()), None).rows}
    assert rows[CTD].measured == pytest.approx(0.95) and rows[CTD].cases == 2
    assert rows[FAMILIES].measured == pytest.approx(0.8)  # neither the demo nor the scan counts
    assert rows[FAMILIES].families == {"valid": pytest.approx(0.95), "quat": 0.5}
    assert is_reached(rows[CTD]) and not is_reached(rows[FAMILIES])


def test_flicker_is_a_limit_from_above() -> None:
    rows = {row.title: row for row in targets(Run(sighted()), None).rows}
    flicker = rows["scan sequence, ctd4: flicker"]
    assert (flicker.at_most, flicker.measured, flicker.cases) == (True, 0.004, 1)
    assert is_reached(flicker) and is_reached(rows["scan sequence, ctd4"])


def test_words_are_judged_by_their_share_of_the_trained_words_iou() -> None:
    assert trained_share(WORDS) == {"valid_a": pytest.approx(0.75), "quat_c": 1.0}
    *_, row = targets(Run(sighted()), WORDS).rows
    assert row.measured == pytest.approx(0.875) and row.cases == 2


def test_nothing_can_be_kept_up_with_where_the_trained_word_finds_nothing() -> None:
    found = trained_share(WordResults((word("valid_a", "cardigan", 0.0, 0.0),)))
    assert math.isnan(found["valid_a"])


def test_the_report_has_targets_and_words_and_a_file_of_its_own(tmp_path: Path) -> None:
    write_record(tmp_path / "words.json", WORDS)
    page = report(tmp_path, sighted())
    row = page.row(CAPTION, CTD)
    assert (row["target"], row["measured"], row["reached"]) == ("≥ 0.920", "0.950", "yes")
    assert (row["valid"], row["quat"]) == ("0.950", "")
    assert page.row(CAPTION, "scan sequence, ctd4: flicker")["measured"] == "0.400 %"
    assert page.row(CAPTION, "own names, sight alone")["reached"] == "n/a"
    words = "Words that were never trained, by sight alone"
    assert page.row(words, "cardigan")["share"] == "0.692"
    assert page.row(words, "pullover")["synonym"] == "yes"
    assert page.row(words, "all words of their own")["characters"] == "2"
    found = read_record(TargetResults, tmp_path / "targets.json")
    assert len(found.rows) == len(TARGETS) + 1
    assert "never trained" in (tmp_path / "report.md").read_text("utf-8")


def test_a_run_without_sight_has_no_measured_targets(tmp_path: Path) -> None:
    page = report(tmp_path, a_run())
    assert page.row(CAPTION, CTD)["measured"] == "n/a"
