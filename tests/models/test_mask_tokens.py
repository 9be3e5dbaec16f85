# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import CancelledError
from core.parsing.masks import MaskSet
from core.parsing.models.clip_image import FramedView, around_silhouette
from core.parsing.models.clip_visual import image_tokens, through_blocks
from core.parsing.models.mask_tokens import (
    BLOCKS,
    attention_bias,
    make_mask_tokens,
    read_image,
    read_masks,
)
from tests.models.clip_cases import context, lively_clip, some_masks, view
from tests.models.tiny import CLIP


def joint_pass(visual, pixels, coverage):
    """MaskCLIP++ as published, in float64: one sequence of masks, class token and patches with one
    additive bias. Returns the masks' rows (N, D) and the class token's (D,)."""
    v = copy.deepcopy(visual).double()
    x = image_tokens_64(v, pixels.double())[0]  # (1 + P, W)
    d, count = coverage.double(), len(coverage)
    blocks = list(v.transformer.resblocks)
    for block in blocks[:-2]:
        x = block_64(block, x, torch.zeros(len(x), len(x)))
    x = torch.cat([x[:1].expand(count, -1), x])
    bias = torch.zeros(len(x), len(x), dtype=torch.float64)
    bias[count:, :count] = -math.inf
    bias[:count, : count + 1] = -math.inf
    hard = d > d.max(dim=1, keepdim=True).values / 2
    bias[:count, count + 1 :] = torch.where(hard, d * math.exp(-5), -100.0)
    for block in blocks[-2:]:
        x = block_64(block, x, bias)
    x = torch.nn.functional.normalize(v.ln_post(x) @ v.proj, dim=1)
    return x[:count], x[count]


def image_tokens_64(v, pixels):
    x = v.conv1(pixels).flatten(2).transpose(1, 2)
    x = torch.cat([v.class_embedding[None, None], x], dim=1) + v.positional_embedding
    return v.ln_pre(x)


def block_64(block, x, bias):
    heads, width = block.attn.num_heads, x.shape[1]
    d = width // heads
    qkv = block.ln_1(x) @ block.attn.in_proj_weight.T + block.attn.in_proj_bias
    out = []
    for h in range(heads):
        q, k, v = (qkv[:, i * width + h * d :][:, :d] for i in range(3))
        out.append(torch.softmax(q @ k.T / math.sqrt(d) + bias, dim=1) @ v)
    x = x + torch.cat(out, dim=1) @ block.attn.out_proj.weight.T + block.attn.out_proj.bias
    return x + block.mlp(block.ln_2(x))


def case(count=4, patches=64):
    pixels, coverage = torch.randn(1, 3, 64, 64), torch.rand(count, patches)
    coverage[0] = 1
    coverage[1, 5:] = 0
    coverage[2] = 0
    return pixels, coverage


def read(visual, pixels, coverage):
    with torch.inference_mode():
        return read_masks(visual, *read_image(visual, pixels), attention_bias(coverage))


def test_masks_are_read_as_in_one_pass_with_the_published_bias(visual):
    pixels, coverage = case()
    wanted, token = joint_pass(visual, pixels, coverage)
    torch.testing.assert_close(read(visual, pixels, coverage).double(), wanted, atol=2e-6, rtol=0)
    plain = torch.nn.functional.normalize(visual(pixels), dim=-1)[0].double()
    torch.testing.assert_close(token, plain, atol=2e-6, rtol=0)  # masks are invisible to the image


def test_the_image_goes_through_clip_unchanged(visual):
    pixels, _ = case()
    with torch.inference_mode():
        token, memory = read_image(visual, pixels)
        blocks = list(visual.transformer.resblocks)
        tokens = visual._embeds(pixels)
        for block in blocks[:-BLOCKS]:
            tokens = block(tokens)
        assert torch.equal(token, tokens[:, :1])
        assert len(memory) == BLOCKS == 2
        whole = through_blocks(visual, image_tokens(visual, visual.conv1(pixels)), blocks)
        assert torch.equal(visual.ln_post(whole[:, 0]) @ visual.proj, visual(pixels))


def test_the_last_two_blocks_of_any_depth_read_masks():
    for depth in (2, 3, 5):
        vision = {**CLIP["vision_cfg"], "layers": depth}
        visual = lively_clip(vision_cfg=vision).visual
        pixels, coverage = case()
        wanted, _ = joint_pass(visual, pixels, coverage)
        got = read(visual, pixels, coverage).double()
        torch.testing.assert_close(got, wanted, atol=2e-6, rtol=0)


