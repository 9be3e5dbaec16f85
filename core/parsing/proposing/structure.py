# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals from the character's own structure, for the default that needs no model.

A modeller has usually cut the character already: into objects, materials, loose parts and UV
islands; the rig cuts it into bone regions. Where all is one, colour and normal edges in the
rendered view still give outlines, and so does sight where there is any.
"""

from __future__ import annotations

from collections.abc import Callable

from ...job.capture_files import Facts, ViewImage
from ...job.choices import goes_by
from ..masks import MaskSet, stack
from ..seams import Context
from ..sight.sightings import Sightings
from .edges import edge_regions, edge_strength
from .seen_regions import combine, find_seen_masks

EXACT_AREA = 4  # pixels: structure is exact, so even an eye far away is a proposal
FINE_AREA = 24  # loose parts and UV islands come by the hundred: hair cards, buttons
EDGE_AREA = 64
EDGE_THRESHOLDS = (0.5, 1.0)  # fine and coarse outlines


class StructureProposer:
    """`Proposer` over facts: `facts_of(frame)` gives the facts that hold in a frame.

    `sightings_of(frame)` gives what was seen, if there is sight. Without `use_bones` the rig
    draws no outlines.
    """

    def __init__(
        self,
        facts_of: Callable[[int], Facts],
        sightings_of: Callable[[int], Sightings] | None = None,
        use_bones: bool = True,
    ) -> None:
        self._facts_of, self._sightings_of = facts_of, sightings_of
        self._use_bones = use_bones

    def propose(self, image: ViewImage, frame: int) -> MaskSet:
        """Class-agnostic masks of `image` (eq. 2); they overlap, none is listed twice."""
        facts = self._facts_of(frame)
        element = image.element[image.silhouette]  # (P,)
        exact = [facts.object, facts.material]
        if self._use_bones:
            exact += [facts.bone, *(combine(labels, facts.bone) for labels in exact)]
        sets = [_large(MaskSet.from_labels(labels[element]), EXACT_AREA) for labels in exact]
        sets += [
            _large(MaskSet.from_labels(labels[element]), FINE_AREA)
            for labels in (facts.loose_part, facts.uv_island)
        ]
        strength, silhouette = edge_strength(image), image.silhouette
        sets += [
            MaskSet.from_labels(edge_regions(strength, silhouette, t, EDGE_AREA)[silhouette])
            for t in EDGE_THRESHOLDS
        ]
        if self._sightings_of is not None:
            bone = facts.bone if self._use_bones else None
            sets += find_seen_masks(image, self._sightings_of(frame), bone)
        return stack(sets).without_duplicates()


def make_structure_proposer(context: Context) -> StructureProposer:
    """The proposer of a run."""
    return StructureProposer(
        context.images.facts, context.sightings, goes_by(context.settings, "bones")
    )


def _large(masks: MaskSet, minimum_area: int) -> MaskSet:
    return masks.select(masks.areas() >= minimum_area)
