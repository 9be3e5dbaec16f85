# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vision model is meant to reach, and what it does. Every character counts alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..records import ScoreRecord, TargetResults, TargetRow, WordResults
from ..vocabularies import FREE
from .aggregates import Run, mean
from .document import Cell, Column, Table
from .numbers import NOT_AVAILABLE, percent, share
from .words import trained_share


@dataclass(frozen=True)
class Target:
    """A number that one method is to reach with one list of words."""

    title: str
    method: str
    vocabulary: str
    value: float
    kind: str = "character"  # of cases
    families: tuple[str, ...] = ()  # none: all
    measure: str = "mIoU"
    at_most: bool = False

    def of(self, score: ScoreRecord) -> float:
        return score.flicker if self.measure == "flicker" else score.miou


TARGETS = (
    Target("ctd4, sight alone, families valid and mh", "sight", "ctd4", 0.92,
           families=("valid", "mh")),
    Target("ctd4, sight alone, all families", "sight", "ctd4", 0.85),
    Target("own names, sight alone", "sight", FREE, 0.60),
    Target("own names, sight and bones", "sight_bones", FREE, 0.75),
    Target("own names, sight, names and bones", "embedded", FREE, 0.85),
    Target("scan sequence, ctd4", "embedded", "ctd4", 0.90, "scan"),
    Target("scan sequence, ctd4: flicker", "embedded", "ctd4", 0.005, "scan",
           measure="flicker", at_most=True),
)  # fmt: skip
WORDS = "words never trained, sight alone"
WORDS_MEASURE = "share of the trained word's IoU"
WORDS_TARGET = 0.90


def targets(run: Run, words: WordResults | None) -> TargetResults:
    """Every target with what was measured; nan where a method or study did not run."""
    rows = [measure(run, target) for target in TARGETS]
    by_case = trained_share(words) if words else {}
    families = {s.case: s.family for s in words.scores} if words else {}
    rows.append(_row(WORDS, WORDS_MEASURE, WORDS_TARGET, False, by_case, families))
    return TargetResults(tuple(rows))


def measure(run: Run, target: Target) -> TargetRow:
    """The mean over the cases that a target is about."""
    found, families = {}, {}
    for score in run.scores(target.vocabulary, target.method):
        case = run.case(score.case)
        wanted = not target.families or score.family in target.families
        if case is not None and case.kind == target.kind and wanted:
            found[score.case], families[score.case] = target.of(score), score.family
    return _row(target.title, target.measure, target.value, target.at_most, found, families)


def is_reached(row: TargetRow) -> bool:
    """Whether what was measured is what was aimed at."""
    return row.measured <= row.target if row.at_most else row.measured >= row.target


def target_table(results: TargetResults) -> Table:
    """Targets × target, measured, and families."""
    families = sorted({family for row in results.rows for family in row.families})
    rows = []
    for row in results.rows:
        limit = f"{'≤' if row.at_most else '≥'} {_show(row, row.target)}"
        cells = [
            Cell(limit, row.target),
            Cell(_show(row, row.measured), row.measured),
            Cell(_verdict(row)),
            Cell(str(row.cases), row.cases),
        ]
        for family in families:
            value = row.families.get(family)
            cells.append(Cell("") if value is None else Cell(_show(row, value), value))
        rows.append((Cell(row.title), *cells))
    columns = [Column("target"), Column("measured"), Column("reached", False), Column("cases")]
    return Table(
        (Column("case", False), *columns, *(Column(family) for family in families)),
        tuple(rows),
        "The vision model against its targets: means over the characters, and of each family",
        "Mean IoU of the visible surface by area, but for flicker and for words that were never "
        "trained, where it is the share of the nearest trained word's IoU. Sight alone: neither "
        "the names of objects and materials nor bones are read. The demo is not counted.",
    )


def _row(
    title: str,
    measure: str,
    target: float,
    at_most: bool,
    values: Mapping[str, float],
    family: Mapping[str, str],
) -> TargetRow:
    """From values by case."""
    whole = mean(values.values())
    names = sorted({family[case] for case in values})
    of_family = {n: mean(v for c, v in values.items() if family[c] == n).value for n in names}
    return TargetRow(title, measure, target, at_most, whole.value, whole.cases, of_family)


def _show(row: TargetRow, value: float) -> str:
    return percent(value) if row.measure == "flicker" else share(value)


def _verdict(row: TargetRow) -> str:
    if not math.isfinite(row.measured):
        return NOT_AVAILABLE
    return "yes" if is_reached(row) else "no"
