# SPDX-License-Identifier: GPL-3.0-or-later
"""What a typed word becomes before CLIP reads it: without its side, inside sentences."""

from __future__ import annotations

import re
from collections.abc import Callable

from ...job.spec import Prompts
from ..ontology.identifiers import split_words

Template = Callable[[str], str]

# Of OpenAI's 80 those that fit renders of characters, and three about parts of persons.
_RENDER = (
    "a photo of a {}.",
    "a rendering of a {}.",
    "a rendition of the {}.",
    "a cropped photo of the {}.",
    "a close-up photo of a {}.",
    "the {} in a video game.",
    "a {} in a video game.",
    "a person's {}.",
    "the {} of a person.",
    "a person wearing {}.",
)


def templates(prompts: Prompts) -> tuple[Template, ...]:
    """The sentences a word is put into; its embedding is the mean over them.

    "bare" is the word alone, as OpenHuman3D used HumanCLIP. "simple" and "imagenet" are the 7 and
    80 sentences that CLIP was evaluated with.
    """
    import open_clip

    return {
        "bare": (str,),
        "simple": tuple(open_clip.SIMPLE_IMAGENET_TEMPLATES),
        "render": tuple(sentence.format for sentence in _RENDER),
        "imagenet": tuple(open_clip.OPENAI_IMAGENET_TEMPLATES),
    }[prompts]


def without_side(typed: str) -> tuple[str, int]:
    """A typed name without its side, and the side: 0 none, 1 left, 2 right.

    "Left shoe", "shoe (L)" and "LeftShoe" are "shoe", 1. Lower case, single spaces. A name of both
    sides has none and keeps its words; one without a letter, or only of a side, is "".
    """
    tokens = re.split(r"[\s_]+", typed)
    kept: list[str] = []
    sides: set[int] = set()
    for token in tokens:
        words, side = split_words(token)
        if side:
            kept += words
            sides.add(side)
        elif any(map(str.isalnum, token)):
            kept.append(token)  # as typed: "t-shirt", not "t shirt"
    if len(sides) == 2:
        kept, sides = tokens, set()
    phrase = " ".join(kept).lower()
    return phrase if any(map(str.isalpha, phrase)) else "", sides.pop() if sides else 0
