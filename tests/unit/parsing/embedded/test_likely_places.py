# SPDX-License-Identifier: GPL-3.0-or-later
"""Surfaces are believed where they can be worn."""

from __future__ import annotations

import numpy as np
import pytest

from core.parsing.embedded.likely_places import UNLIKELY, likely_places
from core.parsing.embedded.mixtures import SightEncoder
from core.parsing.embedded.name_weights import NAME_WEIGHT
from core.parsing.embedded.names_space import NameTables
from core.parsing.embedded.rows import distinct_rows
from core.parsing.embedded.seen_surfaces import seen_surfaces
from core.parsing.ontology.ontology import BODY_REGIONS, Ontology

from ..seen_doll import sightings_of


@pytest.mark.parametrize(
    ("surface", "places", "elsewhere"),
    [
        ("shoe", ["foot", "lower leg"], ["hand", "head", "thigh"]),
        ("eye", ["head", "neck"], ["hand", "torso"]),
        ("hair", ["head", "torso", "upper arm"], ["hand", "foot"]),
        ("trousers", ["pelvis", "foot", "torso"], ["head", "hand"]),
        ("jacket", ["torso", "hand", "pelvis", "neck"], ["foot", "head"]),
        ("bag", list(BODY_REGIONS), []),
    ],
)
def test_garments_reach_one_region_beyond_what_they_cover(
    surface: str, places: list[str], elsewhere: list[str]
) -> None:
    factor = likely_places([Ontology.load().index[surface], -1])
    found = dict(zip(BODY_REGIONS, factor[0].tolist(), strict=True))
    assert all(found[place] == 1 for place in places)
    assert all(found[place] == pytest.approx(UNLIKELY) for place in elsewhere)
    assert np.all(factor[1] == 1)  # skin


def test_a_bone_corrects_what_cannot_be_there() -> None:
    seen = seen_surfaces(sightings_of([{"eye": 0.6, "skin": 0.3}] * 2, ["hand", "hand"]))
    none, bone = np.full(2, -1), np.array([0, 1])
    names = NameTables((), (), ("LeftHand", "Head"), (-1, -1))
    rows = distinct_rows(names, none, none, bone, body_region=seen.region)
    encoder, mixture = SightEncoder.from_rows(names, *rows, seen, NAME_WEIGHT)
    found = [encoder.word_scores(word) for word in ("left hand", "eyes")]
    scores = np.stack([one for one in found if one is not None])
    hand, head = np.einsum("em,kem->ek", mixture.share, scores[:, mixture.index])
    assert hand.argmax() == 0 and head.argmax() == 1
