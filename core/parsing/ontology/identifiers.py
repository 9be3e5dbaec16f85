# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads names of objects, materials and bones: words, known concepts and a side."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .ontology import LEFT, NO_SIDE, RIGHT, Ontology

_SIDES = dict.fromkeys(("left", "l", "lft", "lf"), LEFT)
_SIDES |= dict.fromkeys(("right", "r", "rgt", "rt"), RIGHT)
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+")
_LONGEST_PHRASE = 3
_SHORTEST_PIECE = 3  # of a compound; also of a WordNet word minus one


@dataclass(frozen=True)
class Reading:
    """What a name says: concepts in order of appearance, a side, and what kinds of words it has."""

    concepts: tuple[int, ...]
    side: int
    skin: bool  # says naked skin
    figure: bool  # says the whole figure ("body")
    words: tuple[str, ...]  # lower case, without side words and numbers
    unknown: tuple[str, ...]  # words that neither mean a part nor are known to say nothing


def split_words(identifier: str) -> tuple[tuple[str, ...], int]:
    """Lower-case words and side of an identifier: "DEF-upper_arm.L.001" -> (def, upper, arm), 1."""
    words, sides = [], set()
    for word in _WORD.findall(identifier):
        word = word.lower()
        if word in _SIDES:
            sides.add(_SIDES[word])
        else:
            words.append(word)
    return tuple(words), sides.pop() if len(sides) == 1 else NO_SIDE


def read(identifier: str, ontology: Ontology) -> Reading:
    """The reading of an object's or material's name."""
    return _read(identifier, ontology)


@lru_cache(maxsize=4096)
def _read(identifier: str, ontology: Ontology) -> Reading:
    words, side = split_words(identifier)
    pieces: list[str] = []
    for word in words:
        for piece in _known_pieces(word, ontology):
            if piece in ("left", "right"):
                side = side or _SIDES[piece]
            else:
                pieces.append(piece)
    skin = any(p in ontology.skin_words for p in pieces)
    figure = any(p in ontology.figure_words for p in pieces)
    concepts, unknown = [], []
    start = 0
    while start < len(pieces):
        for end in range(min(len(pieces), start + _LONGEST_PHRASE), start, -1):
            concept = _concept(pieces[start:end], ontology)
            if concept >= 0:
                concepts.append(concept)
                break
        else:
            end = start + 1
            if not _says_nothing(pieces[start], ontology):
                unknown.append(pieces[start])
        start = end
    return Reading(tuple(concepts), side, skin, figure, tuple(pieces), tuple(unknown))


def _says_nothing(word: str, ontology: Ontology) -> bool:
    return (
        word in ontology.neutral
        or word in ontology.stuffs
        or word in ontology.skin_words
        or word in ontology.figure_words
        or len(word) < _SHORTEST_PIECE
    )


def _concept(pieces: list[str], ontology: Ontology) -> int:
    """Concept of a run of words, -1 if none; single words must not be neutral or too short."""
    if len(pieces) == 1:
        word = pieces[0]
        if _says_nothing(word, ontology) or not _is_trusted(word, ontology):
            return -1
        return ontology.find(word)
    if all(_says_nothing(p, ontology) for p in pieces):
        return -1
    found = ontology.find(" ".join(pieces))
    if found < 0 and not any(_says_nothing(p, ontology) for p in pieces):
        found = ontology.find("".join(pieces))  # "EyeBrow"
    return found


def _is_trusted(word: str, ontology: Ontology) -> bool:
    """Hand-made words are always believed, WordNet's only when long enough not to be a code."""
    return len(word) > _SHORTEST_PIECE or word in ontology.handmade


def _is_known(word: str, ontology: Ontology) -> bool:
    if word in ontology.neutral or word in ontology.stuffs or word in ontology.skin_words:
        return True
    return word in ("left", "right") or (_is_trusted(word, ontology) and ontology.find(word) >= 0)


def _known_pieces(word: str, ontology: Ontology) -> list[str]:
    """`word` itself if known, else its split into the fewest known words, else itself."""
    if len(word) < 2 * _SHORTEST_PIECE or _is_known(word, ontology):
        return [word]
    best: list[list[str] | None] = [[]] + [None] * len(word)
    for end in range(_SHORTEST_PIECE, len(word) + 1):
        for start in range(end - _SHORTEST_PIECE + 1):
            before, piece = best[start], word[start:end]
            if before is None or not _is_known(piece, ontology):
                continue
            if end == len(word) and piece in ontology.stuffs:
                continue  # "redhat" is a hat, "hatred" is none
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = [*before, piece]
    return best[-1] or [word]
