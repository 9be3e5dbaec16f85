# SPDX-License-Identifier: GPL-3.0-or-later
"""Coarse groups of surfaces: kinds of one thing, which are easily taken for each other."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..ontology.ontology import Ontology

# What a user may call all of; the first that a surface belongs to is its group.
GROUPS = (
    "footwear", "hosiery", "headwear", "handwear", "armor", "undergarment", "lower clothing",
    "full-body clothing", "upper clothing", "hair", "body", "accessory",
)  # fmt: skip


@lru_cache(maxsize=2)
def group_members(surfaces: tuple[str, ...]) -> np.ndarray:
    """float32 (L, G): 1 where a surface belongs to a group; every surface to exactly one.

    Surfaces of no group share the last column.
    """
    ontology = Ontology.load()
    members = np.zeros((len(surfaces), len(GROUPS) + 1), np.float32)
    for row, name in enumerate(surfaces):
        meaning = ontology.lookup(name)
        concept = -1 if meaning is None else ontology.index[meaning.concept]
        inside = [concept >= 0 and ontology.within(group)[concept] for group in GROUPS]
        members[row, inside.index(True) if any(inside) else -1] = 1
    return members
