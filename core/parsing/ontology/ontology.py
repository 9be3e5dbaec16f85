# SPDX-License-Identifier: GPL-3.0-or-later
"""The part ontology: concepts, their words, is-a and part-of relations, and what garments cover.

Concepts come from `data/parts.toml` (made by hand) laid over `data/wordnet_parts.tsv` (extracted
from WordNet 3.0, see `wordnet_license.txt` there). Everything is read once per process.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .relations import Relations

NO_SIDE, LEFT, RIGHT = 0, 1, 2

# Order of the integers in which a capture without bones tells where on the body an element lies.
BODY_REGIONS = (
    "head", "neck", "torso", "pelvis", "upper arm", "forearm", "hand", "thigh", "lower leg", "foot",
)  # fmt: skip

_DATA = Path(__file__).parent / "data"
_SIDE_WORDS = {"left": LEFT, "l": LEFT, "lt": LEFT, "right": RIGHT, "r": RIGHT, "rt": RIGHT}
_FILLERS = frozenset(("a", "an", "the", "their", "his", "her", "its", "my", "pair", "of"))
_OFTEN = 0.7  # weight of a region in parentheses


@dataclass(frozen=True)
class Meaning:
    """What a typed phrase means: a concept's name and a side (0 none, 1 left, 2 right)."""

    concept: str
    side: int = NO_SIDE


class Ontology:
    """Concepts `names[i]`; all relations are between their indices i in [0, C)."""

    def __init__(self, parts: dict, wordnet_lines: list[str]) -> None:
        entries, words = _merge(parts, wordnet_lines)
        self.names: tuple[str, ...] = tuple(entries)
        self.index: dict[str, int] = {name: i for i, name in enumerate(self.names)}
        self.words: dict[str, int] = {w: self.index[name] for w, name in words.items()}
        self.handmade = frozenset(w for w, name in words.items() if name in parts["concept"])
        self.neutral = frozenset(parts["neutral"])
        self.stuffs = frozenset(parts["stuffs"])
        self.skin_words = frozenset(parts["skin"])
        self.figure_words = frozenset(parts["figure"])
        self.bone_words: dict[str, str] = parts["bone_words"]
        self.bone_noise = frozenset(parts["bone_noise"])
        self.bone_glyphs: dict[str, str] = parts["bone_glyphs"]
        self._irregular: dict[str, str] = parts["irregular_plurals"]
        is_a, part_of = (
            [[self.index[n] for n in entry[kind] if n in self.index] for entry in entries.values()]
            for kind in ("is_a", "part_of")
        )
        unrelating = {self.index[n] for n in parts["unrelating"] if n in self.index}
        self.seen_alike = tuple(parts["seen_alike"])
        self._seen_as = {
            self.index[name]: {self.index[other]: score for other, score in also.items()}
            for name, also in parts["seen_as"].items()
        }
        self.relations = Relations(is_a, part_of, unrelating)
        self.covers = self._inherited_covers([e.get("covers") for e in entries.values()])
        self.region = self._regions(parts["region"])

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> Ontology:
        """The shipped ontology, read once."""
        parts = tomllib.loads((_DATA / "parts.toml").read_text("utf-8"))
        lines = (_DATA / "wordnet_parts.tsv").read_text("utf-8").splitlines()
        return Ontology(parts, lines)

    def find(self, phrase: str) -> int:
        """Index of the concept with this lower-case phrase (plural or singular), -1 if none."""
        for candidate in self._singulars(phrase):
            if candidate in self.words:
                return self.words[candidate]
        return -1

    def lookup(self, phrase: str) -> Meaning | None:
        """What a typed phrase means, or None: "the left shoes", "leather jacket", "T-Shirt (R)"."""
        tokens = [t for t in re.split(r"[^\w']+|_", phrase.lower()) if t]
        sides = {_SIDE_WORDS[t] for t in tokens if t in _SIDE_WORDS}
        side = sides.pop() if len(sides) == 1 else NO_SIDE
        tokens = [t for t in tokens if t not in _SIDE_WORDS]
        kept = [t for t in tokens if t not in _FILLERS]
        for some in (tokens, kept):
            found = self._phrase(some)
            if found >= 0:
                return Meaning(self.names[found], side)
        if "of" in tokens:  # "sleeve of the jacket": the head noun comes first
            kept = [t for t in tokens[: tokens.index("of")] if t not in _FILLERS] or kept
        for start in range(len(kept)):  # "black leather jacket" is a jacket
            found = self._phrase(kept[start:])
            if found >= 0:
                return Meaning(self.names[found], side)
        return None

    def suggest(self, phrase: str, count: int = 3) -> tuple[str, ...]:
        """Known words that look like `phrase`, best first: hand-made words before WordNet's."""
        phrase = phrase.lower().strip()
        close = difflib.get_close_matches(phrase, sorted(self.handmade), count, 0.7)
        if len(close) < count:
            others = [w for w in self.words if w not in self.handmade]
            close += difflib.get_close_matches(phrase, others, count - len(close), 0.8)
        return tuple(close)

    def below(self, concept: str) -> np.ndarray:
        """bool (C,): the concepts that are a `concept`, itself included."""
        return self.relations.below(self.index[concept])

    def within(self, concept: str) -> np.ndarray:
        """bool (C,): the concepts that are, or are part of, a `concept`; itself included."""
        return self.relations.below(self.index[concept], parts=True)

    def seen_as(self, concept: int) -> Mapping[int, float]:
        """What else a thing that looks like `concept` may be, and how well that describes it."""
        return self._seen_as.get(concept, {})

    def _phrase(self, tokens: list[str]) -> int:
        for joint in (" ", "-", ""):
            found = self.find(joint.join(tokens))
            if found >= 0:
                return found
        return -1

    def _singulars(self, phrase: str) -> list[str]:
        head, space, last = phrase.rpartition(" ")
        forms = [last]
        if last in self._irregular:
            forms.append(self._irregular[last])
        if last.endswith("s") and len(last) > 3:
            forms.append(last[:-1])
            if last.endswith("es"):
                forms.append(last[:-2])
            if last.endswith("ies"):
                forms.append(last[:-3] + "y")
        return [head + space + form for form in forms]

    def _inherited_covers(self, texts: list[str | None]) -> np.ndarray:
        """float32 (C, regions): 1 = covers, 0.7 = often covers; from the nearest is-a that says."""
        covers = np.zeros((len(self.names), len(BODY_REGIONS)), np.float32)
        for concept in range(len(self.names)):
            said = (texts[above] for above in self.relations.upwards(concept))
            nearest = next((text for text in said if text is not None), "")
            for word in nearest.split():
                region = BODY_REGIONS.index(word.strip("()").replace("-", " "))
                covers[concept, region] = _OFTEN if word.startswith("(") else 1
        return covers

    def _regions(self, exceptions: dict[str, str]) -> np.ndarray:
        """int8 (C,): the region of the body that a body part lies in, -1 for others."""
        own = {self.index[name]: i for i, name in enumerate(BODY_REGIONS)}
        own |= {self.index[name]: BODY_REGIONS.index(r) for name, r in exceptions.items()}
        region = np.full(len(self.names), -1, np.int8)
        for concept in range(len(self.names)):
            for above in self.relations.upwards(concept, wholes=True):
                if above in own:
                    region[concept] = own[above]
                    break
        return region


