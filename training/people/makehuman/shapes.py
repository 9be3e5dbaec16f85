# SPDX-License-Identifier: GPL-3.0-or-later
"""Body shapes: which of MakeHuman's targets, and how strongly."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

_CHILD = 0.1875  # MakeHuman's age axis: baby 0, child 0.1875, young 0.5, old 1


@dataclass(frozen=True)
class Shape:
    """A body on MakeHuman's axes, each 0..1 with 0.5 in the middle."""

    male: float = 0.5  # 0 female, 1 male
    age: float = 0.5  # 0 baby, 0.1875 child, 0.5 young adult, 1 old
    muscle: float = 0.5
    weight: float = 0.5
    height: float = 0.5
    proportions: float = 0.5  # 1 ideal, 0 uncommon
    african: float = 1 / 3
    asian: float = 1 / 3
    caucasian: float = 1 / 3

    def targets(self) -> dict[str, float]:
        """Target (path below the folder, without ending) -> weight, none of them 0.

        As MakeHuman does: the weight is the product of the factors in the target's name.
        """
        sex = {"female": 1 - self.male, "male": self.male}
        age = _ages(self.age)
        muscle, weight = _levels(self.muscle, "muscle"), _levels(self.weight, "weight")
        height = _levels(self.height, "height")
        kinds = _levels(self.proportions, "proportions", ("uncommon", "regular", "ideal"))
        total = self.african + self.asian + self.caucasian
        people = {n: getattr(self, n) / total for n in ("african", "asian", "caucasian")}
        found: dict[str, float] = {}

        def add(form: str, *factors: Mapping[str, float]) -> None:
            for names in product(*factors):
                share = float(np.prod([f[n] for f, n in zip(factors, names, strict=True)]))
                if share > 1e-4:
                    found[form.format(*names)] = share

        add("{}-{}-{}", people, sex, age)
        add("universal-{}-{}-{}-{}", sex, age, muscle, weight)
        # Targets of height and proportions are there for young adults only, and serve all ages.
        for names, factors in (("height/{}-young-averagemuscle-{}-{}", (sex, weight, height)),):
            add(names, *factors)
        add("proportions/{}-young-averagemuscle-averageweight-{}", sex, kinds)
        return {n: w for n, w in found.items() if "averageheight" not in n and "regular" not in n}


class Targets:
    """Vertex offsets of targets, read when they are first asked for."""

    def __init__(self, folder: Path, count: int) -> None:
        """`count` is the number of vertices of the base body."""
        self._folder, self._count = folder, count
        self._read: dict[str, np.ndarray] = {}

    def offsets(self, weights: Mapping[str, float]) -> np.ndarray:
        """(V, 3) float32: the weighted sum. Raises FileNotFoundError for an unknown target."""
        total = np.zeros((self._count, 3), np.float32)
        for name, weight in weights.items():
            total += np.float32(weight) * self._target(name)
        return total

    def _target(self, name: str) -> np.ndarray:
        if name not in self._read:
            with gzip.open(self._folder / f"{name}.target.gz", "rt") as file:
                rows = "\n".join(line for line in file.read().splitlines() if line[:1] != "#")
            table = np.fromstring(rows, np.float32, sep=" ").reshape(-1, 4)
            offsets = np.zeros((self._count, 3), np.float32)
            offsets[table[:, 0].astype(int)] = table[:, 1:]
            self._read[name] = offsets
        return self._read[name]


def _ages(age: float) -> dict[str, float]:
    if age >= 0.5:
        return {"young": 2 - 2 * age, "old": 2 * age - 1}
    if age >= _CHILD:
        young = (age - _CHILD) / (0.5 - _CHILD)
        return {"child": 1 - young, "young": young}
    return {"baby": 1 - age / _CHILD, "child": age / _CHILD}


def _levels(
    value: float, noun: str, words: tuple[str, str, str] = ("min", "average", "max")
) -> dict[str, float]:
    low, high = max(0.0, 1 - 2 * value), max(0.0, 2 * value - 1)
    return {words[0] + noun: low, words[1] + noun: 1 - low - high, words[2] + noun: high}
