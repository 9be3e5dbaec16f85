# SPDX-License-Identifier: GPL-3.0-or-later
"""Made-up sightings: what a vision model might say of given elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.parsing.ontology.ontology import BODY_REGIONS
from core.parsing.sight.sightings import Sightings

SURFACES = (
    "skin", "hair", "eye", "t-shirt", "shirt", "jacket", "dress", "trousers", "shoe", "glove",
    "hat", "bag",
)  # fmt: skip
REGIONS = (*BODY_REGIONS, "none")


def sightings_of(
    surface: Sequence[dict[str, float]], region: Sequence[str], pixels: int = 20
) -> Sightings:
    """One element for each pair; the rest of a surface's probability is shared by all surfaces.

    An element without a surface was not looked at.
    """
    seen = np.zeros((len(surface), len(SURFACES)), np.float32)
    for row, shares in zip(seen, surface, strict=True):
        for name, share in shares.items():
            row[SURFACES.index(name)] = share
        if shares:
            row += max(0.0, 1 - row.sum()) / len(SURFACES)
    looked = np.asarray(seen.any(axis=1))
    where = np.zeros((len(region), len(REGIONS)), np.float32)
    where[np.arange(len(region)), [REGIONS.index(name) for name in region]] = 1
    return Sightings(
        surface=seen.astype(np.float16),
        region=(where * looked[:, None]).astype(np.float16),
        boundary=np.zeros(len(surface), np.float16),
        pixels=np.where(looked, pixels, 0).astype(np.int32),
        color=np.full((len(surface), 3), 128, np.uint8),
        surfaces=SURFACES,
        regions=REGIONS,
    )
