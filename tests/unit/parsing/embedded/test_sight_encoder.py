# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded default embeds masks by what is seen of their elements, by names and by bones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.parsing.embedded.names_encoder import NamesMaskEncoder
from core.parsing.embedded.sight_encoder import SightMaskEncoder, SightText, make_sight_encoder
from core.parsing.images import Images
from core.parsing.labelling.fusion import classify
from core.parsing.masks import MaskSet
from core.parsing.seams import TextSide
from core.parsing.sight.sightings import Sightings

from ..paper_doll import ELEMENTS, truth, write_paper_doll
from ..seen_doll import sightings_of

ALL = ("sight", "names", "bones")
WORDS = ("head", "jacket", "skirt", "bag")
# The doll's materials say head, shirt, trousers and bag; it looks different.
LOOK = ({"skin": 0.9}, {"jacket": 0.9}, {"dress": 0.9}, {"bag": 0.9})
PLACE = ("head", "torso", "thigh", "none")


def look(frame: int = 1) -> Sightings:
    return sightings_of([LOOK[t] for t in truth()], [PLACE[t] for t in truth()])


@pytest.fixture(params=[False, True], ids=["constant", "sequence"])
def images(request: pytest.FixtureRequest, tmp_path: Path) -> Images:
    return Images(write_paper_doll(tmp_path, sequence=request.param))


def parts_of(text: TextSide, embeddings: np.ndarray, words: tuple[str, ...]) -> list[int]:
    """The most probable word of every mask, -1 if "something else" is."""
    votes = probabilities(text, embeddings, words)
    best = votes[:, : len(words) + 1].argmax(axis=1)
    return [b if b < len(words) else -1 for b in best.tolist()]


def probabilities(text: TextSide, embeddings: np.ndarray, words: tuple[str, ...]) -> np.ndarray:
    """(N, K + 2), the last two of "something else" and of "several things"."""
    typed, thing = text.encode_text([[word] for word in words])
    distractors, _ = text.encode_distractors()
    things = np.concatenate([thing, len(words) + np.arange(len(distractors))])
    words_and_others = np.concatenate([typed, distractors])
    return classify(embeddings, words_and_others, text.logit_scale, things)


def parts_masks(images: Images, frame: int, view: int) -> MaskSet:
    """The true parts that are shown."""
    image = images.image(frame, view)
    return MaskSet.from_labels(truth()[image.element[image.silhouette]])


def test_masks_are_what_is_seen_where_names_are_no_evidence(images: Images) -> None:
    encoder = SightMaskEncoder(images, ("sight", "bones"), look)
    masks = parts_masks(images, 3, 0)
    rows = encoder.encode(images.image(3, 0), masks, 3)
    words = ("head", "jacket", "dress", "bag")
    assert parts_of(encoder.text, rows, words) == [0, 1, 2, 3]


def test_masks_are_what_they_are_named_where_names_tell(images: Images) -> None:
    encoder = SightMaskEncoder(images, ALL, look)
    rows = encoder.encode(images.image(3, 0), parts_masks(images, 3, 0), 3)
    words = ("head", "shirt", "trousers", "bag", "jacket", "dress")
    assert parts_of(encoder.text, rows, words) == [0, 1, 2, 3]


@pytest.mark.parametrize("evidence", [("names", "bones"), ("names",), ("bones",)])
def test_without_sight_the_embeddings_are_those_of_names_and_bones(
    images: Images, evidence: tuple[str, ...]
) -> None:
    encoder, other = make_sight_encoder(images, evidence, look), NamesMaskEncoder(images, evidence)
    for frame in images.frames:
        for view in range(2):
            image, masks = images.image(frame, view), parts_masks(images, frame, view)
            np.testing.assert_array_equal(
                encoder.encode(image, masks, frame), other.encode(image, masks, frame)
            )
    words = [["head"], ["shirt"], ["left leg"]]
    mine, others = encoder.text.encode_text(words), other.text.encode_text(words)
    np.testing.assert_array_equal(mine[0], others[0])


