# SPDX-License-Identifier: GPL-3.0-or-later
"""The cases: which file is changed how, and what a user then does. All by seed and number."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from core.job.stages import STAGES
from tests.unit.fuzz import data_files
from tests.unit.fuzz.mutations import Mutation, Target, mutations_of, title

SEED = int(os.environ.get("PARTS4D_FUZZ_SEED", "15"))
COUNT = int(os.environ.get("PARTS4D_FUZZ_CASES", "300"))
Pair = tuple[str, str, Mutation]  # kind of folder, file, what becomes of it
_OF_JOBS = ("parse", "label", "report", "runs", "sheet")


@dataclass(frozen=True)
class Case:
    """One change of one file in the folder `kind`, and the command that meets it."""

    number: int
    kind: str
    file: str
    mutation: Mutation
    command: str

    @property
    def chance(self) -> Random:
        """The random numbers of the mutation."""
        return Random(f"{SEED} {self.number}")

    def __str__(self) -> str:
        return (
            f"seed {SEED}, case {self.number}: {title(self.mutation)} of {self.file} "
            f"in the {self.kind}, then {self.command}"
        )


def choose(targets: Mapping[str, Mapping[str, Target]]) -> list[Case]:
    """`COUNT` cases: each file of each kind and each mutation at least once, the rest by chance.

    `targets` are those of each kind of folder by their paths in it.
    """
    pairs = [
        (kind, file, mutation)
        for kind, files in sorted(targets.items())
        for file, target in sorted(files.items())
        for mutation in mutations_of(target)
    ]
    Random(SEED).shuffle(pairs)
    first = _first_of(pairs, lambda pair: pair[:2]) + _first_of(pairs, lambda pair: pair[2])
    others = [pair for pair in pairs if pair not in first]
    chosen = list(dict.fromkeys([*first, *others]))[:COUNT]
    return [
        Case(number, *pair, command_for(pair[0], pair[1], Random(f"{SEED} {number} command")))
        for number, pair in enumerate(chosen)
    ]


def command_for(kind: str, file: str, chance: Random) -> str:
    """A command that reads the file, most of the time."""
    if kind == "data folder":
        return chance.choice(data_files.FILES[file])
    stage = file.partition("/")[0]
    if file == "result.json" or stage == "labels":
        return chance.choice(("report", "report", "report", "sheet", "parse", "runs"))
    if stage == "embeddings":
        return chance.choice(("label", "label", "redo"))
    if stage in STAGES:
        return chance.choice(("redo", "redo", "parse", "label"))
    return chance.choice(_OF_JOBS)


def _first_of(pairs: Sequence[Pair], key: Callable[[Pair], Hashable]) -> list[Pair]:
    """The first of those that have the same key."""
    return list({key(pair): pair for pair in reversed(pairs)}.values())
