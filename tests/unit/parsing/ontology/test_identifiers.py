# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of objects and materials give up their words, concepts and sides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.parsing.ontology.identifiers import read, split_words
from core.parsing.ontology.ontology import LEFT, NO_SIDE, RIGHT, Ontology


def concepts_of(name: str) -> list[str]:
    ontology = Ontology.load()
    return [ontology.names[c] for c in read(name, ontology).concepts]


@pytest.mark.parametrize(
    ("name", "words", "side"),
    [
        ("mixamorig:LeftForeArm", ("mixamorig", "fore", "arm"), LEFT),
        ("DEF-upper_arm.L.001", ("def", "upper", "arm"), LEFT),
        ("J_Bip_L_UpperArm", ("j", "bip", "upper", "arm"), LEFT),
        ("Bip01 R Thigh", ("bip", "thigh"), RIGHT),
        ("Bip001-R-Foot", ("bip", "foot"), RIGHT),
        ("thigh_l", ("thigh",), LEFT),
        ("lowerarm_twist_01_l", ("lowerarm", "twist"), LEFT),
        ("lCollar", ("collar",), LEFT),
        ("LHipJoint", ("hip", "joint"), LEFT),
        ("CC_Base_L_Thigh", ("cc", "base", "thigh"), LEFT),
        ("ShoeL", ("shoe",), LEFT),
        ("LeftRightBridge", ("bridge",), NO_SIDE),
        ("", (), NO_SIDE),
    ],
)
def test_an_identifier_splits_into_words_and_a_side(
    name: str, words: tuple[str, ...], side: int
) -> None:
    assert split_words(name) == (words, side)


@pytest.mark.parametrize(
    ("name", "concepts"),
    [
        ("male_casualsuit01", ["suit"]),
        ("Tightjeans", ["jeans"]),
        ("WinterBoots", ["boot"]),
        ("F_Dress_02", ["dress"]),
        ("Knight_ArmLeft", ["arm"]),
        ("ponytail01", ["ponytail"]),
        ("bob01", ["bob"]),
        ("EyeBrow_mat", ["eyebrow"]),
        ("TieTexture", ["tie"]),
        ("HairBase", ["hair"]),
        ("redhat", ["hat"]),
        ("Suit_Feet", ["suit", "foot"]),
        ("Wolf3D_Outfit_Top", ["upper clothing"]),
        ("Wolf3D_Outfit_Bottom", ["lower clothing"]),
        ("Wolf3D_Outfit_Footwear", ["clothing", "footwear"]),
        ("N00_007_01_Tops_01_CLOTH (Instance)", ["upper clothing"]),
        ("F00_000_HairBack_00_HAIR", ["hair", "hair"]),
        ("EyeIris_00_EYE", ["eye", "iris", "eye"]),
        ("Std_Upper_Teeth", ["upper teeth"]),
        ("Ch46_Hoodie", ["hoodie"]),
        # nothing telling: no junk either
        ("short03", []),
        ("long01", []),
        ("low-poly", []),
        ("hatred", []),
        ("earth", []),
        ("legend", []),
        ("carpet", []),
        ("Material.001", []),
        ("LightBlue", []),
        ("knight_texture", []),
        ("BaseHuman.000", []),
    ],
)
def test_a_name_is_read_as_concepts(name: str, concepts: list[str]) -> None:
    assert concepts_of(name) == concepts


def test_skin_and_figure_words_are_told_apart() -> None:
    ontology = Ontology.load()
    face = read("N00_000_00_Body_00_SKIN (Instance)", ontology)
    assert face.skin and face.figure
    body = read("Farmer_Body", ontology)
    assert body.figure and not body.skin and not body.concepts


def test_unknown_words_are_kept_for_literal_search() -> None:
    assert read("Zorblax_Mesh.002", Ontology.load()).unknown == ("zorblax",)


@given(st.text(max_size=40))
def test_any_text_can_be_read(name: str) -> None:
    reading = read(name, Ontology.load())
    assert reading.side in (NO_SIDE, LEFT, RIGHT)


@given(st.sampled_from(["shoe", "glove", "boot", "earring", "pauldron", "sleeve"]), st.data())
def test_spelling_of_the_side_does_not_matter(word: str, data: st.DataObject) -> None:
    template = data.draw(
        st.sampled_from(["{0}_{1}", "{0}.{1}", "{1}_{0}", "{1} {0} 01", "{0}-{1}"])
    )
    for side, spellings in ((LEFT, ("L", "l", "left", "Left")), (RIGHT, ("R", "r", "RIGHT"))):
        spelling = data.draw(st.sampled_from(spellings))
        reading = read(template.format(word, spelling), Ontology.load())
        assert reading.side == side
        assert len(reading.concepts) == 1
