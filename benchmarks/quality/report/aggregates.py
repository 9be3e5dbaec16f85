# SPDX-License-Identifier: GPL-3.0-or-later
"""Means and rankings over the cases of a run. Every case counts alike, whatever its size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..records import CaseRecord, MethodInfo, Results, ScoreRecord
from ..vocabularies import FREE

UNLABELLED = "(no label)"
OURS = "embedded"  # what a user gets who chooses nothing
_VOCABULARY_ORDER = (FREE, "ctd4", "dress6", "body")


@dataclass(frozen=True)
class Mean:
    """The mean of what could be computed."""

    value: float  # nan of nothing
    cases: int


@dataclass(frozen=True)
class Measure:
    """A column of the headline table."""

    title: str
    hint: str
    of: Callable[[ScoreRecord], float]
    higher_is_better: bool
    is_share: bool = True


@dataclass(frozen=True)
class Confusion:
    """Surface of one class that got another one's name, or none."""

    truth: str
    called: str
    share: float  # of the scored area, mean over all cases of the vocabulary
    cases: int  # in which it happens
    worst_case: str
    worst_share: float


@dataclass(frozen=True)
class Lead:
    """How one method does against another, on the cases that both have."""

    difference: float  # of the mean IoU
    wins: int
    cases: int


def mean(values: Iterable[float]) -> Mean:
    finite = [v for v in values if math.isfinite(v)]
    return Mean(sum(finite) / len(finite) if finite else math.nan, len(finite))


class Run:
    """Results, by method and vocabulary."""

    def __init__(self, results: Results) -> None:
        self.results = results
        self._scores = {(s.case, s.method, s.vocabulary): s for s in results.scores if is_scored(s)}
        self._cases = {c.name: c for c in results.cases}

    @cached_property
    def methods(self) -> tuple[MethodInfo, ...]:
        """Those with a score, in the order of the run."""
        used = {s.method for s in self._scores.values()}
        known = [m for m in self.results.methods if m.name in used]
        strange = sorted(used - {m.name for m in known})
        return (*known, *(MethodInfo(name, name) for name in strange))

    @cached_property
    def vocabularies(self) -> tuple[str, ...]:
        used = {s.vocabulary for s in self._scores.values()}
        known = [v for v in _VOCABULARY_ORDER if v in used]
        return (*known, *sorted(used - set(known)))

    @cached_property
    def ours(self) -> str:
        """The method the report is about: our default, or the first that has scores."""
        names = [m.name for m in self.methods]
        return OURS if OURS in names or not names else names[0]

    @cached_property
    def families(self) -> tuple[str, ...]:
        return tuple(sorted({s.family for s in self._scores.values()}))

    def title(self, method: str) -> str:
        return next((m.title for m in self.results.methods if m.name == method), method)

    def case(self, name: str) -> CaseRecord | None:
        return self._cases.get(name)

    def score(self, case: str, method: str, vocabulary: str) -> ScoreRecord | None:
        return self._scores.get((case, method, vocabulary))

    def scores(self, vocabulary: str, method: str = "", family: str = "") -> list[ScoreRecord]:
        """The scores of a vocabulary, by case; of one method and of one family where given."""
        chosen = [
            s
            for s in self._scores.values()
            if s.vocabulary == vocabulary and method in ("", s.method) and family in ("", s.family)
        ]
        return sorted(chosen, key=lambda s: s.case)

    def cases(self, vocabulary: str) -> list[str]:
        """Names of the cases that any method has a score for."""
        return sorted({s.case for s in self.scores(vocabulary)})

    def mean_iou(self, vocabulary: str, method: str, family: str = "") -> Mean:
        return mean(s.miou for s in self.scores(vocabulary, method, family))

    def mean_iou_of_named(self, method: str, named: bool) -> Mean:
        """Over the cases: the mean IoU of own parts that the file has a word for, or of the others.

        With the vocabulary "free"; cases without such parts do not count.
        """
        found = []
        for score in self.scores(FREE, method):
            case = self.case(score.case)
            words = case.named if case else ()
            present = classes_present(score)
            found.append(mean(i for c, i in present.items() if (c in words) == named).value)
        return mean(found)

    def lead(self, vocabulary: str, method: str, other: str) -> Lead:
        mine = {s.case: s.miou for s in self.scores(vocabulary, method)}
        theirs = {s.case: s.miou for s in self.scores(vocabulary, other)}
        ahead = [mine[c] - theirs[c] for c in mine.keys() & theirs.keys()]
        return Lead(mean(ahead).value, sum(a > 0 for a in ahead), len(ahead))

    def seconds_per_frame(self, score: ScoreRecord) -> float:
        """All stages over all frames, without the capture; nan where nothing was measured."""
        case = self.case(score.case)
        seconds = [s for s in score.seconds.values() if math.isfinite(s)]
        return sum(seconds) / len(case.frames) if case and case.frames and seconds else math.nan

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        return (
            Measure("mIoU", "Mean intersection over union of the classes", _of("miou"), True),
            Measure("OA", "Share of the area that has the right label", _of("oa"), True),
            Measure("mAcc", "Mean over the classes of the share found", _of("macc"), True),
            Measure("boundary F1", "Borders where they should be", _of("boundary_f1"), True),
            Measure(
                "flicker",
                "Share of the area that changes its label from frame to frame without reason",
                _of("flicker"),
                False,
            ),
            Measure(
                "side confusion",
                "Share of sided parts that has the other side's name",
                _of("side_confusion"),
                False,
            ),
            Measure(
                "coverage", "Share labelled from evidence, not filled in", _of("coverage"), True
            ),
            Measure(
                "s/frame",
                "Seconds a frame without the capture",
                self.seconds_per_frame,
                False,
                is_share=False,
            ),
            Measure("peak GB", "Peak memory of the process", _of("peak_gb"), False, is_share=False),
        )


