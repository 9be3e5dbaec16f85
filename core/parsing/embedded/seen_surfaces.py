# SPDX-License-Identifier: GPL-3.0-or-later
"""What sight says of each element, reduced to what the evidence needs: few surfaces, one region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..ontology.ontology import BODY_REGIONS, Ontology
from ..sight.sightings import Sightings

SURFACES_KEPT = 3  # the most probable surfaces of an element
SHARPER = 2.0  # exponent of the probabilities: means over views are less sure than a view is
LEAST_SHARE = 0.08  # of the probability; what is seen less surely is noise
SKIN = "skin"  # the surface without a garment; where it lies says which part of the body it is
_ON_THE_BODY = (SKIN, "hair", "eye", "eyebrow", "mouth")  # these always lie in some region of it

_FRONT = {SKIN: 1.0, "eye": 2.0, "eyebrow": 2.0, "mouth": 2.0, "hair": -1.0}


@dataclass(frozen=True)
class SeenSurfaces:
    """Sight's word on E elements."""

    leaves: tuple[int, ...]  # concepts of the surfaces; -1 is bare skin
    leaf: np.ndarray  # (E, 3) int16 into leaves
    share: np.ndarray  # (E, 3) float32, rows sum to 1, or to 0 where sight has not looked
    region: np.ndarray  # (E,) int32 into BODY_REGIONS, -1 = none

    @property
    def looked(self) -> np.ndarray:
        """bool (E,)"""
        return np.asarray(self.share.any(axis=1))

    @classmethod
    def joined(cls, frames: Sequence[SeenSurfaces]) -> SeenSurfaces:
        """Those of several frames, of one network, one after another."""
        leaf, share, region = (
            np.concatenate([getattr(f, name) for f in frames])
            for name in ("leaf", "share", "region")
        )
        return cls(frames[0].leaves, leaf, share, region)


def seen_surfaces(sightings: Sightings) -> SeenSurfaces:
    """The few surfaces and the region that each element most probably has.

    Surfaces that the ontology has no word for are left out, as if their probability were shared out
    among the others; regions are those of BODY_REGIONS.
    """
    surfaces = sightings.surfaces
    leaves, columns = _list_known(surfaces)
    probability = sightings.surface.astype(np.float32)[:, columns] ** np.float32(SHARPER)  # (E, L')
    total = probability.sum(axis=1)
    leaf = np.zeros((sightings.count, SURFACES_KEPT), np.int16)
    share = np.zeros((sightings.count, SURFACES_KEPT), np.float32)
    element = np.arange(sightings.count)
    for rank in range(min(SURFACES_KEPT, len(leaves))):
        leaf[:, rank] = probability.argmax(axis=1)
        share[:, rank] = probability[element, leaf[:, rank]]
        probability[element, leaf[:, rank]] = 0
    share[share < LEAST_SHARE * total[:, None]] = 0
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    on_body = np.array([surfaces[c] in _ON_THE_BODY for c in columns])
    region = _regions(sightings.region, sightings.regions, on_body[leaf[:, 0]])
    return SeenSurfaces(leaves, leaf, share, region)


def front_of_head(sightings: Sightings) -> np.ndarray:
    """(E,) float32: how much an element looks like the front of a head, were it part of one.

    Face and skin are in front, hair is behind.
    """
    weight = np.array([_FRONT.get(name, 0.0) for name in sightings.surfaces], np.float32)
    return np.asarray(sightings.surface.astype(np.float32) @ weight)


def _list_known(surfaces: Sequence[str]) -> tuple[tuple[int, ...], list[int]]:
    """Concepts of the surfaces that the ontology knows, -1 for skin, and their columns."""
    ontology = Ontology.load()
    found = {}
    for column, name in enumerate(surfaces):
        meaning = ontology.lookup(name)
        if name == SKIN:
            found[column] = -1
        elif meaning is not None:
            found[column] = ontology.index[meaning.concept]
    return tuple(found.values()), list(found)


def _regions(region: np.ndarray, names: Sequence[str], on_body: np.ndarray) -> np.ndarray:
    """(E,) int32 most probable region; "none" only where the surface can lie off the body."""
    columns = [names.index(name) if name in names else -1 for name in BODY_REGIONS]
    padded = np.pad(np.asarray(region, np.float32), ((0, 0), (0, 1)))  # -1 reads zeros
    probability = padded[:, columns]
    best = probability.argmax(axis=1).astype(np.int32)
    most = probability.max(axis=1)
    off = padded[:, :-1].max(axis=1) > most  # "none" is more probable than all regions
    return np.where((most > 0) & (on_body | ~off), best, -1).astype(np.int32)
