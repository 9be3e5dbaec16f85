# SPDX-License-Identifier: GPL-3.0-or-later
"""Merging proposals of key images into masklets by the elements they share."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from core.parsing.tracking.correspondence import KeySets, merge_sets


def key(visible: list[int], *masks: list[int]) -> KeySets:
    """A key image showing `visible` pixels of each element, and masks as pixels of each element."""
    inside = sparse.csc_array(np.array(masks, np.float32).reshape(len(masks), len(visible)).T)
    return KeySets(np.array(visible, np.float32), inside)


def as_lists(sets: list[np.ndarray]) -> list[list[int]]:
    return sorted(s.tolist() for s in sets)


def test_the_same_thing_from_two_sides_is_one_masklet() -> None:
    front = key([5, 5, 5, 0, 0], [5, 5, 0, 0, 0])
    side = key([0, 5, 5, 5, 0], [0, 5, 0, 5, 0])
    assert as_lists(merge_sets([front, side], 0.7)) == [[0, 1, 3]]


def test_things_that_no_image_shows_together_stay_apart() -> None:
    front = key([5, 5, 0, 0], [5, 5, 0, 0])
    back = key([0, 0, 5, 5], [0, 0, 5, 5])
    assert as_lists(merge_sets([front, back], 0.7)) == [[0, 1], [2, 3]]


def test_a_chain_of_views_joins_front_and_back() -> None:
    front = key([5, 5, 0, 0], [5, 5, 0, 0])
    side = key([0, 5, 5, 0], [0, 5, 5, 0])
    back = key([0, 0, 5, 5], [0, 0, 5, 5])
    assert as_lists(merge_sets([front, side, back], 0.7)) == [[0, 1, 2, 3]]


def test_overlap_below_the_threshold_keeps_two_masklets() -> None:
    front = key([5] * 4, [5, 5, 5, 5])
    side = key([5] * 4, [5, 5, 0, 0])
    assert as_lists(merge_sets([front, side], 0.7)) == [[0, 1], [0, 1, 2, 3]]
    assert as_lists(merge_sets([front, side], 0.5)) == [[0, 1]]  # what most pixels agree on


def test_a_sliver_seen_by_both_does_not_join_two_large_things() -> None:
    # element 2 is all that both images see, a tenth of either mask
    front = key([45, 45, 10, 0, 0], [45, 45, 10, 0, 0])
    back = key([0, 0, 10, 45, 45], [0, 0, 10, 45, 45])
    assert as_lists(merge_sets([front, back], 0.7)) == [[0, 1, 2], [2, 3, 4]]


def test_an_element_belongs_where_most_of_its_pixels_are() -> None:
    assert as_lists(merge_sets([key([10, 10, 10], [6, 5, 1])], 0.7)) == [[0]]


def test_identical_sets_are_kept_once_and_empty_ones_not_at_all() -> None:
    image = key([9, 9], [9, 0], [9, 0], [1, 1])
    assert as_lists(merge_sets([image], 0.7)) == [[0]]
    assert merge_sets([], 0.7) == []


@given(st.integers(0, 2**32 - 1))
def test_renumbering_elements_renumbers_the_sets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    visible = rng.integers(0, 9, (3, 12))
    inside = [v * (rng.random((4, 12)) < 0.5) for v in visible]
    order = rng.permutation(12)
    plain = merge_sets([key(list(v), *m) for v, m in zip(visible, inside, strict=True)], 0.6)
    moved = merge_sets(
        [key(list(v[order]), *m[:, order]) for v, m in zip(visible, inside, strict=True)], 0.6
    )
    back = [np.sort(order[s]) for s in moved]
    assert as_lists(back) == as_lists(plain)


def test_a_head_and_the_body_it_is_most_of_stay_two_masklets() -> None:
    front = key([70, 15, 15], [70, 15, 15], [70, 0, 0])
    side = key([80, 10, 0], [80, 10, 0], [80, 0, 0])
    assert as_lists(merge_sets([front, side], 0.7)) == [[0], [0, 1, 2]]
