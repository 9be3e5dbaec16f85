# SPDX-License-Identifier: GPL-3.0-or-later
"""Equations 4 and 5."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core.parsing.tracking.coverage import connected_components, find_uncovered, open_mask

images = arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def picture(*rows: str) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in rows])


def test_equation_4_by_hand() -> None:
    silhouette = picture(".##.", "####", ".##.")
    union = picture(".#..", "##..", "#...")
    np.testing.assert_array_equal(
        find_uncovered(silhouette, union), picture("..#.", "..##", ".##.")
    )


def test_equation_5_splits_what_does_not_touch() -> None:
    pieces = connected_components(picture("##..#", "##..#", "....#", "....#", "#...#"))
    assert [int(p.sum()) for p in pieces] == [5, 4, 1]
    np.testing.assert_array_equal(pieces[2], picture(".....", ".....", ".....", ".....", "#...."))


def test_corners_connect() -> None:
    assert len(connected_components(picture("#.", ".#"))) == 1


@given(images)
def test_components_are_disjoint_and_cover_the_residue(mask: np.ndarray) -> None:
    pieces = connected_components(mask)
    total = np.zeros(mask.shape, int)
    for piece in pieces:
        total += piece
    np.testing.assert_array_equal(total, mask.astype(int))


@given(images, images.map(lambda a: a))
def test_the_residue_is_silhouette_and_in_no_mask(a: np.ndarray, b: np.ndarray) -> None:
    h, w = min(a.shape[0], b.shape[0]), min(a.shape[1], b.shape[1])
    silhouette, union = a[:h, :w], b[:h, :w]
    residue = find_uncovered(silhouette, union)
    assert not (residue & union).any()
    assert not (residue & ~silhouette).any()
    np.testing.assert_array_equal(residue | (silhouette & union), silhouette)


def test_small_pieces_are_dropped() -> None:
    mask = picture("##..", "##..", "...#")
    assert len(connected_components(mask, minimum_area=2)) == 1


def test_opening_removes_rims_but_keeps_blocks_at_the_border() -> None:
    mask = picture("###.....", "###.....", "###.....", "........", "########")
    np.testing.assert_array_equal(
        open_mask(mask, 1), picture("###.....", "###.....", "###.....", "........", "........")
    )
    np.testing.assert_array_equal(open_mask(mask, 0), mask)


@given(images)
def test_opening_only_removes(mask: np.ndarray) -> None:
    assert not (open_mask(mask, 1) & ~mask).any()
