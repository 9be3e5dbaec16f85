# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that an encoder reads without their side are one thing until the body tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.quality.methods.words import Words
from core.job.spec import Part

SHOE, HAIR, BOOT = np.eye(3, dtype=np.float32)
ROWS = {"shoe": SHOE, "boot": BOOT, "hair": HAIR, "?": np.zeros(3, np.float32)}


class SideBlindText:
    """`TextSide` with a row for each of three words, which does not know left from right."""

    logit_scale = 10.0

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        rows = [(ROWS[word.split()[-1]], k) for k, words in enumerate(names) for word in words]
        return np.stack([row for row, _ in rows]), np.array([k for _, k in rows], np.int32)

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        return np.array([["left", "right"].index(w[0].split()[0]) + 1 if " " in w[0] else 0
                         for w in names], np.int8)  # fmt: skip

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        raise AssertionError("the published methods have no hidden words")

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        return {words[0]: () for words in names if words[0] == "?"}

    def guessed(self, names: Sequence[Sequence[str]]) -> Sequence[str]:
        return ()

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {}


def words(*names: tuple[str, ...]) -> Words:
    return Words(SideBlindText(), [Part(name[0], name[1:]) for name in names])


def test_two_sides_of_a_word_are_one_thing_with_its_whole_probability() -> None:
    both = words(("left shoe",), ("right shoe",), ("hair",))
    assert both.count == 2
    np.testing.assert_allclose(
        both.probabilities(SHOE[None]), [[1 / (1 + np.exp(-10)), 1 / (1 + np.exp(10))]], rtol=1e-5
    )


def test_a_thing_becomes_the_part_of_the_elements_side() -> None:
    both = words(("left shoe",), ("right shoe",), ("hair",))
    thing, side = np.array([0, 0, 1, -1]), np.array([1, 2, 2, 1])
    np.testing.assert_array_equal(both.parts_of(thing, side), [0, 1, 2, -1])


def test_a_side_nobody_typed_is_no_part() -> None:
    left_only = words(("left shoe",), ("hair",))
    np.testing.assert_array_equal(
        left_only.parts_of(np.array([0, 0, 1]), np.array([1, 2, 0])), [0, -1, 1]
    )


def test_the_best_synonym_counts() -> None:
    shoes = words(("hair",), ("shoe", "boot"))
    np.testing.assert_array_equal(shoes.best(np.stack([BOOT, SHOE, HAIR])), [1, 1, 0])


def test_unknown_words_are_no_things() -> None:
    some = words(("?",), ("hair",), ("shoe",))
    assert some.count == 2
    thing = some.best(np.stack([HAIR, SHOE]))
    np.testing.assert_array_equal(some.parts_of(thing, np.zeros(2, np.int8)), [1, 2])
    assert words(("?",)).count == 0
