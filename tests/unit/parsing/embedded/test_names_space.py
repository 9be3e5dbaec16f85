# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoder labels surfaces of named, half-named and nameless characters as a person would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.parsing.embedded.names_space import SHARPNESS, NamesEncoder, NameTables
from core.parsing.ontology.ontology import BODY_REGIONS

BONES = (
    "Hips", "Spine", "Neck", "Head", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
    "RightShoulder", "RightArm", "RightForeArm", "RightHand", "LeftUpLeg", "LeftLeg", "LeftFoot",
    "RightUpLeg", "RightLeg", "RightFoot",
)  # fmt: skip
PARENTS = (-1, 0, 1, 2, 1, 4, 5, 6, 1, 8, 9, 10, 0, 12, 13, 0, 15, 16)
NOTHING_ELSE = "(something else)"


def encoder_of(elements: Sequence[tuple[str, str, str]]) -> NamesEncoder:
    """An encoder with one element per (object, material, bone); "" = none."""
    objects, materials = (tuple(dict.fromkeys(e[i] for e in elements if e[i])) for i in range(2))
    tables = (objects, materials, BONES)
    columns = [
        np.array([tables[i].index(e[i]) if e[i] else -1 for e in elements], np.int32)
        for i in range(3)
    ]
    return NamesEncoder.from_facts(NameTables(objects, materials, BONES, PARENTS), *columns)


