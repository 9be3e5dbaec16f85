# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen and what is named make one evidence, each as far as it tells something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from core.parsing.embedded.mixtures import MOST_SEEN, Mixture, SightEncoder
from core.parsing.embedded.name_weights import NAME_WEIGHT, NAMES_UNREAD, NameWeights
from core.parsing.embedded.names_space import NameTables
from core.parsing.embedded.rows import distinct_rows
from core.parsing.embedded.seen_surfaces import seen_surfaces
from core.parsing.embedded.word_space import SHARPNESS, SOMETHING_ELSE
from core.parsing.ontology.ontology import BODY_REGIONS

from ..seen_doll import SURFACES, sightings_of

NOTHING_ELSE = "(something else)"
Element = tuple[str, dict[str, float], str]  # material, surfaces seen, region seen


def encoder_of(
    elements: Sequence[Element], weights: NameWeights = NAME_WEIGHT, sides: Sequence[int] = ()
) -> tuple[SightEncoder, Mixture]:
    """Elements without bones, as of a scan; side 0 unless `sides` tells one."""
    materials = tuple(dict.fromkeys(name for name, _, _ in elements if name))
    seen = seen_surfaces(sightings_of([e[1] for e in elements], [e[2] for e in elements]))
    material = np.array([materials.index(e[0]) if e[0] else -1 for e in elements])
    none = np.full(len(elements), -1)
    names = NameTables((), materials)
    side = np.array(sides) if len(sides) else np.zeros(len(elements), int)
    rows = distinct_rows(names, none, material, none, body_region=seen.region, side=side)
    return SightEncoder.from_rows(names, *rows, seen, weights)


def scores_of(encoder: SightEncoder, word: str) -> np.ndarray:
    """(U,) of a word that is known."""
    scores = encoder.word_scores(word)
    assert scores is not None
    return scores


def expected(mixture: Mixture, rows: np.ndarray) -> np.ndarray:
    """(E, ...) means of the combinations' `rows` (U, ...), by their shares in each element."""
    return np.einsum("em,em...->e...", mixture.share, rows[mixture.index])


def labels(
    elements: Sequence[Element],
    words: Sequence[str],
    weights: NameWeights = NAME_WEIGHT,
    sides: Sequence[int] = (),
) -> list[str]:
    encoder, mixture = encoder_of(elements, weights, sides)
    scores = np.stack([scores_of(encoder, w) for w in words])  # (K, U)
    scores = np.vstack([scores, np.full_like(scores[:1], SOMETHING_ELSE)])
    masks = expected(mixture, encoder.combination_vectors)
    text = np.vstack([encoder.encode_text([[w] for w in words]), encoder.encode_distractors()])
    measured = encoder.logit_scale * masks @ text.T / SHARPNESS
    np.testing.assert_allclose(measured, expected(mixture, scores.T), atol=1e-3)
    return [[*words, NOTHING_ELSE][best] for best in measured.argmax(axis=1)]


BARE = ("", {"skin": 0.9}, "forearm")
SLEEVE = ("", {"t-shirt": 0.8}, "upper arm")
FRONT = ("", {"t-shirt": 0.6, "shirt": 0.3}, "torso")
LEG = ("", {"trousers": 0.9}, "thigh")
FOOT = ("", {"shoe": 0.9}, "foot")
HEAD = ("", {"hair": 0.8, "skin": 0.1}, "head")
PERSON = [BARE, SLEEVE, FRONT, LEG, FOOT, HEAD]


def test_a_nameless_figure_becomes_dressed_by_sight() -> None:
    words = ["skin", "t-shirt", "trousers", "shoes", "hair"]
    wanted = ["skin", "t-shirt", "t-shirt", "trousers", "shoes", "hair"]
    assert labels(PERSON, words) == wanted


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["upper clothing", "lower clothing", "footwear"], [-1, 0, 0, 1, 2, -1]),
        (["blouse", "jeans", "sneakers"], [-1, 0, 0, 1, 2, -1]),
        (["top", "slacks", "moccasins", "head"], [-1, 0, 0, 1, 2, 3]),
        (["clothes", "body", "hair"], [1, 0, 0, 0, 0, 2]),
        (["arm", "torso", "leg", "foot", "head"], [0, 0, 1, 2, 3, 4]),
        (["arm", "shirt", "trousers"], [0, 1, 1, 2, -1, -1]),
        (["sleeves", "shirt", "trousers"], [-1, 1, 1, 2, -1, -1]),
        (["sleeves", "trousers"], [-1, 0, -1, 1, -1, -1]),
    ],
)
def test_typed_words_find_what_is_seen(words: list[str], expected: list[int]) -> None:
    assert labels(PERSON, words) == [[*words, NOTHING_ELSE][e] for e in expected]


def test_body_parts_that_are_seen_have_the_sides_of_the_body() -> None:
    words = ["left arm", "right arm", "shirt", "left leg", "right leg"]
    elements = [BARE, BARE, SLEEVE, SLEEVE, LEG, LEG]
    sides = [1, 2, 1, 2, 1, 2]
    wanted = ["left arm", "right arm", "shirt", "shirt", "left leg", "right leg"]
    assert labels(elements, words, sides=sides) == wanted
    without = ["left arm", "right arm", "left leg", "right leg"]
    bare = ["left arm", "right arm"]
    assert labels(elements, without, sides=sides) == [*bare, *bare, "left leg", "right leg"]


def test_of_several_words_for_what_is_seen_the_nearest_counts() -> None:
    shirt = ("", {"shirt": 0.9}, "torso")
    assert labels([shirt], ["blouse", "shirt", "jacket"]) == ["shirt"]
    assert labels([shirt], ["blouse", "jacket"]) == ["blouse"]
    assert labels([("", {"jacket": 0.9}, "torso")], ["shirt", "blazer"]) == ["blazer"]


