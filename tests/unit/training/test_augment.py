# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.parsing.sight.preparation import camera_normals, prepare
from core.scene.capture.shading import shade
from training.augment import Augmentation, augmented, plain
from training.bank import NO_LABEL, SURFACES, surface_index, zone_index
from training.light import decode_srgb

from .views import drawn_view

_TILE = (128, 96)


def _sample(seed: int = 0, **changes: Any):
    how = replace(Augmentation(tile=_TILE, height=90.0), **changes)
    return augmented(drawn_view(), how, np.random.default_rng(seed))[0]


def test_targets_lie_where_the_picture_shows_them() -> None:
    sample = plain(drawn_view(), _TILE, 90)
    blocks = sample.image[6].reshape(_TILE[0] // 2, 2, _TILE[1] // 2, 2)
    assert (sample.surface[blocks.min((1, 3)) > 0.99] != NO_LABEL).all()
    assert (sample.surface[blocks.max((1, 3)) == 0] == NO_LABEL).all()
    rows = [
        np.nonzero(sample.surface == surface_index(n))[0] for n in ("skin", "shirt", "trousers")
    ]
    assert rows[0].max() < rows[1].min() and rows[1].max() < rows[2].min()
    assert abs(len(rows[0]) - len(rows[1])) < 0.1 * len(rows[0])


def test_an_unchanged_view_is_what_the_extension_gives_its_network() -> None:
    view = drawn_view()
    inside = view.silhouette
    normal = view.normal.astype(np.float32) / 127
    color = np.full(view.albedo.shape, 255, np.uint8)
    color[inside] = shade(decode_srgb(view.albedo[inside]), normal[inside], np.eye(3))
    theirs, place = prepare(color, camera_normals(view.normal, np.eye(4)), inside, 90)
    height, width = place.size
    ours = plain(view, _TILE, 90 * 60 / 60).image
    top, left = (_TILE[0] - height) // 2, (_TILE[1] - 36) // 2
    trimmed = ours[:, top : top + height, left + 1 : left + 1 + width]
    row, column = place.corner
    window = theirs[:, row : row + height, column : column + width]
    middle = (slice(None), slice(10, -10), slice(6, -6))
    np.testing.assert_allclose(trimmed[middle], window[middle], atol=0.02)


def test_background_is_zero_in_all_channels_whatever_was_done() -> None:
    for seed in range(12):
        sample = _sample(seed, noisy=1.0, blurred=1.0)
        assert not sample.image[:, sample.image[6] == 0].any()
        assert np.isfinite(sample.image).all()


def test_dropped_channels_are_zero_and_labels_stay() -> None:
    without = _sample(3, without_color=1.0, noisy=0.0)
    assert not without.image[:3].any() and without.image[3:6].any()
    without = _sample(3, without_color=0.0, without_normals=1.0)
    assert not without.image[3:6].any() and without.image[:3].any()
    assert (without.surface != NO_LABEL).any()


def test_mirroring_turns_normals_with_the_picture() -> None:
    view = drawn_view()
    view.normal[:, 1:-1] = (127, 0, 0)
    signs = set()
    for seed in range(16):
        how = Augmentation(
            tile=_TILE, height=90.0, noisy=0.0, blurred=0.0, without_normals=0.0, rolled=0.0
        )
        image = augmented(view, how, np.random.default_rng(seed))[0].image
        signs.add(int(np.sign(image[3][image[6] > 0.9].mean())))
    assert signs == {-1, 1}


def test_a_roll_turns_labels_and_normals_with_the_picture() -> None:
    view = drawn_view()
    view.normal[:, 1:-1] = (0, -127, 0)  # up
    still: dict[str, Any] = {
        "noisy": 0.0,
        "blurred": 0.0,
        "without_normals": 0.0,
        "without_color": 0.0,
    }
    how = replace(Augmentation(tile=_TILE, height=90.0, rolled=1.0, close=0.0), **still)
    turned = 0
    for seed in range(24):
        sample = augmented(view, how, np.random.default_rng(seed))[0]
        rows, columns = np.nonzero(sample.surface != NO_LABEL)
        whole = np.array([rows.mean(), columns.mean()])
        skin = np.argwhere(sample.surface == surface_index("skin")).mean(0) - whole
        up = sample.image[4:2:-1, sample.image[6] > 0.9].mean(1)  # (down, right)
        cosine = up @ skin / (np.linalg.norm(up) * np.linalg.norm(skin))
        assert cosine > 0.95  # the head lies where up is
        assert np.linalg.norm(up) > 0.95
        turned += abs(up[1]) > 0.5
    assert turned > 8


def test_a_near_look_is_shown_as_large_as_the_extension_shows_heads() -> None:
    near = replace(drawn_view(30, 30), near=True)
    how = Augmentation(tile=_TILE, height=90.0, heads=(0.5, 0.6), rolled=0.0, leaning=0.0)
    for seed in range(8):
        sample = augmented(near, how, np.random.default_rng(seed))[0]
        rows = np.flatnonzero((sample.image[6] > 0).any(1))
        assert 43 <= len(rows) <= 56


def test_borders_are_where_surfaces_or_bare_regions_meet() -> None:
    view = drawn_view()
    sample = plain(view, _TILE, 90)
    rows = np.nonzero((sample.boundary == 1).any(1))[0]
    assert len(rows) == 4  # two borders, a pixel on either side
    view.zone[:10, 1:-1] = zone_index("throat")
    assert (plain(view, _TILE, 90).boundary == 1).any(1).sum() == 6


def test_the_same_seed_gives_the_same_sample() -> None:
    first, second = _sample(5), _sample(5)
    np.testing.assert_array_equal(first.image, second.image)
    assert len(np.unique(first.surface)) <= len(SURFACES)
