# SPDX-License-Identifier: GPL-3.0-or-later
"""Other proportions for a figure: big heads, short legs, thin or thick limbs, egg bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from training.figure import SEGMENTS, Figure
from training.wardrobe.measure import segment_of_joints

_TRUNK = ("pelvis", "torso", "neck", "head", "foot")


Span = tuple[float, float] | None  # what a factor is drawn from; None is 1

# Per style: sizes of head, hands, feet; the trunk's width, depth, height; how thick limbs are; how
# long arms, thighs and lower legs are.
_STYLES: Mapping[str, tuple[Span, ...]] = {
    "chibi": (
        (1.9, 3.0), (1.0, 1.6), (0.9, 1.4), (0.85, 1.2), (0.9, 1.3), (0.6, 0.85),
        (0.9, 1.4), (0.6, 0.9), (0.4, 0.7), (0.4, 0.7),
    ),
    "toy": (
        (1.3, 1.8), (1.2, 1.7), (1.1, 1.5), (0.9, 1.3), None, (0.75, 1.0),
        (1.0, 1.6), (0.75, 1.0), (0.6, 0.85), (0.6, 0.85),
    ),
    "stick": (
        (1.1, 1.7), (1.1, 1.6), (1.1, 1.7), (0.65, 0.9), (0.65, 0.9), None,
        (0.45, 0.75), (0.95, 1.25), (0.9, 1.25), (0.9, 1.25),
    ),
    "hulk": (
        (0.75, 1.05), (1.3, 1.8), (1.0, 1.4), (1.3, 1.8), (1.2, 1.6), (1.0, 1.2),
        (1.3, 1.9), (1.0, 1.25), (0.65, 0.9), (0.65, 0.9),
    ),
    "egg": (
        (1.0, 1.8), (0.9, 1.5), (1.0, 1.4), (1.2, 1.7), (1.4, 2.0), (0.8, 1.1),
        (0.7, 1.2), (0.7, 0.95), (0.4, 0.75), (0.4, 0.75),
    ),
    "hero": (
        (0.75, 0.95), (1.0, 1.3), (0.9, 1.2), (1.05, 1.35), None, (0.95, 1.1),
        (0.95, 1.25), (0.95, 1.1), (1.05, 1.25), (1.05, 1.25),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Proportions:
    """Scale factors by segment name without side.

    Of trunk, head and feet: (width, depth, height). Of limbs: (around, around, along the bone).
    """

    scale: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)

    def of(self, segment: str) -> np.ndarray:
        """(3,) factors of a segment; 1 where nothing is said."""
        name = segment.removesuffix(" l").removesuffix(" r")
        return np.array(self.scale.get(name, (1.0, 1.0, 1.0)))


def scaled(figure: Figure, proportions: Proportions) -> Figure:
    """The figure with its segments scaled about their bones; skeleton and garments follow."""
    skeleton = figure.skeleton
    segment = segment_of_joints(skeleton)
    count = len(skeleton.names)
    heads, tails = skeleton.heads.astype(float), skeleton.tails.astype(float)
    matrix = np.empty((count, 3, 3))
    new = np.empty((count, 3))
    for joint in range(count):
        name = SEGMENTS[segment[joint]]
        factors = proportions.of(name)
        if name.removesuffix(" l").removesuffix(" r") in _TRUNK:
            matrix[joint] = np.diag(factors)
        else:
            start, end = skeleton.bone(name)
            axis = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
            along = np.outer(axis, axis)
            matrix[joint] = factors[0] * (np.eye(3) - along) + factors[2] * along
        parent = skeleton.parents[joint]
        if parent < 0:
            new[joint] = heads[joint]
        else:
            new[joint] = new[parent] + matrix[parent] @ (heads[joint] - heads[parent])
    joints, weights = figure.joints, figure.weights.astype(float)
    vertices = np.zeros((len(figure.vertices), 3))
    for column in range(joints.shape[1]):
        j = joints[:, column]
        moved = new[j] + np.einsum("vab,vb->va", matrix[j], figure.vertices - heads[j])
        vertices += weights[:, column, None] * moved
    new_tails = new + np.einsum("jab,jb->ja", matrix, tails - heads)
    return replace(
        figure,
        vertices=vertices.astype(np.float32),
        skeleton=replace(
            skeleton, heads=new.astype(np.float32), tails=new_tails.astype(np.float32)
        ),
    )


def proportions(rng: np.random.Generator) -> tuple[str, Proportions]:
    """(kind, proportions) of a drawn style."""
    u = rng.uniform
    kind = str(rng.choice(["chibi", "chibi", *list(_STYLES)[1:], "loose"]))
    if kind in _STYLES:
        drawn = [1.0 if span is None else u(*span) for span in _STYLES[kind]]
    else:
        drawn = list(np.exp(rng.normal(0, 0.22, 10)))
    head, hand, foot, width, depth, tall, thick, arm, thigh, shin = drawn
    waist = u(0.85, 1.1)
    neck = u(0.4, 0.9) if head > 1.3 else u(0.8, 1.1)
    neck_wide = float(np.clip(thick, 0.8, 1.5))
    face = u(0.9, 1.15)
    return kind, Proportions(
        {
            "pelvis": (width * waist, depth, tall),
            "torso": (width, depth, tall),
            "neck": (neck_wide, neck_wide, neck),
            "head": (head * face, head, head * u(0.9, 1.05)),
            "upper arm": (thick, thick, arm),
            "forearm": (thick * u(0.8, 1.2),) * 2 + (arm,),
            "hand": (hand,) * 3,
            "thigh": (thick, thick, thigh),
            "lower leg": (thick * u(0.8, 1.2),) * 2 + (shin,),
            "foot": (foot, foot * u(0.9, 1.2), foot),
        }
    )


def stylised(figure: Figure, rng: np.random.Generator) -> Figure:
    """The figure, dressed or bare, in drawn proportions, at about its old height."""
    kind, drawn = proportions(rng)
    result = scaled(figure, drawn)
    shrink = figure.height / max(result.height, 1e-3)
    skeleton = replace(
        result.skeleton,
        heads=result.skeleton.heads * np.float32(shrink),
        tails=result.skeleton.tails * np.float32(shrink),
    )
    return replace(
        result,
        vertices=result.vertices * np.float32(shrink),
        skeleton=skeleton,
        name=f"{figure.name} {kind}".strip(),
        family="stylised",
    )
