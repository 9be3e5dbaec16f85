# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed words find their concepts, and concepts speak for each other as far as they are related."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import core.parsing.ontology.ontology as module
from core.parsing.ontology.ontology import BODY_REGIONS, Meaning, Ontology

LEFT, RIGHT = 1, 2


@pytest.fixture(scope="module")
def ontology() -> Ontology:
    return Ontology.load()


def similarity(ontology: Ontology, seen: str, typed: str) -> float:
    return float(ontology.relations.row(ontology.index[seen])[ontology.index[typed]])


@pytest.mark.parametrize(
    ("typed", "concept", "side"),
    [
        ("trousers", "trousers", 0),
        ("pants", "trousers", 0),
        ("the Pants", "trousers", 0),
        ("blue jeans", "jeans", 0),
        ("T-Shirt", "t-shirt", 0),
        ("tshirts", "t-shirt", 0),
        ("tee", "t-shirt", 0),
        ("polo shirt", "polo shirt", 0),
        ("crop top", "crop top", 0),
        ("scrub top", "scrub top", 0),
        ("top", "top", 0),
        ("bottoms", "lower clothing", 0),
        ("upper clothing", "upper clothing", 0),
        ("lower clothes", "lower clothing", 0),
        ("black leather jacket", "jacket", 0),
        ("sleeve of the jacket", "sleeve", 0),
        ("pair of sneakers", "sneakers", 0),
        ("hair band", "headband", 0),
        ("hoodies", "hoodie", 0),
        ("leggings", "leggings", 0),
        ("pauldrons", "pauldron", 0),
        ("eye-lashes", "eyelash", 0),
        ("teeth", "tooth", 0),
        ("left shoe", "shoe", LEFT),
        ("Right_Hand", "hand", RIGHT),
        ("hand (L)", "hand", LEFT),
        ("foot.R", "foot", RIGHT),
        ("right upper arm", "upper arm", RIGHT),
        ("lower arm", "forearm", 0),
        ("skin", "body", 0),
        ("sombrero", "sombrero", 0),
        ("kneecap", "knee", 0),
    ],
)
def test_a_typed_phrase_means_one_concept_and_side(
    ontology: Ontology, typed: str, concept: str, side: int
) -> None:
    assert ontology.lookup(typed) == Meaning(concept, side)


@pytest.mark.parametrize("typed", ["", "left", "zorblax", "short", "??", "of the", "qwerty uiop"])
def test_a_phrase_that_grounds_nowhere_has_no_meaning(ontology: Ontology, typed: str) -> None:
    assert ontology.lookup(typed) is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("trowsers", "trousers"), ("snekers", "sneakers"), ("jaket", "jacket")]
)
def test_a_misspelt_word_brings_the_right_suggestion(
    ontology: Ontology, typed: str, meant: str
) -> None:
    assert ontology.lookup(typed) is None
    assert meant in ontology.suggest(typed)


@pytest.mark.parametrize(
    ("seen", "typed", "low", "high"),
    [
        ("jeans", "jeans", 1.0, 1.0),
        ("sneakers", "footwear", 0.85, 0.95),  # is-a
        ("footwear", "sneakers", 0.6, 0.8),  # may be
        ("forearm", "arm", 0.85, 0.95),  # part-of
        ("arm", "forearm", 0.3, 0.55),  # has part
        ("jeans", "shorts", 0.4, 0.65),  # kinds of one thing
        ("shirt", "jacket", 0.3, 0.6),
        ("glove", "hat", 0.0, 0.0),  # only both clothing
        ("thigh", "head", 0.0, 0.0),
        ("shirt", "trousers", 0.0, 0.0),
    ],
)
def test_similarity_follows_the_relation(
    ontology: Ontology, seen: str, typed: str, low: float, high: float
) -> None:
    assert low - 1e-6 <= similarity(ontology, seen, typed) <= high + 1e-6


def test_a_nearer_relation_is_a_stronger_one(ontology: Ontology) -> None:
    typed = ["jeans", "trousers", "lower clothing", "clothing", "glove"]
    values = [similarity(ontology, "jeans", word) for word in typed]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_a_finger_counts_for_hand_and_arm_but_not_for_the_other_limbs(ontology: Ontology) -> None:
    assert similarity(ontology, "thumb", "hand") > similarity(ontology, "thumb", "arm") > 0.6
    assert similarity(ontology, "thumb", "foot") == 0


def test_garments_inherit_what_they_cover(ontology: Ontology) -> None:
    def covered(name: str) -> set[str]:
        row = ontology.covers[ontology.index[name]]
        return {region for region, weight in zip(BODY_REGIONS, row, strict=True) if weight == 1}

    assert covered("jeans") == {"pelvis", "thigh", "lower leg"}
    assert covered("t-shirt") == {"torso", "upper arm"}
    assert covered("sneakers") == {"foot"}
    assert covered("bowler hat") == {"head"}


@pytest.mark.parametrize(
    ("part", "region"),
    [
        ("thumb", "hand"),
        ("toe", "foot"),
        ("nose", "head"),
        ("breast", "torso"),
        ("shin", "lower leg"),
    ],
)
def test_a_body_part_lies_in_its_region(ontology: Ontology, part: str, region: str) -> None:
    assert BODY_REGIONS[ontology.region[ontology.index[part]]] == region


def test_every_relation_and_coverage_refers_to_existing_concepts() -> None:
    data = Path(module.__file__).parent / "data"
    parts = tomllib.loads((data / "parts.toml").read_text("utf-8"))
    known = set(Ontology.load().names)
    wordnet = {line.split("\t")[0] for line in (data / "wordnet_parts.tsv").open(encoding="utf-8")}
    assert set(parts["drop"]) <= wordnet
    assert set(parts["unrelating"]) <= known
    for name, entry in parts["concept"].items():
        related = {*entry.get("is_a", ()), *entry.get("part_of", ())}
        assert related <= known, (name, related - known)
        assert set(entry.get("wordnet", ())) <= wordnet, name
    for table in ("bone_words", "bone_glyphs", "region"):
        assert set(parts[table].values()) <= known


def test_no_concept_is_its_own_ancestor(ontology: Ontology) -> None:
    for concept, name in enumerate(ontology.names):
        above = list(ontology.relations.upwards(concept))[1:]
        assert all(concept not in list(ontology.relations.upwards(a)) for a in above), name
