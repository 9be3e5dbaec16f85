# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import numpy as np
import pytest

from core.parsing.sight.preparation import (
    BORDER,
    CHANNELS,
    MULTIPLE,
    STRIDE,
    camera_normals,
    prepare,
    scaled_size,
)

TURNED = np.array([[0, 1, 0, 5], [0, 0, -1, 0], [-1, 0, 0, 2], [0, 0, 0, 1]], float)


def view(height: int, width: int, margin: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A box of one colour and one normal on background of others."""
    silhouette = np.zeros((height, width), bool)
    silhouette[margin:-margin, margin:-margin] = True
    color = np.where(silhouette[..., None], np.array([255, 0, 51], np.uint8), np.uint8(255))
    normal = np.where(silhouette[..., None], np.array([0, 0.6, -0.8], np.float32), np.float32(1))
    return color.astype(np.uint8), normal, silhouette


@pytest.mark.parametrize("size", [(500, 200), (200, 500), (130, 100), (16, 9), (300, 300)])
def test_the_input_has_whole_multiples_a_border_and_the_height_it_was_trained_for(size):
    planes, placement = prepare(*view(*size), height=224)
    assert planes.shape[0] == CHANNELS and planes.dtype == np.float32
    assert all(side % MULTIPLE == 0 for side in planes.shape[1:])
    box = np.array(size) - 6
    scale = min(224 / box.max(), 2.0)
    np.testing.assert_allclose(placement.size, box * scale, atol=0.5)
    shown = planes[6] > 0
    assert not shown[:BORDER].any() and not shown[-BORDER:].any()
    assert not shown[:, :BORDER].any() and not shown[:, -BORDER:].any()
    assert shown.sum() == placement.size[0] * placement.size[1]


@pytest.mark.parametrize("size", [(500, 200), (101, 77), (20, 16)])
def test_background_neither_shows_nor_bleeds_into_the_silhouette(size):
    planes, _ = prepare(*view(*size), height=224)
    shown = planes[6] > 0
    assert not planes[:, ~shown].any()
    np.testing.assert_allclose(planes[:3, shown].T, [[0.5, -0.5, -0.3]] * shown.sum(), atol=1e-5)
    np.testing.assert_allclose(planes[3:6, shown].T, [[0, 0.6, -0.8]] * shown.sum(), atol=1e-5)


def test_a_ragged_silhouette_is_covered_in_part_at_its_rim():
    color, normal, silhouette = view(400, 400, 1)
    rows, columns = np.indices(silhouette.shape)
    silhouette &= (rows - 199.5) ** 2 + (columns - 199.5) ** 2 < 190**2
    planes, _ = prepare(color, normal, silhouette, height=100)
    assert planes[6].max() == pytest.approx(1, abs=1e-5)
    assert ((planes[6] > 0.1) & (planes[6] < 0.9)).sum() > 100
    assert planes[6].sum() == pytest.approx(silhouette.sum() * (100 / 380) ** 2, rel=0.01)


def test_places_in_the_output_follow_the_scale_and_the_corner():
    _, placement = prepare(*view(206, 106), height=100)
    rows, columns = np.array([3, 202]), np.array([3, 102])
    first, last = placement.output_pixels(rows, columns).T
    corner = np.array(placement.corner)
    np.testing.assert_allclose(first, (corner + 0.25) / STRIDE - 0.5, atol=1e-5)
    np.testing.assert_allclose(last, (corner + [99.75, 49.75]) / STRIDE - 0.5, atol=1e-5)


def test_a_tiny_picture_is_enlarged_no_more_than_twice():
    assert scaled_size(20, 10, 224) == (40, 20)
    assert scaled_size(1000, 3, 224) == (224, 1)


def test_an_empty_silhouette_is_refused():
    color, normal, silhouette = view(20, 20)
    with pytest.raises(ValueError, match="empty"):
        prepare(color, normal, silhouette & False, height=224)


def test_normals_are_turned_into_the_camera_and_have_unit_length():
    normal = np.zeros((1, 3, 3), np.int8)
    normal[0, 0], normal[0, 1] = (0, 127, 0), (-80, 0, 60)
    found = camera_normals(normal, TURNED)
    np.testing.assert_allclose(found[0, 0], [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found[0, 1], [0, -0.6, 0.8], atol=1e-6)
    np.testing.assert_array_equal(found[0, 2], 0)
