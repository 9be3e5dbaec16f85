# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.job.capture_files import Facts
from core.parsing.body.nearest import nearest_seen
from core.parsing.labelling.decision import decide, evidence_shares, fill_unseen


def strip(count: int, objects: list[int] | None = None, cut: int | None = None) -> Facts:
    """Elements in a row, one metre apart, each the neighbour of the next; `cut` parts the row."""
    none = np.full(count, -1, np.int32)
    pairs = [(i, i + 1) for i in range(count - 1) if i + 1 != cut]
    centroid = np.zeros((count, 3), np.float32)
    centroid[:, 0] = np.arange(count)
    owner = np.array(objects or [0] * count, np.int32)
    area = np.ones(count, np.float32)
    return Facts(owner, none, none, none, none, area, centroid, np.array(pairs, np.int32))


def test_an_element_takes_the_part_with_most_evidence() -> None:
    label, confidence = decide(
        evidence_shares(np.array([[3.0, 1.0, 0.0], [1.0, 4.0, 3.0]])), 2, 0.2
    )
    assert label.tolist() == [0, 1]
    np.testing.assert_allclose(confidence, [0.75, 0.5])


def test_other_evidence_below_the_threshold_and_none_leave_it_unlabelled() -> None:
    scores = np.array([[1.0, 0.0, 2.0], [0.4, 0.35, 0.25], [0.0, 0.0, 0.0]])
    label, confidence = decide(evidence_shares(scores), 2, 0.5)
    assert label.tolist() == [-1, -1, -1]
    assert confidence[2] == 0


@given(
    arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 5)), elements=st.floats(0, 9))
)
def test_shares_of_evidence_add_up(scores: np.ndarray) -> None:
    total = evidence_shares(scores).sum(axis=1)
    np.testing.assert_allclose(total[scores.sum(axis=1) > 1e-300], 1)


def test_the_nearest_seen_element_is_found_along_the_surface() -> None:
    seen = np.array([True, False, False, False, True])
    facts = strip(5, cut=2)  # 0-1 and 2-3-4
    assert nearest_seen(facts, seen).tolist() == [0, 0, 4, 4, 4]


def test_a_loose_part_nobody_saw_takes_the_nearest_in_space_of_its_object() -> None:
    seen = np.array([True, False, False, True])
    facts = strip(4, objects=[0, 1, 1, 1], cut=1)
    facts.neighbours[:] = [[0, 0]] * len(facts.neighbours)  # nothing is connected
    assert nearest_seen(facts, seen).tolist() == [0, 3, 3, 3]


def test_where_nothing_was_seen_there_is_nothing_to_take() -> None:
    assert nearest_seen(strip(3), np.zeros(3, bool)).tolist() == [-1, -1, -1]


def test_filled_labels_have_no_confidence_and_seen_ones_keep_theirs() -> None:
    label, confidence = fill_unseen(
        np.array([2, -1, 5], np.int16), np.array([0.5, 0, 0.25], np.float16), np.array([0, 0, 2])
    )
    assert label.tolist() == [2, 2, 5]
    assert confidence.tolist() == [0.5, 0, 0.25]