def test_towers_that_keep_the_batch_second_give_the_same(visual):
    other = copy.deepcopy(visual)
    other.transformer.batch_first = False
    for block in other.transformer.resblocks:
        block.attn.batch_first = False
    pixels, coverage = case()
    torch.testing.assert_close(read(other, pixels, coverage), read(visual, pixels, coverage))


def test_a_full_mask_reads_every_patch_and_a_part_only_its_own():
    coverage = torch.tensor([[1.0, 1, 1, 1], [0.9, 0.5, 0.4, 0], [0, 0.1, 0, 0.02], [0, 0, 0, 0]])
    small = math.exp(-5)
    wanted = [
        [small, small, small, small],
        [0.9 * small, 0.5 * small, -100, -100],
        [-100, 0.1 * small, -100, -100],
        [-100, -100, -100, -100],
    ]
    torch.testing.assert_close(attention_bias(coverage), torch.tensor(wanted))


def test_patches_outside_a_mask_do_not_matter(visual):
    pixels, coverage = torch.randn(1, 3, 64, 64), torch.zeros(1, 64)
    coverage[0, :8] = 1  # the first row of 8 x 8 patches
    with torch.inference_mode():
        token, memory = read_image(visual, pixels)
        changed = [(k.clone(), v.clone()) for k, v in memory]
        for keys, values in changed:
            keys[:, :, 8:], values[:, :, 8:] = 0, 1
        bias = attention_bias(coverage)
        torch.testing.assert_close(
            read_masks(visual, token, memory, bias), read_masks(visual, token, changed, bias)
        )


@given(st.integers(0, 2**31 - 1), st.integers(1, 6))
@settings(max_examples=10, deadline=None)
def test_masks_do_not_see_each_other(seed, count):
    visual = lively_clip().visual
    pixels, _ = case()
    generator = torch.Generator().manual_seed(seed)
    coverage = torch.rand(count, 64, generator=generator) ** 4
    together = read(visual, pixels, coverage)
    alone = torch.cat([read(visual, pixels, row[None]) for row in coverage])
    torch.testing.assert_close(together, alone, atol=2e-6, rtol=0)
    assert torch.isfinite(together).all()


def test_a_view_is_embedded_by_its_square_around_the_silhouette(installed, visual):
    image = view()
    masks = some_masks(image)
    encoder = make_mask_tokens(context("own"))
    rows = encoder.encode(image, masks, 1)
    framed = FramedView(image, around_silhouette(image), torch.device("cpu"))
    coverage = framed.coverage(masks, slice(0, masks.count), 8).flatten(1)
    wanted, _ = joint_pass(visual, framed.pixels(64), coverage)
    assert rows.dtype == np.float32 and rows.shape == (5, 32)
    np.testing.assert_allclose(rows, wanted, atol=2e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_masks_of_one_pixel_and_of_none_have_embeddings(installed):
    image = view()
    pixels = np.zeros((2, int(image.silhouette.sum())), bool)
    pixels[0, 17] = True
    rows = make_mask_tokens(context("own")).encode(image, MaskSet.from_pixels(pixels), 1)
    assert np.isfinite(rows).all()
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)


def test_an_image_without_masks_has_no_rows(installed):
    image = view()
    none = MaskSet.from_pixels(np.zeros((0, int(image.silhouette.sum())), bool))
    assert make_mask_tokens(context("own")).encode(image, none, 1).shape == (0, 32)


def test_batches_and_running_out_of_memory_change_nothing(installed, monkeypatch):
    image = view()
    masks = some_masks(image, 9)
    encoder: Any = make_mask_tokens(context("own"))
    wanted = encoder.encode(image, masks, 1)
    real, failed = type(encoder).read, []

    def read_few(self, seen, coverage):
        if len(coverage) > 3:
            failed.append(len(coverage))
            raise torch.OutOfMemoryError
        return real(self, seen, coverage)

    monkeypatch.setattr(type(encoder), "read", read_few)
    np.testing.assert_allclose(encoder.encode(image, masks, 1), wanted, atol=1e-6)
    assert failed == [9, 4]


def test_cancel_stops_before_an_image(installed):
    def cancel():
        raise CancelledError

    image = view()
    with pytest.raises(CancelledError):
        make_mask_tokens(context("own", cancel)).encode(image, some_masks(image), 1)


def test_words_come_from_the_same_checkpoint(installed):
    text = make_mask_tokens(context("own", prompts="render")).text
    assert str(text.to_arrays()["checkpoint"]) == "own"
    assert text.encode_text([["hair"]])[0].shape == (1, 32)
