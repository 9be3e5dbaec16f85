# SPDX-License-Identifier: GPL-3.0-or-later
"""The body, not the encoder, tells a left shoe from a right one."""

from __future__ import annotations

import numpy as np

from core.parsing.labelling.sided_parts import SidedParts

SHOE, HAIR, FOOTWEAR = np.eye(3, dtype=np.float32)


def parts(*sided_words: tuple[int, list[np.ndarray]]) -> SidedParts:
    side = np.array([side for side, _ in sided_words], np.int8)
    vectors = np.array([v for _, words in sided_words for v in words])
    part = np.repeat(np.arange(len(sided_words)), [len(words) for _, words in sided_words])
    return SidedParts.of(side, vectors, part)


def test_evidence_for_the_thing_goes_to_the_part_of_the_elements_side() -> None:
    sided = parts((1, [SHOE]), (2, [SHOE]), (0, [HAIR]))
    scores = np.array([[0.3, 0.3, 0.4]] * 3)
    shared = sided.share_out(scores, np.array([1, 2, 0]))
    np.testing.assert_allclose(
        shared, [[0.6, 0, 0.4, 0], [0, 0.6, 0.4, 0], [0.3, 0.3, 0.4, 0]], atol=1e-12
    )


def test_a_part_of_the_other_side_only_leaves_the_evidence_to_nobody() -> None:
    sided = parts((1, [SHOE]), (0, [HAIR]))
    shared = sided.share_out(np.array([[0.7, 0.3, 0.0]]), np.array([2]))
    np.testing.assert_allclose(shared, [[0, 0.3, 0, 0.7]])


def test_a_part_without_a_side_takes_what_no_sided_part_claims() -> None:
    sided = parts((0, [SHOE]), (1, [SHOE]))
    shared = sided.share_out(np.array([[0.5, 0.5]] * 3), np.array([1, 2, 0]))
    np.testing.assert_allclose(shared, [[0, 1, 0], [1, 0, 0], [1, 0, 0]])


def test_parts_with_other_synonyms_are_other_things() -> None:
    assert len(set(parts((1, [SHOE]), (2, [SHOE, FOOTWEAR])).thing.tolist())) == 2
    assert len(set(parts((1, [FOOTWEAR, SHOE]), (2, [SHOE, FOOTWEAR])).thing.tolist())) == 1


def test_nothing_is_lost_or_made() -> None:
    rng = np.random.default_rng(1)
    sided = parts((1, [SHOE]), (2, [SHOE]), (0, [HAIR]), (2, [HAIR]), (1, [FOOTWEAR]))
    assert sided.any()
    scores = rng.random((40, 7))
    shared = sided.share_out(scores, rng.integers(0, 3, 40))
    np.testing.assert_allclose(shared.sum(axis=1), scores.sum(axis=1))
    assert (shared >= 0).all()
