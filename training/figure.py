# SPDX-License-Identifier: GPL-3.0-or-later
"""A rigged, dressed person at rest, as arrays: what the makers of people agree on.

Metres, Z up, facing -Y, so that the person's left is +X; arms anywhere between T- and A-pose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

# Segments of a body that poses turn and garments are measured on. Left is "l", the person's.
SEGMENTS = (
    "pelvis", "torso", "neck", "head",
    "upper arm l", "forearm l", "hand l", "upper arm r", "forearm r", "hand r",
    "thigh l", "lower leg l", "foot l", "thigh r", "lower leg r", "foot r",
)  # fmt: skip

NO_SEGMENT = 255


@dataclass(frozen=True)
class Zones:
    """Of each of F faces: where on the body it is, and which bone it moves with."""

    zone: np.ndarray  # (F,) uint8 into bank.ZONES, or NO_LABEL
    segment: np.ndarray  # (F,) uint8 into SEGMENTS, or NO_SEGMENT


@dataclass(frozen=True)
class Material:
    """How faces look. Without a texture: one colour, or the figure's vertex colours."""

    name: str
    color: tuple[float, float, float] = (0.6, 0.6, 0.6)  # sRGB 0..1
    texture: Path | np.ndarray | None = None  # an image file, or (h, w, 3 or 4) uint8 sRGB
    cut_out: bool = False  # the texture's alpha cuts holes (hair, eyebrows)
    vertex_colors: bool = False


@dataclass(frozen=True)
class Skeleton:
    """J joints; joint j turns everything below it about its head."""

    names: tuple[str, ...]
    parents: np.ndarray  # (J,) int32, -1 = root; a parent comes before its children
    heads: np.ndarray  # (J, 3) float32 metres, at rest
    tails: np.ndarray  # (J, 3) float32
    segments: Mapping[str, tuple[int, ...]]  # of SEGMENTS: its joints, from the body outwards

    def bone(self, segment: str) -> tuple[np.ndarray, np.ndarray]:
        """((3,) start, (3,) end) in metres of a segment: first joint's head, last joint's tail."""
        joints = self.segments[segment]
        return self.heads[joints[0]], self.tails[joints[-1]]


@dataclass(frozen=True)
class Figure:
    """V vertices, F faces. Body and garments are one mesh; `piece` tells them apart."""

    vertices: np.ndarray  # (V, 3) float32 metres at rest
    faces: np.ndarray  # (F, 4) int32; a triangle has -1 last
    uv: np.ndarray  # (F, 4, 2) float32, 0 where there is none
    surface: np.ndarray  # (F,) uint8 into bank.SURFACES, or NO_LABEL
    region: np.ndarray  # (F,) uint8 into bank.REGIONS, or NO_LABEL
    material: np.ndarray  # (F,) int16 into materials
    piece: np.ndarray  # (F,) int16: body, then each garment or thing; for recolouring
    joints: np.ndarray  # (V, 4) int16 into the skeleton
    weights: np.ndarray  # (V, 4) float32, rows sum to 1
    skeleton: Skeleton
    materials: tuple[Material, ...]
    pieces: tuple[str, ...]  # name of each piece, "body" first
    vertex_color: np.ndarray | None = None  # (V, 3) uint8 sRGB
    zones: Zones | None = None  # None: its rest pose tells (`zones.zones_of`)
    flat_shaded: bool = False  # facets show, as on simple game characters
    name: str = ""  # what it was made of, for the log and the split
    family: str = ""  # "valid", "makehuman", "demo", "stylised", ...
    person: str = ""  # who: the held-out split keeps people apart
    garments: tuple[str, ...] = ()  # assets worn: the held-out split keeps them apart too

    @property
    def height(self) -> float:
        """Metres from the lowest to the highest vertex."""
        return float(np.ptp(self.vertices[:, 2]))


def joined(base: Figure, parts: Sequence[Figure]) -> Figure:
    """One figure of several over the same skeleton; pieces and materials are numbered on.

    Raises ValueError when the skeletons have different joints.
    """
    figures = [base, *parts]
    if any(f.skeleton.names != base.skeleton.names for f in figures):
        raise ValueError("figures of different skeletons cannot be joined")
    vertex = np.cumsum([0] + [len(f.vertices) for f in figures])
    material = np.cumsum([0] + [len(f.materials) for f in figures])
    piece = np.cumsum([0] + [len(f.pieces) for f in figures])
    colored = any(f.vertex_color is not None for f in figures)

    def stacked(name: str) -> np.ndarray:
        return np.concatenate([getattr(f, name) for f in figures])

    def moved(name: str, starts: np.ndarray) -> np.ndarray:
        rows = [getattr(f, name) + s for f, s in zip(figures, starts[:-1], strict=True)]
        return np.concatenate(rows).astype(np.int16)

    return replace(
        base,
        vertices=stacked("vertices"),
        faces=np.concatenate(
            [np.where(f.faces < 0, -1, f.faces + s) for f, s in zip(figures, vertex, strict=False)]
        ).astype(np.int32),
        uv=stacked("uv"),
        surface=stacked("surface"),
        region=stacked("region"),
        material=moved("material", material),
        piece=moved("piece", piece),
        joints=stacked("joints"),
        weights=stacked("weights"),
        materials=tuple(m for f in figures for m in f.materials),
        pieces=tuple(p for f in figures for p in f.pieces),
        vertex_color=np.concatenate([_colors(f) for f in figures]) if colored else None,
        garments=tuple(dict.fromkeys(g for f in figures for g in f.garments)),
    )


def _colors(figure: Figure) -> np.ndarray:
    if figure.vertex_color is not None:
        return figure.vertex_color
    return np.full((len(figure.vertices), 3), 255, np.uint8)