def test_telling_names_win_over_sight() -> None:
    mistaken = {"t-shirt": 0.9}
    elements = [("Jacket", mistaken, "torso"), ("Skin", mistaken, "torso")]
    assert labels(elements, ["t-shirt", "jacket", "torso"]) == ["jacket", "torso"]


def test_sight_wins_over_names_that_tell_little() -> None:
    elements = [(name, {"jacket": 0.9}, "torso") for name in ("Material.001", "Body", "suit")]
    elements += [("Skin", {"skin": 0.9}, "hand")]
    wanted = ["jacket", "jacket", "jacket", "hand"]
    assert labels(elements, ["sweater", "jacket", "torso", "hand"]) == wanted


def test_names_are_not_read_where_they_are_no_evidence() -> None:
    elements = [("Jacket", {"t-shirt": 0.9}, "torso")]
    assert labels(elements, ["t-shirt", "jacket"], NAMES_UNREAD) == ["t-shirt"]


def test_the_weights_of_names_can_be_chosen() -> None:
    elements = [("Jacket", {"t-shirt": 0.9}, "torso")]
    assert labels(elements, ["t-shirt", "jacket"], NameWeights(named=0.1)) == ["t-shirt"]


def test_where_sight_did_not_look_telling_names_count_alone_and_others_say_nothing() -> None:
    elements = [("Jacket", {}, "torso"), ("Material", {}, "torso"), LEG]
    wanted = ["jacket", NOTHING_ELSE, "trousers"]
    assert labels(elements, ["jacket", "trousers", "shirt", "torso"]) == wanted


def test_a_word_that_only_this_file_knows_is_found_whatever_is_seen() -> None:
    elements = [("Zorblax", {"jacket": 0.9}, "torso"), LEG]
    assert labels(elements, ["zorblax", "trousers"]) == ["zorblax", "trousers"]


def test_what_lies_on_no_body_part_has_no_place() -> None:
    elements = [("", {"bag": 0.9}, "none"), ("", {"skin": 0.9}, "none")]
    assert labels(elements, ["bag", "torso"])[0] == "bag"
    assert labels(elements, ["back", "skin"]) == [NOTHING_ELSE, "skin"]


def test_doubt_is_shared_between_what_it_may_be() -> None:
    doubtful = ("", {"t-shirt": 0.5, "jacket": 0.3, "skin": 0.2}, "torso")
    encoder, mixture = encoder_of([doubtful])
    scores = [scores_of(encoder, w) for w in ("t-shirt", "skin", "upper clothing")]
    shirt, skin, upper = (float(expected(mixture, s)[0]) for s in scores)
    assert upper > shirt > skin > 0.1
    assert mixture.share.sum() == pytest.approx(1)


def test_garments_neither_named_nor_seen_are_called_guesses() -> None:
    encoder, _ = encoder_of([*PERSON, ("Mat", {}, "foot")])
    assert encoder.guessed([["t-shirt"], ["trousers"], ["arm"]]) == ()
    noise = [("Mat", {"skin": 0.8, "hat": 0.1}, "torso")] * 10
    believed = NameWeights(plain=0.15)
    assert encoder_of(noise, believed)[0].guessed([["shirt"], ["torso"]]) == ("shirt",)
    unread = encoder_of(noise, NameWeights(plain=0.0))[0]
    assert unread.guessed([["shirt"], ["torso"]]) == ()  # nothing is not guessed from


def test_an_encoder_returns_from_its_arrays_and_reads_new_words(tmp_path) -> None:
    elements = [*PERSON, ("Jacket_Zorblax", {"jacket": 0.9}, "torso")]
    encoder, _ = encoder_of(elements, sides=[1, 2, 0, 1, 2, 0, 0])
    arguments: dict[str, Any] = encoder.to_arrays()
    np.savez(tmp_path / "text.npz", **arguments)
    with np.load(tmp_path / "text.npz", allow_pickle=False) as arrays:
        again = SightEncoder.from_arrays(dict(arrays))
    words = [["left arm"], ["sneakers", "boots"], ["zorblax"], ["jeans"]]
    np.testing.assert_allclose(again.encode_text(words), encoder.encode_text(words), atol=1e-5)
    np.testing.assert_array_equal(again.combination_vectors, encoder.combination_vectors)
    assert again.guessed(words) == encoder.guessed(words)
    assert list(again.unknown([["flurbl"]])) == ["flurbl"]


def test_arrays_of_another_version_are_refused() -> None:
    arrays = encoder_of(PERSON)[0].to_arrays()
    strange = [str(text).replace("trousers", "flurbl") for text in arrays["combinations"]]
    with pytest.raises(ValueError, match="another version"):
        SightEncoder.from_arrays({**arrays, "combinations": np.array(strange, np.str_)})
    arrays["combination_vectors"] = arrays["combination_vectors"][:-1]
    with pytest.raises(ValueError, match="another version"):
        SightEncoder.from_arrays(arrays)


def test_noise_does_not_make_vectors_long() -> None:
    rng = np.random.default_rng(0)
    elements = []
    for _ in range(3000):
        shares = dict(zip(rng.permutation(SURFACES)[:3], (0.5, 0.3, 0.2), strict=True))
        elements.append(("", shares, BODY_REGIONS[rng.integers(10)]))
    encoder, mixture = encoder_of(elements, sides=rng.integers(0, 3, 3000).tolist())
    assert len(encoder.combination_vectors) <= MOST_SEEN + 40
    np.testing.assert_allclose(mixture.share.sum(axis=1), 1, atol=1e-5)
