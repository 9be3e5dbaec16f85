# SPDX-License-Identifier: GPL-3.0-or-later
"""Which figures are rendered, and how each is made from its number alone.

A figure's random choices come from the plan's seed and its own family and number, so that any
of them can be made again by itself, in any order, by any process.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .figure import Figure
from .people.makehuman import Kit, bare_person, child_shape, sample_person
from .people.moves import draw_pose, sitting_pose, tumbled
from .people.poses import Pose, motion_poses, posed, posed_bones
from .people.valid import load_valid, valid_names
from .rendering import Look
from .scanned import scanned
from .wardrobe import (
    dress,
    equipped,
    low_poly,
    mannequin,
    recolored,
    robot,
    skeleton,
    stripped,
    stylised,
)
from .wardrobe.aids import WHEELCHAIR

# Figures of each family in a plan of full size.
FAMILIES = {
    "valid": 86,
    "makehuman": 130,
    "scripted": 300,
    "mannequin": 180,
    "avatar": 50,
    "child": 80,
    "machine": 80,
    "scan": 120,
}
_POSES = 5
_LOOKS = 4  # at each pose
_LARGE = 0.12  # share of views that are rendered large enough for close looks
_HANDS = 0.35  # share of poses that are looked at from near a hand too
_STRIPPED = 0.12  # share of textured figures that are shown without their textures
_TUMBLED = 0.2  # share of poses that are not upright: acrobats, sleepers, swimmers


@dataclass(frozen=True)
class Planned:
    """One figure to be rendered."""

    family: str
    number: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.family}_{self.number:04d}"

    def rng(self) -> np.random.Generator:
        return np.random.default_rng((self.seed, zlib.crc32(self.family.encode()), self.number))


def planned(seed: int, share: float = 1.0) -> list[Planned]:
    """All figures of a plan; families take turns, so that a part of it is a mixture too."""
    counts = {family: round(count * share) for family, count in FAMILIES.items()}
    every = [
        (number / count, Planned(family, number, seed))
        for family, count in counts.items()
        for number in range(count)
    ]
    return [figure for _, figure in sorted(every, key=lambda pair: (pair[0], pair[1].family))]


@dataclass(frozen=True)
class Shot:
    """A figure in a pose, and the cameras around it."""

    figure: Figure
    vertices: np.ndarray  # (V, 3) float32 metres
    bones: np.ndarray  # (16, 2, 3) float32 metres: ends of SEGMENTS
    looks: list[Look]


class Makers:
    """The material that figures are made of, read once."""

    def __init__(self, data: Path, cache: Path) -> None:
        """`data` holds `valid/`, `makehuman/` and `bvh/`; `cache` is for what is slow to read."""
        self._data, self._cache = data, cache

    @cached_property
    def kit(self) -> Kit:
        return Kit(self._data / "makehuman")

    @cached_property
    def motions(self) -> list[Pose]:
        return motion_poses(self._data / "bvh", step=4)

    @cached_property
    def avatars(self) -> list[str]:
        return valid_names(self._data / "valid")

    def shots(self, figure: Planned) -> Iterator[Shot]:
        """Pose after pose. The figure is the same object as long as only its vertices change."""
        rng = figure.rng()
        if figure.family == "scan":
            made = self._person(int(rng.integers(2**31)), rng)
            pose = self._pose(rng, made)
            scan = scanned(made, posed(made, pose), rng)
            bones = posed_bones(made.skeleton, pose)
            yield Shot(scan, scan.vertices, bones, _looks(rng, 2 * _LOOKS))
            return
        made = self._make(figure, rng)
        for _ in range(_POSES):
            pose = self._pose(rng, made)
            bones = posed_bones(made.skeleton, pose)
            yield Shot(made, posed(made, pose), bones, _looks(rng, _LOOKS))

    def _pose(self, rng: np.random.Generator, figure: Figure) -> Pose:
        if f"scripted {WHEELCHAIR}" in figure.garments:
            return sitting_pose(rng)
        pose = draw_pose(rng, self.motions)
        return tumbled(pose, rng) if rng.random() < _TUMBLED else pose

    def _make(self, figure: Planned, rng: np.random.Generator) -> Figure:
        made = _MAKERS[figure.family](self, figure.number, rng)
        textured = figure.family in ("valid", "makehuman", "avatar", "child")
        return stripped(made, rng) if textured and rng.random() < _STRIPPED else made

    def _valid(self, number: int, rng: np.random.Generator) -> Figure:
        return self._avatar(number)

    def _makehuman(self, number: int, rng: np.random.Generator) -> Figure:
        return sample_person(self.kit, rng)

    def _scripted(self, number: int, rng: np.random.Generator) -> Figure:
        made = recolored(dress(bare_person(self.kit, rng), rng), rng)
        if rng.random() < 0.35:
            made = stylised(made, rng)
        return low_poly(made, rng) if rng.random() < 0.3 else made

    def _mannequin(self, number: int, rng: np.random.Generator) -> Figure:
        made = mannequin(rng)
        if rng.random() < 0.5:
            made = stylised(made, rng)
        return recolored(dress(made, rng), rng)

    def _child(self, number: int, rng: np.random.Generator) -> Figure:
        shape = child_shape(rng)
        if rng.random() < 0.5:
            return sample_person(self.kit, rng, shape)
        return recolored(dress(bare_person(self.kit, rng, shape), rng), rng)

    def _machine(self, number: int, rng: np.random.Generator) -> Figure:
        made = robot(rng) if rng.random() < 0.65 else skeleton(rng)
        if rng.random() < 0.4:
            made = stylised(made, rng)
        return equipped(made, rng) if rng.random() < 0.6 else made

    def _stylised_avatar(self, number: int, rng: np.random.Generator) -> Figure:
        made = self._avatar(int(rng.integers(len(self.avatars))))
        made = stylised(made, rng)
        return low_poly(made, rng) if rng.random() < 0.4 else made

    def _avatar(self, number: int) -> Figure:
        name = self.avatars[number % len(self.avatars)]
        return load_valid(self._data / "valid" / f"{name}.blend", self._cache)

    def _person(self, number: int, rng: np.random.Generator) -> Figure:
        if rng.random() < 0.5:
            return self._avatar(number)
        if rng.random() < 0.5:
            return sample_person(self.kit, rng)
        return recolored(dress(bare_person(self.kit, rng), rng), rng)


_MAKERS: Mapping[str, Callable[[Makers, int, np.random.Generator], Figure]] = {
    "valid": Makers._valid,
    "makehuman": Makers._makehuman,
    "scripted": Makers._scripted,
    "mannequin": Makers._mannequin,
    "child": Makers._child,
    "machine": Makers._machine,
    "avatar": Makers._stylised_avatar,
}


def _looks(rng: np.random.Generator, count: int) -> list[Look]:
    """Cameras all around, most of them level, as the extension's own; at last one at the head, and
    by chance one at a hand."""
    first = rng.uniform(0, 360)
    found = []
    for index in range(count):
        azimuth = (first + 360 * index / count + rng.uniform(-30, 30)) % 360
        level = rng.random() < 0.6
        elevation = rng.uniform(-6, 12) if level else rng.uniform(-30, 60)
        size = int(rng.uniform(420, 560) if rng.random() < _LARGE else rng.uniform(220, 320))
        lens = float(rng.uniform(30, 90)) if rng.random() < 0.25 else 0.0
        found.append(Look(azimuth, elevation, size, lens))
    azimuth = rng.uniform(0, 360) if rng.random() < 0.35 else rng.normal(0, 45)  # faces, mostly
    near = Look(azimuth % 360, rng.normal(3, 14), int(rng.uniform(90, 170)), near=True)
    if rng.random() > _HANDS:
        return [*found, near]
    size, side = int(rng.uniform(70, 130)), str(rng.choice(["l", "r"]))
    hand = Look(rng.uniform(0, 360), rng.normal(5, 25), size, near=True, hand=side)
    return [*found, near, hand]
