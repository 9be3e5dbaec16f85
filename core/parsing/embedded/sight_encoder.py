# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded default at the mask-encoder seam: sight, names and bones together.

A mask is the mean of its pixels' mixtures. What is missing to a unit vector has two causes, kept in
two dimensions. Pixels that differ from each other make a mask of several things: their variance,
mean |p|² - |mean p|², is as in the names encoder where the hidden word "several things" waits.
Doubt within a pixel, 1 - mean |p|², is no reason to distrust the mask's outline; it goes into a
dimension where no word waits, so that an uncertain region is still labelled as what it most
resembles.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import numpy as np
from scipy import sparse

from ...job.capture_files import Facts, ViewImage
from ...job.spec import ParsingSettings
from ..body.posture import limb_sides
from ..images import Images
from ..masks import MaskSet
from ..seams import Context, MaskEncoder
from ..sight.over_time import PooledInTime, on_unlooked
from ..sight.sightings import Sightings
from .mixtures import SightEncoder
from .name_weights import NAME_WEIGHT, NAMES_UNREAD, NameWeights
from .names_encoder import (
    NAMES_AND_BONES,
    ElementEvidence,
    NamesMaskEncoder,
    NamesText,
    SpaceText,
    behind,
    name_tables,
)
from .rows import distinct_rows
from .seen_surfaces import SeenSurfaces, front_of_head, seen_surfaces

SightingsOf = Callable[[int], Sightings]  # what was seen in a frame


def make_sight_encoder(
    images: Images, evidence: Collection[str], sightings_of: SightingsOf | None
) -> MaskEncoder:
    """The encoder for this evidence; by what else is evidence where nothing was looked at."""
    if sightings_of is not None and "sight" in evidence:
        return SightMaskEncoder(images, evidence, sightings_of)
    return NamesMaskEncoder(images, set(evidence) & set(NAMES_AND_BONES))


def sight_encoder_of(context: Context) -> MaskEncoder:
    """The encoder of a run."""
    return make_sight_encoder(context.images, context.settings.evidence, context.sightings)


def sight_text(
    settings: ParsingSettings, arrays: Mapping[str, np.ndarray]
) -> SightText | NamesText:
    """The encoder's word half, from its `to_arrays`."""
    return SightText.from_arrays(arrays)


class SightText(SpaceText):
    """The words of the sight encoder."""

    FRONT = 2  # mixed, doubtful

    def __init__(self, encoder: SightEncoder) -> None:
        super().__init__(encoder)
        self._encoder = encoder

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> SightText | NamesText:
        """Also reads what a run without sight wrote, whose words are those of names."""
        if "combinations" not in arrays:
            return NamesText.from_arrays(arrays)
        return cls(SightEncoder.from_arrays(dict(arrays)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        return self._encoder.to_arrays()


class SightMaskEncoder:
    """`MaskEncoder` by what is seen under a mask and by names, as far as they are evidence."""

    def __init__(
        self,
        images: Images,
        evidence: Collection[str],
        sightings_of: SightingsOf,
        weights: NameWeights = NAME_WEIGHT,
    ) -> None:
        """`sightings_of` is asked for the first frame only where all have the same elements."""
        self._constant = images.constant_topology
        frames = images.frames[:1] if self._constant else images.frames
        pooled = PooledInTime(sightings_of, images.facts, frames)
        found, seen = [], []
        for frame in frames:
            facts = images.facts(frame)
            if self._constant:
                sightings = on_unlooked(sightings_of(frame), facts)
            else:
                sightings = pooled(frame)
            seen.append(seen_surfaces(sightings))
            evident = ElementEvidence.of(facts, evidence)
            found.append(_place(evident, seen[-1], sightings, facts))
        starts = np.cumsum([0] + [len(f.object) for f in found])[:-1]
        self._start = dict(zip(frames, starts.tolist(), strict=True))

        names, all_ = name_tables(images.manifest.names, evidence), ElementEvidence.joined(found)
        rows = distinct_rows(
            names, all_.object, all_.material, all_.bone, body_region=all_.region, side=all_.side
        )
        weights = weights if "names" in evidence else NAMES_UNREAD
        encoder, mixture = SightEncoder.from_rows(names, *rows, SeenSurfaces.joined(seen), weights)
        vectors = encoder.combination_vectors
        self._mixture = mixture  # of all frames one after another
        self._square = mixture.squares(vectors @ vectors.T)  # (E,)
        self._vectors = behind(vectors, SightText.FRONT)  # (U, D) unit rows
        self.text = SightText(encoder)

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        """(N, D) float32 unit rows."""
        start = 0 if self._constant else self._start[frame]
        element = start + image.element[image.silhouette]  # (P,)
        atoms, combinations = len(masks.member), len(self._vectors)
        by_atom = sparse.csr_array(self._mixture.sums(masks.atom, element, atoms, combinations))
        squares = np.bincount(masks.atom, self._square[element], minlength=atoms)  # (A,)

        member = masks.member.T.astype(np.float32)
        areas = np.maximum(masks.areas(), 1)
        means = (member @ by_atom @ self._vectors) / areas[:, None]  # (N, D)
        length = np.minimum((member @ squares) / areas, 1)  # mean |p|²
        means[:, 0] = np.sqrt(np.maximum(0, length - np.sum(means**2, axis=1)))
        means[:, 1] = np.sqrt(1 - length)
        return means.astype(np.float32)


def _place(
    found: ElementEvidence, seen: SeenSurfaces, sightings: Sightings, facts: Facts
) -> ElementEvidence:
    """With the regions that sight tells, and sides for the limbs among them."""
    region = np.where(seen.looked, seen.region, found.region).astype(np.int32)
    sides = limb_sides(facts, region, front_of_head(sightings))
    side = np.where(seen.looked, sides, found.side)  # a trunk that sight sees has none
    return ElementEvidence(found.object, found.material, found.bone, region, side)
