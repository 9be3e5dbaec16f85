# SPDX-License-Identifier: GPL-3.0-or-later
"""A clothed figure of tubes that walks on the spot: geometry and facts, without Blender."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.job.capture_files import CapturedObject, Facts, Names

LOCKS = 24  # strands of hair, each a loose part


@dataclass(frozen=True)
class Chain:
    """Bones one after another. An angle of 0 points down, pi / 2 forward (-Y), pi up."""

    start: tuple[float, float, float]
    lean: float  # metres to +X for each metre along
    bones: tuple[tuple[str, float, float, float], ...]  # name, length, rest angle, swing
    parent: str
    phase: float = 0.0


@dataclass(frozen=True)
class Tube:
    """A closed surface around a stretch of a chain, in bones: 1.5 is the second bone's middle."""

    object: str
    material: str
    chain: str
    stretch: tuple[float, float]
    radii: tuple[tuple[float, float], ...]  # across (X) and along (Y) the figure, evenly spaced
    offset: tuple[float, float] = (0.0, 0.0)


def _arm(side: str, x: float, phase: float) -> Chain:
    bones = ((f"upper_arm.{side}", 0.28, 0.0, 0.5), (f"forearm.{side}", 0.25, 0.25, 0.3))
    return Chain((x, 0, 1.42), 1.3 * x, (*bones, (f"hand.{side}", 0.17, 0.2, 0.1)), "chest", phase)


def _leg(side: str, x: float, phase: float) -> Chain:
    bones = ((f"thigh.{side}", 0.42, 0.0, 0.45), (f"shin.{side}", 0.42, -0.2, 0.2))
    return Chain((x, 0, 0.95), 0.3 * x, (*bones, (f"foot.{side}", 0.2, 1.5, 0.1)), "hips", phase)


CHAINS = {
    "trunk": Chain(
        (0, 0, 0.92),
        0.0,
        (("hips", 0.12, np.pi, 0.0), ("spine", 0.2, np.pi, 0.04), ("chest", 0.24, np.pi, 0.04))
        + (("neck", 0.1, np.pi, 0.02), ("head", 0.23, np.pi, 0.05)),
        "",
    ),
    "arm.L": _arm("L", 0.2, 0.0),
    "arm.R": _arm("R", -0.2, np.pi),
    "leg.L": _leg("L", 0.1, np.pi),
    "leg.R": _leg("R", -0.1, 0.0),
}
_LIMBS = {"arm": ((0.055, 0.055), (0.045, 0.045), (0.035, 0.045), (0.03, 0.05))}
_LIMBS["leg"] = ((0.085, 0.09), (0.06, 0.065), (0.045, 0.05), (0.045, 0.04))
_TRUNK = ((0.16, 0.11), (0.14, 0.1), (0.19, 0.12), (0.06, 0.06), (0.09, 0.11), (0.07, 0.09))


def _wider(radii: tuple[tuple[float, float], ...], by: float) -> tuple[tuple[float, float], ...]:
    return tuple((x + by, y + by) for x, y in radii)


