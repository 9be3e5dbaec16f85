# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables about cases, methods and vocabularies."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..records import Results, ScoreRecord
from ..vocabularies import FREE
from .aggregates import Mean, Measure, Run, classes_present, confusions, is_scored, mean
from .document import Cell, Column, Table
from .numbers import NOT_AVAILABLE, percent, quantity, share

COSTLIEST = 12  # confusions in the table of our method
COSTLIEST_OF_OTHERS = 3

VOCABULARIES = {
    FREE: "the names of the character's own ground truth",
    "body": "body parts, left and right apart",
    "ctd4": "the four classes of the CTD dataset: upper and lower clothing, shoes, other",
    "dress6": "the six classes of 4D-DRESS: skin, hair, shoes, upper, lower and outer clothing",
}

# OpenHuman4D (2025), table 1: method, OA, mAcc, mIoU in percent.
PUBLISHED = (
    ("Find3D", 77.97, 78.09, 60.59),
    ("CloSe-Net", 91.48, 89.01, 76.40),
    ("4D-DRESS", 95.65, 93.08, 83.55),
    ("OpenHuman3D", 95.68, 93.20, 88.96),
    ("OpenHuman4D", 96.88, 96.17, 92.78),
)


def headline(run: Run, vocabulary: str) -> Table:
    """Methods × measures, means over the cases of one vocabulary, the best first."""
    measures = run.measures
    whole = len(run.cases(vocabulary))
    rows = []
    for method in run.methods:
        scores = run.scores(vocabulary, method.name)
        if scores:
            means = [mean(map(m.of, scores)) for m in measures]
            rows.append((run.title(method.name), len(scores), means))
    rows.sort(key=lambda row: -row[2][0].value)
    complete = [means for _, cases, means in rows if cases == max(r[1] for r in rows)]
    bests = [_best(m, [means[i] for means in complete]) for i, m in enumerate(measures)]
    cells = []
    for title, cases, means in rows:
        is_complete = cases == max(r[1] for r in rows)
        numbers = [
            Cell(text, value.value, best=is_complete and text == best and text != NOT_AVAILABLE)
            for m, value, best in zip(measures, means, bests, strict=True)
            for text in (_show(m, value.value),)
        ]
        count = str(cases) if cases == whole else f"{cases} of {whole}"
        cells.append((Cell(title), *numbers, Cell(count, cases)))
    columns = [Column(m.title, hint=m.hint) for m in measures]
    note = "Bold: the best of a column."
    if len(complete) < len(rows):
        note += " A method that lacks cases is not compared: its mean is over other cases."
    return Table(
        (Column("method", False), *columns, Column("cases")),
        tuple(cells),
        _caption(vocabulary, "means over the cases"),
        f"{note} {_about(vocabulary)}".strip(),
    )


def named_parts(run: Run) -> Table:
    """Methods × whether the file itself has a word for a part."""
    rows = []
    for method in run.methods:
        cells = []
        for named in (True, False):
            value = run.mean_iou_of_named(method.name, named)
            cells += [_heat(value.value), Cell(str(value.cases), value.cases)]
        rows.append((Cell(method.title), *cells))
    columns = [Column("named parts"), Column("cases"), Column("other parts"), Column("cases")]
    return Table(
        (Column("method", False), *columns),
        tuple(rows),
        f"{_caption(FREE, 'mean IoU of parts that the file itself names, and of the others')}",
        "Named: an object, a material or a bone of the character tells the part. The embedded "
        "models read these names; trained models look at the picture.",
    )


def published() -> Table:
    """What has been published, on other data."""
    rows = tuple(
        (Cell(name), *(Cell(f"{value:.2f}", value) for value in numbers))
        for name, *numbers in PUBLISHED
    )
    return Table(
        (Column("method", False), Column("OA %"), Column("mAcc %"), Column("mIoU %")),
        rows,
        "OTHER DATA: published results on CTD Dynamic, 10 scanned sequences, four classes",
        "As printed in table 1 of the OpenHuman4D paper (2025), in percent, with the trained "
        "models of each method. They cannot be compared with the tables above: those are other "
        "characters, and methods without their published weights.",
    )


