# SPDX-License-Identifier: GPL-3.0-or-later
"""The table about words that were never trained."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records import WordResults, WordScore
from .aggregates import mean
from .document import Cell, Column, Table
from .numbers import share


def trained_share(results: WordResults) -> dict[str, float]:
    """By case: IoU of all untrained words over that of the trained ones they stand for."""
    cases = sorted({s.case for s in results.scores})
    return {case: _ratio([s for s in results.scores if s.case == case]) for case in cases}


def word_table(results: WordResults) -> Table:
    """Words × IoU, means over the characters that have the part."""
    pairs = sorted({(s.trained, s.word) for s in results.scores})
    rows = []
    for trained, word in pairs:
        scores = [s for s in results.scores if (s.trained, s.word) == (trained, word)]
        rows.append(_row(word, trained, "yes" if scores[0].is_synonym else "no", scores))
    for title, wanted in (("all synonyms", True), ("all words of their own", False)):
        scores = [s for s in results.scores if s.is_synonym == wanted]
        if scores:
            rows.append(_row(title, "", "yes" if wanted else "no", scores))
    return Table(
        (
            Column("word", False),
            Column("in the place of", False),
            Column("synonym", False, "The ontology has both words for the same thing"),
            Column("characters"),
            Column("IoU of the word"),
            Column("IoU of the trained word"),
            Column("share"),
        ),
        tuple(rows),
        "Words that were never trained, by sight alone",
        "A character's own names are typed, with one of them replaced: by the trained word, then "
        "by the untrained one. Means over the characters that have the part.",
    )


def _row(word: str, trained: str, synonym: str, scores: Sequence[WordScore]) -> tuple[Cell, ...]:
    ratio = _ratio(scores)
    cases = len({s.case for s in scores})
    return (
        Cell(word),
        Cell(trained),
        Cell(synonym),
        Cell(str(cases), cases),
        _score(mean(s.iou for s in scores).value),
        _score(mean(s.trained_iou for s in scores).value),
        Cell(share(ratio), ratio, heat=1 - ratio),
    )


def _score(value: float) -> Cell:
    return Cell(share(value), value)


def _ratio(scores: Sequence[WordScore]) -> float:
    """nan where the trained words find nothing: there is nothing to keep up with."""
    known = [s for s in scores if math.isfinite(s.iou) and math.isfinite(s.trained_iou)]
    trained = sum(s.trained_iou for s in known)
    return sum(s.iou for s in known) / trained if trained > 0 else math.nan
