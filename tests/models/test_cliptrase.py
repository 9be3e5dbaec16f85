# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.parsing.masks import MaskSet
from core.parsing.models.clip_image import FramedView, around_silhouette
from core.parsing.models.cliptrase import make_cliptrase, patch_embeddings, pool
from tests.models.clip_cases import HALF, context, some_masks, view


def published(visual, pixels):
    """(P, D) float64 patch embeddings, head by head."""
    v = copy.deepcopy(visual).double()
    x = v._embeds(pixels.double())
    *blocks, last = v.transformer.resblocks
    for block in blocks:
        x = block(x)
    x = x[0]
    width = x.shape[1]
    d = width // last.attn.num_heads
    qkv = last.ln_1(x) @ last.attn.in_proj_weight.T + last.attn.in_proj_bias
    read = []
    for h in range(last.attn.num_heads):
        q, k, values = (qkv[:, i * width + h * d :][:, :d] for i in range(3))
        attention = sum(torch.softmax(r @ r.T / math.sqrt(d), dim=1) for r in (q, k, values))
        read.append(attention @ values)
    x = x + torch.cat(read, dim=1) @ last.attn.out_proj.weight.T + last.attn.out_proj.bias
    x = x + last.mlp(last.ln_2(x))
    return (v.ln_post(x) @ v.proj)[1:]


def test_patch_embeddings_are_the_published_equations(visual):
    pixels = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        got = patch_embeddings(visual, pixels)
    assert got.shape == (64, 32) and got.dtype == torch.float32
    torch.testing.assert_close(got.double(), published(visual, pixels), atol=1e-5, rtol=1e-5)


def test_towers_that_keep_the_batch_second_give_the_same(visual):
    other = copy.deepcopy(visual)
    other.transformer.batch_first = False
    for block in other.transformer.resblocks:
        block.attn.batch_first = False
    pixels = torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(
            patch_embeddings(other, pixels), patch_embeddings(visual, pixels)
        )


def test_a_mask_is_the_mean_of_its_patches():
    patches, coverage = torch.randn(6, 4), torch.rand(3, 6)
    coverage[2] = 0
    got = pool(patches, coverage)
    for row, weights in zip(got[:2], coverage[:2], strict=True):
        mean = sum(w * p for w, p in zip(weights, patches, strict=True)) / weights.sum()
        torch.testing.assert_close(row, mean / mean.norm())
    torch.testing.assert_close(got[2], patches.mean(dim=0) / patches.mean(dim=0).norm())


def test_a_view_is_embedded_by_its_square_around_the_silhouette(installed, visual):
    image = view()
    masks = some_masks(image)
    rows = make_cliptrase(context("own")).encode(image, masks, 1)
    framed = FramedView(image, around_silhouette(image), torch.device("cpu"))
    coverage = framed.coverage(masks, slice(0, masks.count), 8).flatten(1).double()
    means = coverage @ published(visual, framed.pixels(64)) / coverage.sum(dim=1, keepdim=True)
    assert rows.dtype == np.float32 and rows.shape == (5, 32)
    np.testing.assert_allclose(rows, means / means.norm(dim=1, keepdim=True), atol=1e-5)


def test_an_image_without_masks_has_no_rows(installed):
    image = view()
    none = MaskSet.from_pixels(np.zeros((0, int(image.silhouette.sum())), bool))
    assert make_cliptrase(context("own")).encode(image, none, 1).shape == (0, 32)


def test_half_precision_gives_nearly_the_same_rows(installed):
    image = view()
    encoder: Any = make_cliptrase(context("own"))
    full = encoder.encode(image, some_masks(image), 1)
    encoder.device = HALF
    half = encoder.encode(image, some_masks(image), 1)
    assert half.dtype == np.float32
    assert (np.sum(full * half, axis=1) > 0.995).all()