def test_where_nothing_was_looked_at_names_and_bones_go_on(images: Images) -> None:
    encoder = make_sight_encoder(images, ALL, None)
    rows = encoder.encode(images.image(1, 0), parts_masks(images, 1, 0), 1)
    assert parts_of(encoder.text, rows, ("head", "shirt", "trousers")) == [0, 1, 2]
    assert isinstance(make_sight_encoder(images, ("sight",), None), NamesMaskEncoder)


def test_neither_names_nor_bones_are_read_where_they_are_no_evidence(images: Images) -> None:
    named, boned = (NamesMaskEncoder(images, (evidence,)) for evidence in ("names", "bones"))
    masks = parts_masks(images, 1, 0)
    by_name = named.encode(images.image(1, 0), masks, 1)
    by_bone = boned.encode(images.image(1, 0), masks, 1)
    assert parts_of(named.text, by_name, ("shirt", "trousers"))[1:] == [0, 1]
    assert boned.text.unknown([["Skin"], ["zorblax"]]) == {"zorblax": ()}
    assert parts_of(boned.text, by_bone, ("head", "torso", "bag")) == [0, 1, -1]


def test_rows_have_unit_length(images: Images) -> None:
    encoder = SightMaskEncoder(images, ALL, look)
    image = images.image(3, 0)
    pixels = np.random.default_rng(0).random((20, int(image.silhouette.sum()))) < 0.3
    rows = encoder.encode(image, MaskSet.from_pixels(pixels), 3)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert len(encoder.encode(image, MaskSet.from_pixels(pixels[:0]), 3)) == 0


def test_doubt_about_a_surface_does_not_make_its_mask_several_things(images: Images) -> None:
    shares = {"t-shirt": 0.4, "shirt": 0.3, "jacket": 0.3}
    doubtful = sightings_of([shares] * ELEMENTS, ["torso"] * ELEMENTS)
    encoder = SightMaskEncoder(images, ("sight",), lambda frame: doubtful)
    image = images.image(1, 0)
    shirt = MaskSet.from_labels(np.zeros(int(image.silhouette.sum()), np.int64))
    rows = encoder.encode(image, shirt, 1)
    assert rows[0, 0] < 0.02  # "several things"
    assert rows[0, 1] > 0.2  # doubt
    assert parts_of(encoder.text, rows, ("upper clothing", "trousers")) == [0]


def test_a_mask_over_several_things_is_none_of_them(images: Images) -> None:
    encoder = SightMaskEncoder(images, ("sight",), look)
    image = images.image(1, 0)
    part = truth()[image.element[image.silhouette]]
    both = MaskSet.from_labels(np.where(part == 0, -1, 0))
    rows = encoder.encode(image, both, 1)
    assert rows[0, 0] > 0.4
    assert probabilities(encoder.text, rows, ("jacket", "dress"))[0, -1] > 0.8


def test_elements_that_were_not_looked_at_take_what_is_seen_beside_them(tmp_path: Path) -> None:
    images = Images(write_paper_doll(tmp_path))
    seen = look()
    seen.pixels[::3], seen.surface[::3], seen.region[::3] = 0, 0, 0
    encoder = SightMaskEncoder(images, ("sight",), lambda frame: seen)
    image = images.image(1, 0)
    element = image.element[image.silhouette]
    masks = MaskSet.from_labels(np.where(element % 3 == 0, truth()[element], -1))
    assert parts_of(encoder.text, encoder.encode(image, masks, 1), WORDS)[:2] == [0, 1]


def test_words_return_from_their_arrays(images: Images) -> None:
    encoder = SightMaskEncoder(images, ALL, look)
    again = SightText.from_arrays(encoder.text.to_arrays())
    words = [["left arm"], ["coat", "jacket"], ["gown"]]
    np.testing.assert_allclose(
        again.encode_text(words)[0], encoder.text.encode_text(words)[0], atol=1e-5
    )
    np.testing.assert_allclose(
        again.encode_distractors()[0], encoder.text.encode_distractors()[0], atol=1e-6
    )
    names = NamesMaskEncoder(images).text
    assert np.array_equal(
        SightText.from_arrays(names.to_arrays()).encode_text(words)[0], names.encode_text(words)[0]
    )
