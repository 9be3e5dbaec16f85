# SPDX-License-Identifier: GPL-3.0-or-later
"""Equations 6 and 7 and the lifting of section 3.1, by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from core.parsing.incidence import Incidence
from core.parsing.labelling.fusion import classify, equalise, lift, memory_attention
from core.parsing.vectors import unit_rows

vectors = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.integers(2, 6)),
    elements=st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 3)),
)
scales = st.sampled_from([0.0, 1.0, 5.0, 15.0, 50.0])


def test_equation_6_of_two_orthogonal_masks_by_hand() -> None:
    embeddings = np.eye(2)
    weight = np.e / (np.e + 1)  # softmax of (1, 0)
    expected = [[weight, 1 - weight], [1 - weight, weight]]
    np.testing.assert_allclose(memory_attention(embeddings, 1.0), expected)


@given(vectors, scales)
def test_equation_6_rows_are_convex_combinations(embeddings: np.ndarray, scale: float) -> None:
    attended = memory_attention(unit_rows(embeddings), scale)
    rows = unit_rows(embeddings)
    assert (attended <= rows.max(axis=0) + 1e-9).all()
    assert (attended >= rows.min(axis=0) - 1e-9).all()
    everyone_the_same = np.ones_like(rows)  # weights that sum to one keep a constant column
    np.testing.assert_allclose(
        memory_attention(np.hstack([rows, everyone_the_same]), scale)[:, rows.shape[1] :], 1
    )


@given(vectors, scales, st.randoms(use_true_random=False))
def test_equation_6_does_not_care_for_the_order_of_masks(embeddings, scale, random) -> None:
    order = list(range(len(embeddings)))
    random.shuffle(order)
    rows = unit_rows(embeddings)
    np.testing.assert_allclose(
        memory_attention(rows[order], scale), memory_attention(rows, scale)[order], atol=1e-12
    )


def test_equation_6_with_an_endless_scale_keeps_the_best_match() -> None:
    embeddings = unit_rows(np.array([[1.0, 0.1], [0.2, 1.0], [-1.0, 0.5]]))
    np.testing.assert_allclose(memory_attention(embeddings, 1e6), embeddings)


def test_equation_6_in_blocks_is_the_same_equation() -> None:
    rows = unit_rows(np.random.default_rng(3).normal(size=(2500, 8)))
    similarity = 15 * rows @ rows.T
    weights = np.exp(similarity - similarity.max(axis=1, keepdims=True))
    expected = weights / weights.sum(axis=1, keepdims=True) @ rows
    np.testing.assert_allclose(memory_attention(rows, 15.0), expected, atol=1e-12)


def test_a_flipped_minority_keeps_to_itself_at_scale_15_but_not_at_1() -> None:
    rng = np.random.default_rng(0)
    axis_a, axis_b = np.eye(32)[0], np.eye(32)[0] * 0.6 + np.eye(32)[1] * 0.8
    masks = np.concatenate([np.tile(axis_a, (12, 1)), np.tile(axis_b, (4, 1))])
    masks = unit_rows(masks + 0.02 * rng.normal(size=masks.shape))
    literal = unit_rows(memory_attention(masks, 1.0))
    ours = unit_rows(memory_attention(masks, 15.0))
    assert (ours[12:] @ axis_b).min() > 0.97
    assert (literal[12:] @ axis_b).max() < 0.95


def test_equation_7_by_hand() -> None:
    logits = np.array([[0.9, 0.2], [0.5, 0.2], [0.1, 0.6]])
    expected = [[0.9, 0.0], [0.25, 0.0], [0.0, 0.6]]
    np.testing.assert_allclose(equalise(logits), expected, atol=1e-12)


def test_equation_7_leaves_a_class_alone_when_all_its_masks_are_alike() -> None:
    logits = np.array([[0.4, 0.1], [0.4, 0.3]])
    np.testing.assert_allclose(equalise(logits)[:, 0], 0.4)
    np.testing.assert_allclose(equalise(np.array([[0.7, 0.3]])), [[0.7, 0.3]])
    assert equalise(np.zeros((0, 3))).shape == (0, 3)


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 9), st.integers(1, 5)),
        elements=st.floats(0, 1).map(lambda x: round(x, 4)),
    )
)
def test_equation_7_never_raises_a_logit_and_keeps_the_best_of_a_class(logits: np.ndarray) -> None:
    equalised = equalise(logits)
    assert (equalised <= logits + 1e-12).all()
    assert (equalised >= 0).all()
    np.testing.assert_allclose(equalised.max(axis=0), logits.max(axis=0))


def test_classification_is_a_softmax_over_words() -> None:
    probability = classify(np.array([[1.0, 0.0]]), np.eye(2), np.log(3.0), np.arange(2))
    np.testing.assert_allclose(probability, [[0.75, 0.25]])


def test_lifting_is_the_weighted_sum_of_masks() -> None:
    # two atoms: atom 0 lies in masks 0 and 1, atom 1 in mask 1
    pixels = sparse.csr_array(np.array([[3, 0], [1, 2], [0, 0]], np.float32))
    member = sparse.csr_array(np.array([[1, 1], [0, 1]], np.float32))
    incidence = Incidence(pixels, member)
    matrix = np.array([[3, 3], [1, 3], [0, 0]], np.float32)
    np.testing.assert_array_equal((incidence.pixels @ incidence.member).toarray(), matrix)
    logits = np.array([[0.5, 0.25], [0.0, 1.0]], np.float32)
    np.testing.assert_allclose(lift(incidence, logits), matrix @ logits)
    np.testing.assert_array_equal(incidence.seen(), [True, True, False])


def test_of_several_words_for_a_thing_the_most_similar_counts() -> None:
    words, thing = np.eye(3), np.array([0, 0, 1])
    mask = np.array([[0.6, 0.8, 0.0]])
    np.testing.assert_allclose(
        classify(mask, words, 2.0, thing), [np.exp([1.6, 0.0]) / np.exp([1.6, 0.0]).sum()]
    )


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_softmax_survives_large_logits(scale: float) -> None:
    probability = classify(np.eye(3), np.eye(3), 1e4 * scale, np.arange(3))
    np.testing.assert_allclose(probability, np.eye(3))