def _merge(parts: dict, wordnet_lines: list[str]) -> tuple[dict[str, dict], dict[str, str]]:
    """Concepts by name and word -> concept, hand-made entries winning over WordNet's."""
    made, dropped = parts["concept"], set(parts["drop"])
    renamed = {old: name for name, entry in made.items() for old in entry.get("wordnet", ())}
    entries: dict[str, dict] = {name: {"is_a": [], "part_of": []} for name in made}
    wordnet_words: list[tuple[str, str]] = []

    for line in wordnet_lines:
        if line.startswith("#"):
            continue
        name, *columns = line.split("\t")
        if name in dropped:
            continue
        own, is_a, part_of = ([x for x in c.split("|") if x] for c in columns)
        name = renamed.get(name, name)
        entry = entries.setdefault(name, {"is_a": [], "part_of": []})
        entry["is_a"] += [renamed.get(n, n) for n in is_a if renamed.get(n, n) != name]
        entry["part_of"] += [renamed.get(n, n) for n in part_of if renamed.get(n, n) != name]
        wordnet_words += [(word, name) for word in own]

    words: dict[str, str] = {}
    for name, entry in made.items():
        merged = entries[name]
        merged["is_a"] = list(entry.get("is_a", merged["is_a"]))
        merged["part_of"] = list(entry.get("part_of", merged["part_of"]))
        if "covers" in entry:
            merged["covers"] = entry["covers"]
    for name in made:
        words[name] = name
    for name, entry in made.items():
        for word in entry.get("words", ()):
            words.setdefault(word, name)
    for word, name in sorted(wordnet_words, key=lambda pair: ("#" in pair[1], pair[0] != pair[1])):
        words.setdefault(word, name)
    return entries, words