def families(run: Run, vocabulary: str) -> Table:
    """Families × methods: mean IoU."""
    rows = []
    for family in run.families:
        means = [run.mean_iou(vocabulary, m.name, family) for m in run.methods]
        cases = len({s.case for s in run.scores(vocabulary, family=family)})
        if cases:
            cells = [_heat(value.value) for value in means]
            rows.append((Cell(family), Cell(str(cases), cases), *cells))
    columns = [Column(m.title) for m in run.methods]
    return Table(
        (Column("family", False), Column("cases"), *columns),
        tuple(rows),
        _caption(vocabulary, "mean IoU by family"),
    )


def characters(run: Run, vocabulary: str) -> Table:
    """Cases × methods: mean IoU."""
    rows = []
    for case in run.cases(vocabulary):
        scores = [run.score(case, m.name, vocabulary) for m in run.methods]
        rows.append((Cell(case), *(_heat(s.miou if s else math.nan) for s in scores)))
    return Table(
        (Column("case", False), *(Column(m.title) for m in run.methods)),
        tuple(rows),
        _caption(vocabulary, "mean IoU of every case"),
    )


def classes(run: Run, vocabulary: str) -> Table:
    """Classes × methods: the mean IoU of a class over the cases that have it."""
    found: dict[str, dict[str, list[float]]] = {}
    cases: dict[str, set[str]] = {}
    for score in run.scores(vocabulary):
        for name, iou in classes_present(score).items():
            found.setdefault(name, {}).setdefault(score.method, []).append(iou)
            cases.setdefault(name, set()).add(score.case)
    rows = [
        (
            Cell(name),
            Cell(str(len(cases[name])), len(cases[name])),
            *(_heat(mean(found[name].get(m.name, ())).value) for m in run.methods),
        )
        for name in sorted(found)
    ]
    return Table(
        (Column("class", False), Column("cases"), *(Column(m.title) for m in run.methods)),
        tuple(rows),
        _caption(vocabulary, "IoU of every class, mean over the cases that have it"),
    )


def costliest_confusions(run: Run, vocabulary: str, method: str) -> Table:
    """The mistakes of one method that cost most area."""
    scores = run.scores(vocabulary, method)
    rows = tuple(
        (
            Cell(c.truth),
            Cell(c.called),
            Cell(percent(c.share), c.share),
            Cell(f"{c.cases} of {len(scores)}", c.cases),
            Cell(f"{c.worst_case} ({percent(c.worst_share)})", c.worst_share),
        )
        for c in confusions(scores)[:COSTLIEST]
    )
    return Table(
        (
            Column("this", False),
            Column("called this", False),
            Column("of the scored area"),
            Column("cases"),
            Column("worst", False),
        ),
        rows,
        f"{_caption(vocabulary, f'what {run.title(method)} confuses')}",
        "Every case counts alike: shares are of a case's scored area, then the mean over cases.",
    )


def confusions_of_others(run: Run, vocabulary: str) -> Table:
    """The costliest mistakes of every method."""
    rows = []
    for method in run.methods:
        found = confusions(run.scores(vocabulary, method.name))
        mistakes = [f"{c.truth} called {c.called}: {percent(c.share)}" for c in found]
        if mistakes:
            wrong = sum(c.share for c in found)
            shown = "; ".join(mistakes[:COSTLIEST_OF_OTHERS])
            rows.append((Cell(run.title(method.name)), Cell(percent(wrong), wrong), Cell(shown)))
    return Table(
        (Column("method", False), Column("wrong area"), Column("costliest mistakes", False)),
        tuple(rows),
        _caption(vocabulary, "the costliest mistakes of every method"),
    )


