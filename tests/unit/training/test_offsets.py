# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to the joints lead there, however the picture is turned, mirrored or scaled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from training.augment import WAYS_STRIDE, Augmentation, augmented, plain
from training.figure import NO_SEGMENT, SEGMENTS
from training.offsets import DEPTH_STEP, UNIT, ways
from training.resampling import rolled, thinned

from .views import drawn_view

_STILL: dict[str, Any] = {
    "noisy": 0.0,
    "blurred": 0.0,
    "close": 0.0,
    "scales": (1.0, 1.0),
    "leaning": 0.0,
}


def _ends(view, row: int, column: int) -> np.ndarray:
    """(2, 2) pixels (x, y) of the view where a pixel says that its bone begins and ends."""
    way = ways(view, np.array([row]), np.array([column]))[0].reshape(2, 3)
    return way[:, :2] + [column + 0.5, row + 0.5]


def test_every_pixel_of_a_bone_names_the_same_two_points() -> None:
    view = drawn_view()
    for row, column in ((22, 3), (30, 12), (38, 20)):
        np.testing.assert_allclose(_ends(view, row, column), [[12, 20], [12, 40]], atol=1e-4)


def test_depth_leads_from_the_surface_into_the_body() -> None:
    view = drawn_view()
    view.depth[:] = round(-5 / DEPTH_STEP)
    assert ways(view, np.array([30]), np.array([12]))[0, [2, 5]] == pytest.approx([5, 5])


def test_what_belongs_to_no_bone_is_not_asked() -> None:
    view = drawn_view()
    view.segment[30, 12] = NO_SEGMENT
    assert np.isnan(ways(view, np.array([30]), np.array([12]))).all()


def test_perspective_is_undone() -> None:
    """A point 10 pixels right of the axis, on the plane of the centre, seen from 100 away."""
    view = replace(drawn_view(), focal=100.0)
    bone = SEGMENTS.index("torso")
    view.bones[bone, 0] = [10, 0, 0]
    view.depth[30, 16] = round(-20 / DEPTH_STEP)  # shows a point 4.5 * 80 / 100 = 3.6 to the right
    way = ways(view, np.array([30]), np.array([16]))[0]
    assert way[0] == pytest.approx((10 - 3.6) * 100 / 80, abs=0.01)
    assert way[2] == pytest.approx(20 * 100 / 80, abs=0.01)


@pytest.mark.parametrize("degrees", [90.0, -37.0, 180.0])
def test_ways_turn_with_the_picture(degrees: float) -> None:
    turned = rolled(drawn_view(), degrees)
    rows, columns = np.nonzero(turned.segment == SEGMENTS.index("torso"))
    ends = np.array([_ends(turned, r, c) for r, c in zip(rows[::9], columns[::9], strict=True)])
    assert np.ptp(ends, axis=0).max() < 1e-3
    middle = np.array([columns.mean(), rows.mean()]) + 0.5
    np.testing.assert_allclose(ends[0].mean(0), middle, atol=0.8)
    assert np.linalg.norm(ends[0, 1] - ends[0, 0]) == pytest.approx(20, abs=1e-3)


def test_ways_shrink_with_the_picture() -> None:
    small = thinned(drawn_view(), 30)
    np.testing.assert_allclose(_ends(small, 15, 6), [[6, 10], [6, 20]], atol=0.1)


def test_samples_hold_ways_in_pixels_of_the_input() -> None:
    sample = plain(drawn_view(), (128, 96), 120)
    known = np.argwhere(np.isfinite(sample.ways[0]))
    assert len(known) > 100
    for row, column in known[::17]:
        here = (np.array([column, row]) + 0.5) * WAYS_STRIDE
        ends = sample.ways[:, row, column].reshape(2, 3)[:, :2] * UNIT + here
        np.testing.assert_allclose(ends[:, 0], 48, atol=1.5)
        np.testing.assert_allclose(ends[1, 1] - ends[0, 1], 40, atol=1e-3)


def test_mirroring_turns_ways_around() -> None:
    view = drawn_view()
    view.bones[..., 0] = 6.0  # all joints on the picture's right
    how = Augmentation(tile=(128, 96), height=60.0, rolled=0.0, repainted=0.0, **_STILL)
    seen = set()
    for seed in range(12):
        sample = augmented(view, how, np.random.default_rng(seed))[0]
        ends = [
            (column + 0.5) * WAYS_STRIDE + sample.ways[0, row, column] * UNIT
            for row, column in np.argwhere(np.isfinite(sample.ways[0]))
        ]
        columns = np.flatnonzero((sample.image[6] > 0).any(0))
        assert np.ptp(ends) < 2
        seen.add(bool(np.mean(ends) > columns.mean() + 0.5))
    assert seen == {True, False}
