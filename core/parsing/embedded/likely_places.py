# SPDX-License-Identifier: GPL-3.0-or-later
"""Where on the body a surface can be: no shoe is on a hand, whatever it looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..ontology.ontology import BODY_REGIONS, Ontology

UNLIKELY = 0.1  # what is left of the probability of a surface far from where it belongs

_BESIDE = (
    ("head", "neck"), ("neck", "torso"), ("torso", "pelvis"), ("torso", "upper arm"),
    ("upper arm", "forearm"), ("forearm", "hand"), ("pelvis", "thigh"), ("thigh", "lower leg"),
    ("lower leg", "foot"),
)  # fmt: skip


def likely_places(leaves: Sequence[int]) -> np.ndarray:
    """float32 (L, R): 1 where a surface can be, UNLIKELY elsewhere.

    `leaves` are concepts, -1 is bare skin. A garment is where it covers the body and one region
    farther, features of the face are on the head; skin and what is carried can be anywhere.
    """
    ontology = Ontology.load()
    step = np.eye(len(BODY_REGIONS), dtype=bool)
    for a, b in _BESIDE:
        step[BODY_REGIONS.index(a), BODY_REGIONS.index(b)] = True
    step |= step.T
    factor = np.ones((len(leaves), len(BODY_REGIONS)), np.float32)
    for row, concept in zip(factor, leaves, strict=True):
        if concept < 0:
            continue
        own = ontology.covers[concept] > 0
        if ontology.below("hair")[concept]:
            own = step @ own  # long hair
        if not own.any() and ontology.region[concept] >= 0:
            own = np.arange(len(own)) == ontology.region[concept]
        if own.any():
            row[~(step @ own)] = UNLIKELY
    return factor
