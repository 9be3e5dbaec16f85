# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a character's parts its own file has a word for."""

from __future__ import annotations

from core.parsing.embedded.names_encoder import NamesMaskEncoder
from core.parsing.embedded.names_space import NamesEncoder
from core.parsing.images import Images

from .captured import CapturedCase

NAMED = 0.6  # score of a word above which something in the file stands for it


def named_parts(captured: CapturedCase) -> tuple[str, ...]:
    """The fine names that an object, a material or a bone tells, judged by the names encoder.

    What names cannot tell needs eyes: scores on the other parts say little of the embedded models.
    """
    names = NamesMaskEncoder(Images(captured.files)).text.names
    return tuple(name for name in captured.present if is_named(names, name))


def is_named(encoder: NamesEncoder, word: str) -> bool:
    """Whether any combination of names on the character stands for the word."""
    best = encoder.word_scores(word)
    return best is not None and float(best.max()) >= NAMED