def probabilities(encoder: NamesEncoder, masks: np.ndarray, words: Sequence[str]) -> np.ndarray:
    """(N, K + 1): softmax over the words and the distractor, last."""
    text = np.vstack([encoder.encode_text([[w] for w in words]), encoder.encode_distractors()])
    logits = encoder.logit_scale * masks @ text.T
    likely = np.exp(logits - logits.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def labels(elements: Sequence[tuple[str, str, str]], words: Sequence[str]) -> list[str]:
    encoder = encoder_of(elements)
    masks = encoder.combination_vectors[encoder.element_combination]
    best = probabilities(encoder, masks, words).argmax(axis=1)
    return [[*words, NOTHING_ELSE][b] for b in best]


DRESSED = [
    ("Body", "Skin", "Head"),
    ("Body", "Skin", "LeftHand"),
    ("Body", "Skin", "RightForeArm"),
    ("Hair01", "hair_mat", "Head"),
    ("Tightjeans", "denim", "LeftUpLeg"),
    ("Jacket_Leather", "brown", "Spine"),
    ("Sneakers", "white", "RightFoot"),
]


def test_named_surfaces_get_their_names_and_skin_gets_its_bones() -> None:
    words = ["head", "hands", "right forearm", "hair", "trousers", "jacket", "shoes"]
    assert labels(DRESSED, words) == words


def test_a_pure_mask_of_the_right_part_is_sure_and_an_unrelated_one_is_nothing() -> None:
    encoder = encoder_of(DRESSED)
    masks = encoder.combination_vectors[encoder.element_combination]
    words = ["head", "hand", "forearm", "hair", "jeans", "jacket", "sneakers"]
    sure = probabilities(encoder, masks, words)
    assert np.all(np.diag(sure) > 0.9)
    assert np.all(probabilities(encoder, masks, ["tail", "sword"])[:, -1] > 0.9)


def test_the_dot_product_is_the_relation_up_to_one_factor() -> None:
    encoder = encoder_of([("Jeans", "", "LeftUpLeg"), ("Jeans", "", "RightUpLeg")])
    v = encoder.combination_vectors[encoder.element_combination]
    t = encoder.encode_text([["jeans"], ["trousers"], ["left jeans"], ["shoe"]])
    # Jeans are jeans (times .98: typed without the side), one is-a step .95 below trousers, and
    # jeans of the wrong side count .06; no relation leads from jeans to shoes.
    expected = [[0.98, 0.98 * 0.95, 1.0, 0.0], [0.98, 0.98 * 0.95, 0.06, 0.0]]
    measured = encoder.logit_scale / SHARPNESS * v @ t.T
    np.testing.assert_allclose(measured, expected, atol=1e-4)


def test_a_garment_name_beats_the_bone_but_the_body_part_is_better_than_nothing() -> None:
    elements = [("Jeans", "", "LeftUpLeg"), ("Jeans", "", "RightLeg")]
    assert labels(elements, ["left thigh", "right lower leg", "trousers"]) == ["trousers"] * 2
    assert labels(elements, ["left leg", "right leg", "jacket"]) == ["left leg", "right leg"]


def test_one_outfit_is_split_into_garments_by_the_bones() -> None:
    outfit = [
        ("male_casualsuit01", "", bone) for bone in ("Spine", "LeftArm", "Hips", "RightUpLeg")
    ]
    skin = [("body", "skin", "Head")]
    words = ["t-shirt", "trousers", "head", "torso"]
    expected = ["t-shirt", "t-shirt", "trousers", "trousers", "head"]
    assert labels(outfit + skin, words) == expected


def test_unnamed_surfaces_of_a_character_with_skin_are_clothes_for_their_place() -> None:
    elements = [
        ("Farmer_Body", "Skin", "LeftForeArm"),
        ("Farmer_Body", "Brown", "Spine"),
        ("Farmer_Legs", "LightBlue", "LeftUpLeg"),
        ("Farmer_Feet", "Black", "LeftFoot"),
        ("Farmer_Head", "Red", "Head"),
    ]
    words = ["left forearm", "shirt", "pants", "boots", "hair"]
    assert labels(elements, [*words, "head", "torso"]) == words


def test_avatars_with_the_material_names_of_vroid_are_read() -> None:
    elements = [
        ("Body", "N00_000_00_Body_00_SKIN (Instance)", "LeftHand"),
        ("Face", "N00_000_00_Face_00_SKIN (Instance)", "Head"),
        ("Face", "N00_000_00_EyeIris_00_EYE (Instance)", "Head"),
        ("Face", "N00_000_00_FaceMouth_00_FACE (Instance)", "Head"),
        ("Body", "N00_007_01_Tops_01_CLOTH (Instance)", "LeftArm"),
        ("Body", "N00_007_01_Bottoms_01_CLOTH (Instance)", "LeftUpLeg"),
        ("Body", "N00_008_01_Shoes_01_CLOTH (Instance)", "LeftFoot"),
        ("Hair", "N00_000_Hair_00_HAIR_01 (Instance)", "Head"),
    ]
    words = ["left hand", "face", "eyes", "mouth", "top", "pants", "left shoe", "hair"]
    assert labels(elements, words) == words


def test_avatars_with_the_mesh_names_of_ready_player_me_are_read() -> None:
    elements = [
        ("Wolf3D_Head", "Wolf3D_Skin", "Head"),
        ("Wolf3D_Teeth", "Wolf3D_Teeth", "Head"),
        ("EyeLeft", "Wolf3D_Eye", "Head"),
        ("Wolf3D_Outfit_Top", "Wolf3D_Outfit_Top", "Spine"),
        ("Wolf3D_Outfit_Bottom", "Wolf3D_Outfit_Bottom", "RightLeg"),
        ("Wolf3D_Outfit_Footwear", "Wolf3D_Outfit_Footwear", "RightFoot"),
        ("Wolf3D_Glasses", "Wolf3D_Glasses", "Head"),
    ]
    words = ["head", "teeth", "left eye", "shirt", "trousers", "right sneaker", "glasses"]
    assert labels(elements, [*words, "right eye", "torso"]) == words


def test_long_unnamed_hair_is_not_taken_for_a_shirt() -> None:
    elements = [("Body", "Skin", "Head"), *[("long01", "", b) for b in ("Head", "Head", "Spine")]]
    assert labels(elements, ["head", "shirt", "hair"]) == ["head", "hair", "hair", "hair"]


def test_a_nameless_naked_character_is_parsed_by_its_bones() -> None:
    elements = [("Mesh", "Material", bone) for bone in ("Head", "Spine", "LeftArm", "RightFoot")]
    words = ["head", "torso", "left upper arm", "right foot", "left foot"]
    assert labels(elements, words) == words[:4]


def test_typed_garments_win_where_a_nameless_character_usually_wears_them() -> None:
    elements = [
        ("Mesh", "_Body", b) for b in ("Head", "Spine", "LeftUpLeg", "RightFoot", "LeftHand")
    ]
    words = ["head", "sweater", "trousers", "shoes", "hands", "torso", "left thigh", "right foot"]
    assert labels(elements, words) == words[:5]


def test_features_of_the_face_beat_the_bone_of_the_head() -> None:
    elements = [
        ("Head", "Skin", "Head"),
        ("Head", "Eyes", "Head"),
        ("Suit_Head", "Eyebrows", "Head"),
    ]
    assert labels(elements, ["head", "eyes", "eyebrows"]) == ["head", "eyes", "eyebrows"]


def test_body_and_skin_match_any_skin_but_no_cloth() -> None:
    for word in ("body", "skin"):
        expected = [word, word, word, *[NOTHING_ELSE] * 4]
        assert labels(DRESSED, [word]) == expected


def test_sides_come_from_names_before_bones() -> None:
    elements = [("ShoeL", "", "Hips"), ("Shoe_R", "", "Hips"), ("Shoes", "", "LeftFoot")]
    expected = ["left shoe", "right shoe", "left shoe"]
    assert labels(elements, ["left shoe", "right shoe"]) == expected


def test_regions_and_sides_stand_in_where_there_are_no_bones() -> None:
    regions = np.array([BODY_REGIONS.index(r) for r in ("head", "hand", "hand", "torso")])
    none = np.full(4, -1)
    encoder = NamesEncoder.from_facts(
        NameTables((), ()), none, none, none, body_region=regions, side=np.array([0, 1, 2, 0])
    )
    words = ["head", "left hand", "right hand", "shirt"]
    masks = encoder.combination_vectors[encoder.element_combination]
    assert probabilities(encoder, masks, words).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_bones_without_telling_names_leave_the_place_to_the_body() -> None:
    regions = np.array([BODY_REGIONS.index(r) for r in ("head", "hand", "foot")])
    none, bone = np.full(3, -1), np.arange(3)
    for bones, told in (
        (("bone.001", "bone.002", "bone.003"), [0, 1, 2]),
        (("Hips",) * 3, [3] * 3),
    ):
        encoder = NamesEncoder.from_facts(
            NameTables((), (), bones, (-1, 0, 1)), none, none, bone, body_region=regions
        )
        masks = encoder.combination_vectors[encoder.element_combination]
        words = ["head", "hand", "foot"]
        assert probabilities(encoder, masks, words).argmax(axis=1).tolist() == told


def test_without_any_evidence_nothing_is_labelled() -> None:
    none = np.full(3, -1)
    encoder = NamesEncoder.from_facts(NameTables((), ()), none, none, none)
    masks = encoder.combination_vectors[-1:]  # of what nothing is known of
    assert probabilities(encoder, masks, ["head", "shirt"]).argmax() == 2


def test_unknown_words_are_reported_with_suggestions_and_get_no_vector() -> None:
    encoder = encoder_of(DRESSED)
    names = [["trowsers"], ["gizmo", "jacket"], ["hair"]]
    unknown = encoder.unknown(names)
    assert list(unknown) == ["trowsers"] and "trousers" in unknown["trowsers"]
    lengths = np.linalg.norm(encoder.encode_text(names), axis=1)
    np.testing.assert_allclose(lengths, [0, 1, 1], atol=1e-6)


def test_of_many_unknown_words_only_the_first_are_compared_with_all_known_ones() -> None:
    unknown = encoder_of(DRESSED).unknown([[f"trowsers{'x' * i}"] for i in range(40)])
    assert len(unknown) == 40
    assert [bool(alike) for alike in unknown.values()].count(True) < 13
    assert not any(list(unknown.values())[12:])


def test_a_word_that_only_this_file_knows_is_found_literally() -> None:
    elements = [("Zorblax_01", "", "Spine"), ("Body", "Skin", "Head")]
    assert encoder_of(elements).unknown([["zorblax"]]) == {}
    assert labels(elements, ["zorblax", "head"]) == ["zorblax", "head"]


def test_the_best_synonym_counts() -> None:
    encoder = encoder_of(DRESSED)
    masks = encoder.combination_vectors[encoder.element_combination]
    for words in (["jeans", "zzz"], ["zzz", "jeans"], ["sword", "jeans"]):
        text = encoder.encode_text([words])
        np.testing.assert_allclose(
            masks[4] @ text[0], masks[4] @ encoder.encode_text([["jeans"]])[0]
        )


def test_masks_of_like_evidence_are_more_alike_than_flipped_limbs() -> None:
    elements = [("Body", "Skin", b) for b in ("LeftArm", "LeftForeArm", "RightArm", "Head")]
    encoder = encoder_of(elements)
    v = encoder.combination_vectors[encoder.element_combination]
    gram = v @ v.T
    assert gram[0, 1] > gram[0, 2]
    assert gram[0, 1] > gram[0, 3]


def test_an_encoder_returns_from_its_arrays_and_keeps_old_masks_valid(tmp_path) -> None:
    encoder = encoder_of(DRESSED)
    arguments: dict[str, Any] = encoder.to_arrays()
    np.savez(tmp_path / "names.npz", **arguments)
    with np.load(tmp_path / "names.npz", allow_pickle=False) as arrays:
        again = NamesEncoder.from_arrays(dict(arrays))
    words = [["left sleeve"], ["trousers"]]
    np.testing.assert_array_equal(again.combination_vectors, encoder.combination_vectors)
    np.testing.assert_array_equal(again.element_combination, encoder.element_combination)
    np.testing.assert_allclose(again.encode_text(words), encoder.encode_text(words), atol=1e-5)
    assert again.names == encoder.names


def test_arrays_of_another_version_are_refused() -> None:
    arrays = encoder_of(DRESSED).to_arrays()
    arrays["combination_vectors"] = arrays["combination_vectors"][:-1]
    with pytest.raises(ValueError, match="another version"):
        NamesEncoder.from_arrays(arrays)


def test_an_index_beyond_its_names_is_refused() -> None:
    with pytest.raises(ValueError, match="names"):
        NamesEncoder.from_facts(
            NameTables(("a",), ()), np.array([1]), np.array([-1]), np.array([-1])
        )


surfaces = st.sampled_from(
    [
        "Body",
        "Skin",
        "Shirt",
        "pants_01",
        "Hair",
        "casualsuit02",
        "short03",
        "Red",
        "Boots",
        "eye.L",
        "",
    ]
)
elements_drawn = st.lists(st.tuples(surfaces, surfaces, st.sampled_from(["", *BONES])), min_size=1)
VOCABULARY = [
    "hair",
    "head",
    "torso",
    "left arm",
    "right arm",
    "shirt",
    "left boot",
    "trousers",
    "skin",
]


@given(elements_drawn)
@settings(deadline=None, max_examples=30)
def test_all_vectors_have_unit_length(elements: list[tuple[str, str, str]]) -> None:
    encoder = encoder_of(elements)
    text = encoder.encode_text([[w] for w in VOCABULARY])
    for vectors in (encoder.combination_vectors, text, encoder.encode_distractors()):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        assert vectors.dtype == np.float32


@given(elements_drawn, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_the_elements_does_not_matter(elements, random) -> None:
    order = list(range(len(elements)))
    random.shuffle(order)
    encoders = [encoder_of(elements), encoder_of([elements[i] for i in order])]
    straight, shuffled = (
        probabilities(e, e.combination_vectors[e.element_combination], VOCABULARY) for e in encoders
    )
    np.testing.assert_allclose(shuffled, straight[order], atol=1e-3)


def mirrored(text: str) -> str:
    for left, right in (("Left", "Right"), ("left", "right"), (".L", ".R")):
        if left in text:
            return text.replace(left, right)
        if right in text:
            return text.replace(right, left)
    return text


@given(elements_drawn)
@settings(deadline=None, max_examples=30)
def test_mirrored_names_give_mirrored_labels(elements) -> None:
    words = ["left arm", "right arm", "left leg", "right leg", "left eye", "right eye", "hair"]
    flipped = [(mirrored(ob), mirrored(m), mirrored(bone)) for ob, m, bone in elements]
    encoders = [encoder_of(elements), encoder_of(flipped)]
    scores = [
        probabilities(e, e.combination_vectors[e.element_combination], words) for e in encoders
    ]
    swap = [words.index(mirrored(w)) for w in words] + [len(words)]
    np.testing.assert_allclose(scores[0], scores[1][:, swap], atol=1e-3)


@given(elements_drawn)
@settings(deadline=None, max_examples=30)
def test_synonyms_have_equal_vectors(elements) -> None:
    encoder = encoder_of(elements)
    for one, other in (("trousers", "pants"), ("sneakers", "Trainers"), ("forearm", "lower arms")):
        vectors = encoder.encode_text([[one], [other]])
        np.testing.assert_array_equal(vectors[0], vectors[1])


def test_a_garment_that_only_bones_suggest_is_called_a_guess():
    indices = np.zeros(2, np.int32), np.array([0, 0], np.int32), np.array([0, 1], np.int32)
    bones = ("chest", "thigh.L")
    nameless = NamesEncoder.from_facts(
        NameTables(("mesh.003",), ("mat",), bones, (-1, -1)), *indices
    )
    named = NamesEncoder.from_facts(NameTables(("Shirt",), ("cloth",), bones, (-1, -1)), *indices)
    words = [("shirt",), ("torso",), ("left thigh",), ("flurbl",)]
    assert nameless.guessed(words) == ("shirt",)
    assert named.guessed(words) == ()
