# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's words, and the classes of ground truths' names."""

from __future__ import annotations

import pytest

from benchmarks.quality.vocabularies import (
    Vocabulary,
    is_joint_part,
    unmapped,
    vocabularies_for,
    without_side,
)
from core.job.spec import JobSpec
from core.job.spec_files import spec_from_json, spec_to_json

SIDED = ("arm", "upper arm", "forearm", "hand", "leg", "thigh", "lower leg", "foot")
# Every fine name of the labelled characters and sequences that the benchmark is run on.
FINE_NAMES = (
    *(f"{side} {part}" for side in ("left", "right") for part in SIDED),
    *("belt", "boots", "cape", "coat", "crop top", "dress", "eyebrows", "eyes", "glasses"),
    *("hair", "hat", "head", "helmet", "jacket", "leggings", "mouth", "neck", "other"),
    *("overalls", "pelvis", "polo shirt", "scarf", "scrub top", "shirt", "shoes", "shorts"),
    *("skirt", "socks", "sweater", "t-shirt", "tank top", "teeth", "tie", "torso", "trousers"),
)
DRESSED = ("head", "hair", "t-shirt", "jacket", "trousers", "shoes", "left hand", "right hand")


def vocabulary(name: str, names=DRESSED, present=DRESSED) -> Vocabulary:
    return next(v for v in vocabularies_for(names, present) if v.name == name)


def class_of(fine: str, name: str) -> str | None:
    """The class of a fine name in a vocabulary of all names; None when it is not scored."""
    found = vocabulary(name, FINE_NAMES, FINE_NAMES)
    k = found.of_truth[FINE_NAMES.index(fine)]
    return found.classes[k] if k >= 0 else None


def test_every_fine_name_has_a_rule_in_every_vocabulary() -> None:
    assert unmapped(FINE_NAMES) == {}


def test_a_name_without_a_rule_is_reported() -> None:
    assert unmapped(("head", "left wing")) == dict.fromkeys(
        ("ctd4", "dress6", "body"), ("left wing",)
    )


@pytest.mark.parametrize(
    ("fine", "ctd4", "dress6", "body"),
    [
        ("jacket", "upper clothing", "outer clothing", None),
        ("t-shirt", "upper clothing", "upper clothing", None),
        ("dress", "upper clothing", "upper clothing", None),
        ("overalls", "lower clothing", "lower clothing", None),
        ("boots", "shoes", "shoes", None),
        ("left hand", "other", "skin", "left hand"),
        ("eyes", "other", "skin", "head"),
        ("hair", "other", "hair", None),
        ("belt", "other", None, None),
        ("other", None, None, None),
    ],
)
def test_fine_names_become_classes(fine: str, ctd4, dress6, body) -> None:
    assert (class_of(fine, "ctd4"), class_of(fine, "dress6"), class_of(fine, "body")) == (
        ctd4,
        dress6,
        body,
    )


def test_the_classes_of_published_benchmarks_stay_the_same_for_every_character() -> None:
    few = ("head", "trousers", "shoes")
    assert vocabulary("ctd4", few, few).classes == vocabulary("ctd4").classes
    assert len(vocabulary("ctd4").parts) == 4
    assert len(vocabulary("dress6", few, few).parts) == 6


def test_body_and_free_type_only_what_the_character_has() -> None:
    assert vocabulary("body").classes == ("head", "left hand", "right hand")
    present = [name for name in DRESSED if name != "left hand"]
    assert "left hand" not in vocabulary("free", DRESSED, present).classes
    assert vocabulary("body", DRESSED, present).of_truth[DRESSED.index("left hand")] == -1


def test_garments_are_not_asked_for_where_there_are_none() -> None:
    knight = ("head", "torso", "left arm", "right arm", "cape")
    assert [v.name for v in vocabularies_for(knight, knight)] == ["body", "free"]


def test_what_is_not_a_part_is_not_typed() -> None:
    names = (*DRESSED, "other")
    free = vocabulary("free", names, names)
    assert "other" not in free.classes
    assert free.of_truth[-1] == -1


def test_a_name_that_stands_twice_in_the_truth_is_typed_once() -> None:
    names = ("head", "hair", "hair")
    assert vocabulary("free", names, names).of_truth == (0, 1, 1)


def test_there_is_nothing_to_ask_of_a_character_with_one_part() -> None:
    assert vocabularies_for(("head",), ("head",)) == ()


def test_every_vocabulary_can_be_typed() -> None:
    for found in vocabularies_for(FINE_NAMES, FINE_NAMES):
        spec = JobSpec(character="all", blend="", parts=found.parts)
        assert spec_from_json(spec_to_json(spec)).parts == found.parts


def test_joints_are_between_body_parts_on_either_side() -> None:
    assert is_joint_part("left upper arm")
    assert is_joint_part("Head")
    assert not is_joint_part("leggings")
    assert not is_joint_part("eyes")
    assert without_side("right lower leg") == "lower leg"
