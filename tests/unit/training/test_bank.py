# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from core.parsing.ontology.ontology import BODY_REGIONS, Ontology
from training.bank import (
    LEVELS,
    REGION_OF_ZONE,
    REGIONS,
    SURFACES,
    ZONES,
    ZONES_OF,
    region_index,
    surface_index,
)


@pytest.mark.parametrize("name", [s for s in SURFACES if s != "skin"])
def test_every_surface_is_a_word_of_the_ontology(name: str) -> None:
    assert Ontology.load().find(name) >= 0


def test_regions_are_those_of_the_parser_and_none() -> None:
    assert (*BODY_REGIONS, "none") == REGIONS


@pytest.mark.parametrize("level", LEVELS)
def test_every_surface_is_one_thing_on_every_level(level: str) -> None:
    members = [name for names in LEVELS[level].values() for name in names]
    assert sorted(members) == sorted(SURFACES)


def test_bare_parts_of_either_side_are_skin_with_a_region() -> None:
    assert surface_index("left forearm") == surface_index("skin")
    assert REGIONS[region_index("right forearm")] == "forearm"


def test_names_of_data_sets_are_understood_and_others_are_not() -> None:
    assert surface_index("jeans") == surface_index("trousers")
    with pytest.raises(KeyError):
        surface_index("spaceship")


def test_every_zone_lies_in_one_region_and_every_region_has_zones() -> None:
    assert len(set(ZONES)) == len(ZONES) == len(REGION_OF_ZONE) > 24
    assert tuple(ZONES_OF) == REGIONS
    for index, name in enumerate(ZONES):
        assert name in ZONES_OF[REGIONS[REGION_OF_ZONE[index]]]


def test_surfaces_of_the_shipped_model_keep_their_places() -> None:
    assert (SURFACES[0], SURFACES[40], len(SURFACES)) == ("skin", "weapon", 48)
