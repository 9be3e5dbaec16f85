# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that a benchmark types, and which class each fine name of the ground truth is.

`vocabularies.toml` has those that stay the same for all characters. "free" is a character's own
names, as they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.job.spec import Part

FREE = "free"
NOT_SCORED = -1


@dataclass(frozen=True)
class Vocabulary:
    """What is typed, and how it is scored."""

    name: str  # "ctd4", "dress6", "free", "body"
    parts: tuple[Part, ...]
    of_truth: tuple[int, ...]  # per fine truth name the index of its class; -1 = not scored

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts)


@dataclass(frozen=True)
class _Rules:
    """A vocabulary of the file."""

    name: str
    parts: tuple[Part, ...]
    of_fine: Mapping[str, int]  # fine name -> class or NOT_SCORED
    own: bool  # only classes that the character has are typed
    counted: frozenset[int]  # classes of which ...
    at_least: int  # ... so many make the vocabulary worth asking for

    def class_of(self, name: str) -> int | None:
        """Of a fine name, with its side or without; None for one that the file does not know."""
        return self.of_fine.get(name, self.of_fine.get(without_side(name)))


def vocabularies_for(names: Sequence[str], present: Collection[str]) -> tuple[Vocabulary, ...]:
    """The vocabularies that make sense for a character with these fine names.

    `present` are the names that occur on it. The classes of "ctd4" and "dress6" are always all of
    them; those of "free" and "body" are the character's own.
    """
    found = []
    for rules in _rules():
        classes = [rules.class_of(_plain(name)) for name in names]
        pairs = zip(names, classes, strict=True)
        used = {k for name, k in pairs if name in present and k not in (None, NOT_SCORED)}
        if len(used & rules.counted) < rules.at_least:
            continue
        typed = sorted(used) if rules.own else list(range(len(rules.parts)))
        index = {k: i for i, k in enumerate(typed)}
        of_truth = tuple(NOT_SCORED if k is None else index.get(k, NOT_SCORED) for k in classes)
        found.append(Vocabulary(rules.name, tuple(rules.parts[k] for k in typed), of_truth))
    return (*found, *_free(names, present))


def unmapped(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Vocabulary -> the fine names that its rules do not know, and which therefore do not count."""
    found = {
        rules.name: tuple(name for name in names if rules.class_of(_plain(name)) is None)
        for rules in _rules()
    }
    return {vocabulary: missing for vocabulary, missing in found.items() if missing}


def is_joint_part(name: str) -> bool:
    """Whether the border of this fine name with another such one is a rig's convention."""
    return without_side(_plain(name)) in _document()["joints"]


def without_side(name: str) -> str:
    """'hand' of 'left hand'."""
    return name.removeprefix("left ").removeprefix("right ")


def _free(names: Sequence[str], present: Collection[str]) -> tuple[Vocabulary, ...]:
    """The character's own names; none where there is nothing to tell apart."""
    unnamed = _document()["unnamed"]
    known = [name for name in names if name in present and _plain(name) not in unnamed]
    typed = list(dict.fromkeys(known))
    if len(typed) < 2:
        return ()
    of_truth = tuple(typed.index(n) if n in typed else NOT_SCORED for n in names)
    return (Vocabulary(FREE, tuple(Part(name) for name in typed), of_truth),)


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


@cache
def _document() -> dict:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def _rules() -> tuple[_Rules, ...]:
    document = _document()
    tables = {name: table for name, table in document.items() if isinstance(table, dict)}
    return tuple(_rules_of(name, table, document["unnamed"]) for name, table in tables.items())


def _rules_of(name: str, table: dict, unnamed: Sequence[str]) -> _Rules:
    parts = tuple(Part(c["name"], tuple(c.get("words", ()))) for c in table["classes"])
    of_fine = dict.fromkeys([*unnamed, *table.get("not_scored", ())], NOT_SCORED)
    for k, entry in enumerate(table["classes"]):
        for fine in entry["of"]:
            if fine in of_fine:
                raise ValueError(f"{name}: '{fine}' stands in two lists")
            of_fine[fine] = k
    classes = [part.name for part in parts]
    counted = table.get("garments", classes)
    return _Rules(
        name,
        parts,
        of_fine,
        table.get("own", False),
        frozenset(classes.index(c) for c in counted),
        table["at_least"],
    )