TUBES = (
    Tube("Body", "Skin", "trunk", (0, 5), _TRUNK),
    *(Tube("Body", "Skin", c, (0, 3), _LIMBS[c[:3]]) for c in list(CHAINS)[1:]),
    Tube("Jacket", "Wool", "trunk", (0.2, 3.3), _wider(_TRUNK[:3] + ((0.1, 0.08),), 0.025)),
    *(
        Tube("Jacket", "Wool", c, (0, 2), _wider(_LIMBS["arm"][:3], 0.02))
        for c in ("arm.L", "arm.R")
    ),
    Tube("Jeans", "Denim", "trunk", (-0.3, 0.9), _wider(_TRUNK[:2], 0.015)),
    *(
        Tube("Jeans", "Denim", c, (0, 2), _wider(_LIMBS["leg"][:3], 0.02))
        for c in ("leg.L", "leg.R")
    ),
    *(
        Tube("Shoes", "Leather", c, (1.85, 3.1), ((0.06, 0.06), (0.06, 0.05)))
        for c in ("leg.L", "leg.R")
    ),
    *(
        Tube(
            "Hair",
            "Hair",
            "trunk",
            (4.2, 5.1),
            ((0.03, 0.03),),
            offset=(0.09 * np.cos(a), -0.1 * np.sin(a)),
        )
        for a in np.linspace(-0.4, np.pi + 0.4, LOCKS)
    ),
)
OBJECTS = tuple(dict.fromkeys(t.object for t in TUBES))
MATERIALS = {"Skin": (225, 180, 150), "Wool": (150, 60, 50), "Denim": (50, 70, 130)}
MATERIALS |= {"Leather": (60, 45, 35), "Hair": (90, 60, 40)}
BONES = tuple(bone[0] for chain in CHAINS.values() for bone in chain.bones)