def captured_cases(results: Results) -> Table:
    """What was measured on."""
    rows = tuple(
        (
            Cell(case.name),
            Cell(case.family),
            Cell(case.kind),
            Cell(str(len(case.frames)), len(case.frames)),
            Cell(str(len(case.views)), len(case.views)),
            Cell(str(case.elements), case.elements),
            Cell(quantity(case.capture_seconds), case.capture_seconds),
            Cell(case.licence),
        )
        for case in sorted(results.cases, key=lambda c: c.name)
    )
    texts = [Column(title, False) for title in ("case", "family", "kind")]
    numbers = [Column(title) for title in ("frames", "views", "elements", "capture s")]
    return Table((*texts, *numbers, Column("licence", False)), rows, "The cases")


def not_run(run: Run) -> Table:
    """Methods that did not run at all, and cases on which one failed; with the reason."""
    results = run.results
    rows = [(m.title, "all", m.unavailable) for m in results.methods if m.unavailable]
    failures: dict[tuple[str, str], dict[str, list[str]]] = {}
    for score in results.scores:
        if not is_scored(score):
            reason = score.error or "nothing could be scored"
            by_case = failures.setdefault((score.method, reason), {})
            by_case.setdefault(score.case, []).append(score.vocabulary)
    for (method, reason), by_case in failures.items():
        where = [
            f"{case} ({', '.join(words)})" if _has_score(run, case, method) else case
            for case, words in by_case.items()
        ]
        rows.append((run.title(method), ", ".join(where), reason))
    recorded = {s.method for s in results.scores}
    silent = [m for m in results.methods if m.name not in recorded and not m.unavailable]
    rows += [(m.title, "all", "the run has no record of it") for m in silent]
    return Table(
        (Column("method", False), Column("cases", False), Column("why", False)),
        tuple(tuple(Cell(text) for text in row) for row in rows),
        "Methods and cases without scores",
    )


def _has_score(run: Run, case: str, method: str) -> bool:
    return any(run.score(case, method, vocabulary) for vocabulary in run.vocabularies)


def named_values(caption: str, first: str, values: Sequence[tuple[str, str]]) -> Table:
    """Two columns of texts."""
    rows = tuple((Cell(name), Cell(value)) for name, value in values)
    return Table((Column(first, False), Column("value", False)), rows, caption)


def _caption(vocabulary: str, what: str) -> str:
    return f"Words “{vocabulary}”: {what}"


def _about(vocabulary: str) -> str:
    about = VOCABULARIES.get(vocabulary)
    return f"“{vocabulary}”: {about}." if about else ""


def _show(measure: Measure, value: float) -> str:
    return share(value) if measure.is_share else quantity(value)


def _best(measure: Measure, means: Sequence[Mean]) -> str:
    """The text of the best value; nothing when there is nothing to be better than."""
    values = [m.value for m in means if math.isfinite(m.value)]
    if len(values) < 2:
        return ""
    choose: Callable[[list[float]], float] = max if measure.higher_is_better else min
    texts = {_show(measure, v) for v in values}
    return _show(measure, choose(values)) if len(texts) > 1 else ""


def _heat(value: float) -> Cell:
    """A score, on the darker ground the lower it is."""
    return Cell(share(value), value, heat=1 - value if math.isfinite(value) else math.nan)


def stage_seconds(run: Run, vocabulary: str) -> Table:
    """Where the time of every method goes."""
    rows = []
    for method in run.methods:
        stages: dict[str, list[float]] = {}
        scores = run.scores(vocabulary, method.name)
        for score in scores:
            frames = _frames(run, score)
            for stage, seconds in score.seconds.items():
                stages.setdefault(stage, []).append(seconds / frames)
        if stages:
            total = mean(run.seconds_per_frame(s) for s in scores).value
            parts = [f"{stage} {quantity(mean(s).value)}" for stage, s in stages.items()]
            rows.append((Cell(method.title), Cell(quantity(total), total), Cell(", ".join(parts))))
    return Table(
        (Column("method", False), Column("s/frame"), Column("stages, seconds a frame", False)),
        tuple(rows),
        _caption(vocabulary, "seconds a frame"),
    )


def _frames(run: Run, score: ScoreRecord) -> float:
    case = run.case(score.case)
    return len(case.frames) if case and case.frames else math.nan
