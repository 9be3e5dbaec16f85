# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from training.bank import NO_LABEL
from training.resampling import rolled, thinned

from .views import drawn_view


@pytest.mark.parametrize("degrees", [-170.0, -90.0, -31.0, 7.0, 45.0, 120.0, 180.0])
def test_a_roll_loses_nothing_of_the_view(degrees: float) -> None:
    view = drawn_view()
    turned = rolled(view, degrees)
    assert abs(turned.silhouette.sum() - view.silhouette.sum()) < 0.05 * view.silhouette.sum()
    for rim in (turned.silhouette[0], turned.silhouette[-1], *turned.silhouette.T[[0, -1]]):
        assert rim.any()  # cropped
    assert (turned.surface[~turned.silhouette] == NO_LABEL).all()
    assert (turned.surface[turned.silhouette] != NO_LABEL).all()
    assert not turned.albedo[~turned.silhouette].any()


def test_a_quarter_turn_is_exact() -> None:
    view = drawn_view()
    quarter = rolled(view, 90.0)
    np.testing.assert_array_equal(quarter.surface, np.rot90(view.surface[:, 1:-1], -1))
    np.testing.assert_array_equal(rolled(view, 0.0).region, view.region[:, 1:-1])


def test_thinning_keeps_what_is_small_enough() -> None:
    view = drawn_view(60, 24)
    assert thinned(view, 60) is view
    assert thinned(view, 30).surface.shape == (30, 12)
