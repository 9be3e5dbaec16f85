# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.parsing.masks import MaskSet, stack, unique_rows
from core.parsing.pipeline import without_whole_person

mask_arrays = arrays(bool, st.tuples(st.integers(0, 7), st.integers(1, 20)))


@given(mask_arrays)
def test_pixels_come_back_as_they_went_in(masks: np.ndarray) -> None:
    mask_set = MaskSet.from_pixels(masks)
    np.testing.assert_array_equal(mask_set.pixels(), masks)
    np.testing.assert_array_equal(mask_set.areas(), masks.sum(axis=1))
    np.testing.assert_array_equal(mask_set.covered(), masks.any(axis=0))


@given(mask_arrays)
def test_stacking_keeps_all_masks_in_order(masks: np.ndarray) -> None:
    other = ~masks[:3]
    stacked = stack([MaskSet.from_pixels(masks), MaskSet.from_pixels(other)])
    np.testing.assert_array_equal(stacked.pixels(), np.concatenate([masks, other]))


@given(mask_arrays)
def test_without_duplicates_keeps_each_mask_once(masks: np.ndarray) -> None:
    kept = MaskSet.from_pixels(masks).without_duplicates().pixels()
    assert {m.tobytes() for m in kept} == {m.tobytes() for m in masks}
    assert len(kept) == len({m.tobytes() for m in masks})


def test_labels_become_one_mask_each_and_minus_one_none() -> None:
    mask_set = MaskSet.from_labels(np.array([5, -1, 2, 5]))
    np.testing.assert_array_equal(mask_set.pixels(), [[0, 0, 1, 0], [1, 0, 0, 1]])


def test_a_mask_of_four_fifths_of_the_silhouette_is_the_whole_person() -> None:
    masks = np.zeros((3, 10), bool)
    masks[0, :8], masks[1, :7], masks[2] = True, True, True
    kept = without_whole_person(MaskSet.from_pixels(masks), 0.8)
    np.testing.assert_array_equal(kept.pixels(), masks[1:2])


@given(arrays(bool, st.tuples(st.integers(0, 20), st.integers(0, 11))))
def test_unique_rows_rebuild_the_table(rows: np.ndarray) -> None:
    index, unique = unique_rows(rows)
    if rows.size:
        np.testing.assert_array_equal(unique[index], rows)
    assert len({r.tobytes() for r in unique}) == len(unique)