class Figure:
    """About `faces` quads on all tubes, element by element; constant topology."""

    def __init__(self, faces: int) -> None:
        area = np.array([_length(t) * _girth(t) for t in TUBES])
        self.grids = [
            _grid(t, faces * share) for t, share in zip(TUBES, area / area.sum(), strict=True)
        ]
        counts = [rings * segments for rings, segments in self.grids]
        self.starts = np.cumsum([0, *counts])
        self.tube = np.repeat(np.arange(len(TUBES)), counts)

    def quads(self, phase: float) -> np.ndarray:
        """(E, 4, 3) float64 corners in metres at `phase` (radians) of the step."""
        found = []
        for tube, (rings, segments) in zip(TUBES, self.grids, strict=True):
            points = _surface(tube, rings, segments, phase)  # (rings + 1, segments, 3)
            beside = np.roll(points, -1, axis=1)
            corners = (points[:-1], beside[:-1], beside[1:], points[1:])
            found.append(np.stack(corners, axis=2).reshape(-1, 4, 3))
        return np.concatenate(found)

    def facts(self) -> Facts:
        quads = self.quads(0.0)
        bone, island = [], []
        for number, (tube, (rings, segments)) in enumerate(zip(TUBES, self.grids, strict=True)):
            along = np.linspace(*tube.stretch, 2 * rings + 1)[1::2]
            bones = CHAINS[tube.chain].bones
            index = np.clip(along.astype(int), 0, len(bones) - 1) + BONES.index(bones[0][0])
            bone.append(np.repeat(index, segments))
            half = np.arange(segments) * 2 // segments
            island.append(np.tile(2 * number + half, rings))
        names = list(MATERIALS)
        return Facts(
            object=np.array([OBJECTS.index(t.object) for t in TUBES], np.int32)[self.tube],
            material=np.array([names.index(t.material) for t in TUBES], np.int32)[self.tube],
            bone=np.concatenate(bone).astype(np.int32),
            loose_part=self.tube.astype(np.int32),
            uv_island=np.concatenate(island).astype(np.int32),
            area=np.linalg.norm(inward(quads), axis=1).astype(np.float32) / 2,
            centroid=quads.mean(axis=1).astype(np.float32),
            neighbours=self._neighbours(),
        )

    def objects(self) -> tuple[CapturedObject, ...]:
        rows = np.array([OBJECTS.index(t.object) for t in TUBES])[self.tube]
        first, count = np.searchsorted(rows, range(len(OBJECTS))), np.bincount(rows)
        sizes = zip(OBJECTS, first.tolist(), count.tolist(), strict=True)
        return tuple(CapturedObject(n, f"{n}Mesh", start, size) for n, start, size in sizes)

    def names(self) -> Names:
        parents: list[int] = []
        for chain in CHAINS.values():
            first = len(parents)
            parents.append(BONES.index(chain.parent) if chain.parent else -1)
            parents += range(first, first + len(chain.bones) - 1)
        return Names(OBJECTS, tuple(MATERIALS), BONES, tuple(parents))

    def albedo(self) -> np.ndarray:
        """(E, 3) float64 0..255: a material's colour with checks and a little grain."""
        base = np.array([MATERIALS[t.material] for t in TUBES], float)[self.tube]
        element = np.arange(len(base)) - self.starts[self.tube]
        segments = np.array([s for _, s in self.grids])[self.tube]
        checks = (element // segments // 8 + element % segments // 8) % 2
        grain = np.random.default_rng(1).normal(0, 3, (len(base), 1))
        return base * (1 - 0.15 * checks[:, None]) + grain

    def _neighbours(self) -> np.ndarray:
        pairs = []
        for (rings, segments), start in zip(self.grids, self.starts, strict=False):
            cell = start + np.arange(rings * segments).reshape(rings, segments)
            pairs.append(np.stack([cell, np.roll(cell, -1, axis=1)], axis=-1).reshape(-1, 2))
            pairs.append(np.stack([cell[:-1], cell[1:]], axis=-1).reshape(-1, 2))
        return np.sort(np.concatenate(pairs), axis=1).astype(np.int32)


def _surface(tube: Tube, rings: int, segments: int, phase: float) -> np.ndarray:
    """(rings + 1, segments, 3) points of a posed tube, from one closed end to the other."""
    chain = CHAINS[tube.chain]
    length = np.array([bone[1] for bone in chain.bones])
    angle = np.array([bone[2] + bone[3] * np.sin(phase + chain.phase) for bone in chain.bones])
    step = np.stack([chain.lean + 0 * angle, -np.sin(angle), -np.cos(angle)], 1) * length[:, None]
    joints = np.array(chain.start) + np.concatenate([np.zeros((1, 3)), np.cumsum(step, axis=0)])
    along = np.linspace(*tube.stretch, rings + 1)
    bone = np.clip(along.astype(int), 0, len(length) - 1)
    center = joints[bone] + (along - bone)[:, None] * step[bone]
    turn = np.interp(along, np.arange(len(angle)) + 0.5, angle)
    share = np.linspace(0, 1, rings + 1)
    radii = np.array([_at(share, r) for r in zip(*tube.radii, strict=True)])  # (2, rings + 1)
    rounding = min(0.5, radii.mean() / _length(tube))
    radii = radii * np.sqrt(1 - np.clip(1 - np.minimum(share, 1 - share) / rounding, 0, 1) ** 2)
    theta = 2 * np.pi * np.arange(segments) / segments
    x = radii[0][:, None] * np.cos(theta) + tube.offset[0]
    y = radii[1][:, None] * np.sin(theta) + tube.offset[1]
    around = [x, y * np.cos(turn)[:, None], -y * np.sin(turn)[:, None]]
    return center[:, None] + np.stack(around, axis=-1)


def inward(quads: np.ndarray) -> np.ndarray:
    """(E, 3) normals into the tubes, as long as twice the area."""
    return np.cross(quads[:, 2] - quads[:, 0], quads[:, 3] - quads[:, 1])


def _at(share: np.ndarray, values: tuple[float, ...]) -> np.ndarray:
    return np.interp(share, np.linspace(0, 1, len(values)), values)


def _length(tube: Tube) -> float:
    lengths = [bone[1] for bone in CHAINS[tube.chain].bones]
    ends = np.interp(tube.stretch, np.arange(len(lengths) + 1), np.cumsum([0, *lengths]))
    return float(ends[1] - ends[0])


def _girth(tube: Tube) -> float:
    return float(2 * np.pi * np.mean(tube.radii))


def _grid(tube: Tube, faces: float) -> tuple[int, int]:
    """(rings, segments) of about square quads."""
    segments = max(6, round((faces * _girth(tube) / _length(tube)) ** 0.5))
    return max(4, round(faces / segments)), segments
