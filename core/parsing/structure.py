# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals from the character's own structure, for the default that needs no model.

A modeller has usually cut the character already: into objects, materials, loose parts and UV
islands; the rig cuts it into bone regions. Where all is one, colour and normal edges in the
rendered view still give outlines.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..job.capture_files import Facts, ViewImage
from .edges import edge_regions, edge_strength
from .masks import MaskSet, stack

EXACT_AREA = 4  # pixels: structure is exact, so even an eye far away is a proposal
FINE_AREA = 24  # loose parts and UV islands come by the hundred: hair cards, buttons
EDGE_AREA = 64
EDGE_THRESHOLDS = (0.5, 1.0)  # fine and coarse outlines


class StructureProposer:
    """`Proposer` over facts: `facts_of(frame)` gives the facts that hold in a frame."""

    def __init__(self, facts_of: Callable[[int], Facts]) -> None:
        self._facts_of = facts_of

    def propose(self, image: ViewImage, frame: int) -> MaskSet:
        """Class-agnostic masks of `image` (eq. 2); they overlap, none is listed twice."""
        facts = self._facts_of(frame)
        element = image.element[image.silhouette]  # (P,)
        bone_in_object = combined(facts.object, facts.bone)
        bone_in_material = combined(facts.material, facts.bone)
        sets = [
            _large(MaskSet.from_labels(labels[element]), EXACT_AREA)
            for labels in (
                facts.object,
                facts.material,
                facts.bone,
                bone_in_object,
                bone_in_material,
            )
        ]
        sets += [
            _large(MaskSet.from_labels(labels[element]), FINE_AREA)
            for labels in (facts.loose_part, facts.uv_island)
        ]
        strength, silhouette = edge_strength(image), image.silhouette
        sets += [
            MaskSet.from_labels(edge_regions(strength, silhouette, t, EDGE_AREA)[silhouette])
            for t in EDGE_THRESHOLDS
        ]
        return stack(sets).without_duplicates()


def combined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(E,) int64: one label for each pair of values, -1 where either is -1."""
    pair = a.astype(np.int64) * (int(b.max(initial=0)) + 1) + b
    return np.where((a < 0) | (b < 0), -1, pair)


def _large(masks: MaskSet, minimum_area: int) -> MaskSet:
    return masks.select(masks.areas() >= minimum_area)