def is_scored(score: ScoreRecord) -> bool:
    return not score.error and math.isfinite(score.miou)


def classes_present(score: ScoreRecord) -> dict[str, float]:
    """Class -> IoU, of the classes that are in the truth."""
    table = table_of(score)
    if not table.size or len(score.iou) != len(score.classes):
        return {}
    present = table.sum(axis=1) > 0
    return {c: i for c, i, p in zip(score.classes, score.iou, present, strict=True) if p}


def table_of(score: ScoreRecord) -> np.ndarray:
    """(K, K + 1) float64 areas: truth, label, the last column unlabelled; empty without one."""
    classes = len(score.classes)
    if len(score.table) != classes or any(len(row) != classes + 1 for row in score.table):
        return np.zeros((0, 1))
    return np.nan_to_num(np.array(score.table, np.float64).reshape(classes, classes + 1))


def confusions(scores: Sequence[ScoreRecord]) -> list[Confusion]:
    """What goes wrong, by the area it costs, the costliest first.

    Every case's table is divided by the case's scored area before the mean over the cases is
    taken: a large character counts no more than a small one.
    """
    shares: dict[tuple[str, str], dict[str, float]] = {}
    counted = 0
    for score in scores:
        table = table_of(score)
        whole = table.sum()
        if whole <= 0:
            continue
        counted += 1
        names = (*score.classes, UNLABELLED)
        for i, j in np.argwhere(table / whole > 0):
            if i != j:
                by_case = shares.setdefault((names[i], names[j]), {})
                by_case[score.case] = float(table[i, j] / whole)
    found = []
    for (truth, called), by_case in shares.items():
        worst = max(by_case, key=lambda case: by_case[case])
        total = sum(by_case.values()) / counted
        found.append(Confusion(truth, called, total, len(by_case), worst, by_case[worst]))
    return sorted(found, key=lambda c: (-c.share, c.truth, c.called))


def _of(field: str) -> Callable[[ScoreRecord], float]:
    return lambda score: float(getattr(score, field))
