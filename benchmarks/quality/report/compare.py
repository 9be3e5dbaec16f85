# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs against each other: what got worse."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

from ..records import Results, ScoreRecord, read_record
from .aggregates import Run, is_scored, mean
from .numbers import difference, pluralise, quantity, share

TOLERANCE = 0.01  # of a mean over cases
CASE_TOLERANCE = 0.03  # of one case, which moves more
_ROUNDING = 1e-9  # a fall of exactly the tolerance is none


@dataclass(frozen=True)
class MeanChange:
    """One method with one vocabulary, on the cases that both runs have scores for."""

    method: str
    vocabulary: str
    cases: int
    before: float  # mean IoU
    after: float
    seconds_ratio: float  # after / before, means over cases; nan where not measured
    regressed: bool


@dataclass(frozen=True)
class CaseChange:
    """One case; `after` is nan where it has no score any more."""

    case: str
    method: str
    vocabulary: str
    before: float  # mean IoU
    after: float
    error: str
    regressed: bool


@dataclass(frozen=True)
class Comparison:
    means: tuple[MeanChange, ...]
    cases: tuple[CaseChange, ...]
    only_before: tuple[str, ...]  # method/vocabulary/case without a counterpart
    only_after: tuple[str, ...]

    @property
    def regressions(self) -> tuple[MeanChange | CaseChange, ...]:
        """What fell by more than the tolerance, or lost its score."""
        changes: tuple[MeanChange | CaseChange, ...] = (*self.means, *self.cases)
        return tuple(c for c in changes if c.regressed)


def compare(before: Results, after: Results, tolerance: float = TOLERANCE) -> Comparison:
    """What changed from one run to the next.

    A regression is a mean IoU of a method with a vocabulary that falls by more than `tolerance`,
    that of a case that falls by more than CASE_TOLERANCE, and a case that is tried but has no score
    any more. Means are over the cases that both have. A case, method or vocabulary that one run
    leaves out altogether is told, but is no regression; nor is time.
    """
    old = {_key(s): s for s in before.scores if is_scored(s)}
    tried = {_key(s): s for s in after.scores}
    new = {key: s for key, s in tried.items() if is_scored(s)}
    common = sorted(old.keys() & new.keys())
    runs = Run(before), Run(after)
    means = []
    for method, vocabulary in sorted({key[:2] for key in common}):
        keys = [key for key in common if key[:2] == (method, vocabulary)]
        first, last = (mean(scores[key].miou for key in keys).value for scores in (old, new))
        seconds = [
            mean(run.seconds_per_frame(scores[key]) for key in keys).value
            for run, scores in zip(runs, (old, new), strict=True)
        ]
        fell = first - last > tolerance + _ROUNDING
        change = MeanChange(method, vocabulary, len(keys), first, last, _ratio(*seconds), fell)
        means.append(change)
    return Comparison(
        tuple(means),
        tuple(_case_change(old[key], tried[key]) for key in sorted(old.keys() & tried.keys())),
        tuple("/".join(key) for key in sorted(old.keys() - tried.keys())),
        tuple("/".join(key) for key in sorted(new.keys() - old.keys())),
    )


def as_text(comparison: Comparison) -> str:
    """The comparison as a table for a terminal."""
    head = ("", "method", "vocabulary", "case", "before", "after", "change", "time")
    rows = [head]
    for change in comparison.means:
        rows.append(
            (
                "REGRESSION" if change.regressed else "",
                change.method,
                change.vocabulary,
                f"mean of {change.cases}",
                share(change.before),
                share(change.after),
                difference(change.after - change.before),
                f"× {quantity(change.seconds_ratio)}",
            )
        )
    for case in comparison.cases:
        if case.regressed or abs(case.after - case.before) > CASE_TOLERANCE + _ROUNDING:
            rows.append(
                (
                    "REGRESSION" if case.regressed else "",
                    case.method,
                    case.vocabulary,
                    case.case,
                    share(case.before),
                    share(case.after),
                    difference(case.after - case.before),
                    case.error,
                )
            )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    lines += _list_scores("Only before", comparison.only_before)
    lines += _list_scores("Only after", comparison.only_after)
    count = len(comparison.regressions)
    lines += ["", f"{pluralise(count, 'regression')}." if count else "No regressions."]
    return "\n".join(lines)


def main_compare(arguments: argparse.Namespace) -> int:
    """Prints the comparison of `arguments.before` with `arguments.after`, two result files or their
    folders. Returns 1 when there are regressions. Raises JobError and InputError for what cannot be
    read."""
    before, after = (read_results(Path(p)) for p in (arguments.before, arguments.after))
    comparison = compare(before, after)
    print(as_text(comparison))
    return 1 if comparison.regressions else 0


def read_results(path: Path) -> Results:
    """The results in a file, or in the file `results.json` of a folder."""
    return read_record(Results, path / "results.json" if path.is_dir() else path)


def _case_change(before: ScoreRecord, after: ScoreRecord) -> CaseChange:
    scored = is_scored(after)
    return CaseChange(
        before.case,
        before.method,
        before.vocabulary,
        before.miou,
        after.miou if scored else math.nan,
        "" if scored else after.error or "nothing could be scored",
        not scored or before.miou - after.miou > CASE_TOLERANCE + _ROUNDING,
    )


def _key(score: ScoreRecord) -> tuple[str, str, str]:
    return score.method, score.vocabulary, score.case


def _ratio(before: float, after: float) -> float:
    return after / before if before > 0 else math.nan


def _list_scores(title: str, names: tuple[str, ...]) -> list[str]:
    """Scores by method and vocabulary: the names of a few cases, the number of many."""
    cases: dict[str, list[str]] = {}
    for name in names:
        method, vocabulary, case = name.split("/", 2)
        cases.setdefault(f"{method}/{vocabulary}", []).append(case)
    lines = [
        f"  {pair}: {', '.join(found) if len(found) <= 3 else pluralise(len(found), 'case')}"
        for pair, found in cases.items()
    ]
    return ["", f"{title}:", *lines] if lines else []
