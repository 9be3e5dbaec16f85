# SPDX-License-Identifier: GPL-3.0-or-later
"""Farthest point sampling picks the frames whose poses differ most, however they are ordered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

pytest.importorskip("bpy")

from core.scene.capture.rig import Bounds
from core.scene.capture.scan import Scan, key_poses


def scan(places: Sequence[tuple[float, float]], first: int = 1) -> Scan:
    """Frames in which all ten points of a pose are at one place of a plane."""
    poses = np.zeros((len(places), 10, 3), np.float32)
    poses[:, :, :2] = np.array(places)[:, None]
    frames = tuple(range(first, first + len(places)))
    bounds = (Bounds(np.zeros(3), 1.0, 1.0),) * len(places)
    return Scan(frames, bounds, "constant", poses, ((),) * len(places))


def smallest_distance(places: np.ndarray) -> float:
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    return float(gaps[np.triu_indices(len(places), 1)].min())


def test_corners_of_a_square_are_taken_before_anything_between_them():
    corners = [(0, 0), (9, 0), (9, 9), (0, 9)]
    places = [corners[0], (4, 4), corners[1], (5, 4), corners[2], (4, 5), corners[3], (8, 8)]
    assert key_poses(scan(places, first=11), 4) == (11, 13, 15, 17)


def test_the_second_frame_is_the_farthest_from_the_first_and_the_third_from_both():
    line = [(0, 0), (2, 0), (10, 0), (6, 0), (5, 0), (9, 0)]
    assert key_poses(scan(line), 2) == (1, 3)
    assert key_poses(scan(line), 3) == (1, 3, 5), "5 is as far from 0 as from 10"


@pytest.mark.parametrize("seed", range(5))
def test_no_choice_of_as_many_frames_is_twice_as_far_apart(seed):
    """What farthest point sampling promises (Gonzalez 1985), against all choices there are."""
    from itertools import combinations

    places = np.random.default_rng(seed).random((10, 2))
    chosen = key_poses(scan(places.tolist()), 4)
    ours = smallest_distance(places[[f - 1 for f in chosen]])
    best = max(smallest_distance(places[list(c)]) for c in combinations(range(10), 4))
    assert best / 2 <= ours <= best and chosen[0] == 1


def test_equal_poses_are_taken_once():
    assert key_poses(scan([(0, 0), (0, 0), (3, 0), (3, 0)]), 3) == (1, 3)


def test_all_frames_are_kept_where_no_more_are_asked_for():
    places = [(0, 0), (1, 0), (2, 0)]
    assert key_poses(scan(places), 0) == key_poses(scan(places), 3) == (1, 2, 3)
