# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn import functional

from core.parsing.masks import MaskSet
from core.parsing.models.clip_image import (
    DEVIATION,
    MEAN,
    FramedView,
    Framing,
    around_silhouette,
    cubic,
    resampling,
    triangle,
    whole_view,
)
from tests.models.clip_cases import some_masks, view

DEVICE = torch.device("cpu")


def unnormalised(pixels: Any) -> np.ndarray:
    return pixels[0].permute(1, 2, 0).numpy() * DEVIATION + MEAN


@pytest.mark.parametrize("kernel, mode", [(triangle, "bilinear"), (cubic, "bicubic")])
@given(side=st.integers(3, 90), size=st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_resizing_is_torchs_with_antialiasing(kernel, mode, side, size):
    image = torch.rand(1, 1, side, side)
    weights = resampling(side, size, kernel)
    wanted = functional.interpolate(image, (size, size), mode=mode, antialias=True)
    torch.testing.assert_close(weights @ image[0, 0] @ weights.T, wanted[0, 0])


def test_clip_sees_what_pillow_makes_of_the_whole_capture():
    image = view(resolution=80)
    full = Image.fromarray(image.uncrop(image.color, 255))
    wanted = np.asarray(full.resize((64, 64), Image.Resampling.BICUBIC)) / 255
    seen = FramedView(image, whole_view(image), DEVICE).pixels(64)
    difference = np.abs(unnormalised(seen) - wanted)
    assert difference.mean() < 0.5 / 255
    assert difference.max() < 0.06  # Pillow rounds and clips between rows and columns


def test_a_capture_that_is_not_square_is_centred_on_white():
    image = view()
    wide = type(image)(**{**vars(image), "resolution": (64, 100)})
    assert whole_view(wide) == Framing(100, 5 + 18, 9)
    seen = unnormalised(FramedView(wide, whole_view(wide), DEVICE).pixels(100))
    assert np.abs(seen[:18] - 1).max() < 1e-5 and np.abs(seen[82:] - 1).max() < 1e-5
    assert np.abs(seen[23:73, 9:29] - image.color / 255).max() < 1e-5


def test_the_square_around_the_silhouette_holds_all_of_it_with_white_around():
    image = view(height=50, width=20, resolution=200)
    framing = around_silhouette(image)
    assert framing == Framing(56, 3, 18)  # 50 pixels and a margin of 5 per cent on both sides
    seen = unnormalised(FramedView(image, framing, DEVICE).pixels(56))
    assert np.abs(seen[3:53, 18:38] - image.color / 255).max() < 1e-5
    assert np.abs(seen[:3] - 1).max() < 1e-5


def test_coverage_is_the_mask_resized_as_a_picture_in_its_place():
    image = view()
    masks = some_masks(image)
    framing = whole_view(image)
    coverage = FramedView(image, framing, DEVICE).coverage(masks, slice(1, 3), 16)
    for row, pixels in zip(coverage, masks.pixels()[1:3], strict=True):
        mask = np.zeros(image.element.shape, np.float32)
        mask[image.silhouette] = pixels
        full = torch.from_numpy(image.uncrop(mask, 0))[None, None]
        wanted = functional.interpolate(full, (16, 16), mode="bilinear", antialias=True)
        torch.testing.assert_close(row, wanted[0, 0])


@pytest.mark.parametrize("cells", [1, 2, 7, 16])
def test_a_single_pixel_is_never_lost(cells):
    image = view()
    single = MaskSet.from_pixels(np.eye(int(image.silhouette.sum()), dtype=bool)[::37])
    framed = FramedView(image, around_silhouette(image), DEVICE)
    coverage = framed.coverage(single, slice(0, single.count), cells)
    assert (coverage.flatten(1).amax(dim=1) > 0).all()
