# SPDX-License-Identifier: GPL-3.0-or-later
"""Mask tokens on plain CLIP: all masks of an image in one forward pass, without training.

After MaskCLIP++ (2025). In the last blocks every mask has a token, at first a copy of the class
token, that reads the patches under the mask through CLIP's own attention. It sees neither itself
nor the class token, and no token of the image sees it: the image goes through CLIP unchanged, once
for all masks. With d the mask at patch resolution and s = -5, its attention has the bias

    d exp(s) where d is more than half of its maximum, -100 elsewhere.

d is resized with antialiasing, without which a mask smaller than a patch would vanish.
"""

from __future__ import annotations

import math

import torch
from open_clip.transformer import VisionTransformer
from torch.nn import functional

from ..seams import Context, MaskEncoder
from .clip_build import load_visual
from .clip_encoder import ClipMaskEncoder
from .clip_text import ClipText
from .clip_visual import (
    KEY,
    QUERY,
    VALUE,
    after_attention,
    image_tokens,
    project,
    readout,
    through_blocks,
)
from .device import choose_device
from .loaded import load_model

BLOCKS = 2  # the last so many of the tower: from 10 of 12, 22 of 24, 38 of 40 in MaskCLIP++
MASK_LOGIT_SCALE = -5.0  # s
OUTSIDE = -100.0  # not -inf: a mask of no patch reads all of them instead of nothing

Memory = list[tuple[torch.Tensor, torch.Tensor]]  # keys, values (1, heads, g * g, W / heads) each


class MaskTokenEncoder(ClipMaskEncoder[tuple[torch.Tensor, Memory]]):
    """`MaskEncoder`: the readout of one token a mask."""

    def see(self, pixels: torch.Tensor) -> tuple[torch.Tensor, Memory]:
        return read_image(self.visual, pixels)

    def read(self, seen: tuple[torch.Tensor, Memory], coverage: torch.Tensor) -> torch.Tensor:
        return read_masks(self.visual, *seen, attention_bias(coverage.flatten(1)))


def read_image(visual: VisionTransformer, pixels: torch.Tensor) -> tuple[torch.Tensor, Memory]:
    """The class token (1, 1, W) at the first of the last blocks, and the patches in each of them.

    `pixels` (1, 3, size, size). What the last block makes of the image is not needed.
    """
    blocks = list(visual.transformer.resblocks)
    tokens = image_tokens(visual, visual.conv1(pixels))
    tokens = through_blocks(visual, tokens, blocks[:-BLOCKS])
    first, memory = tokens[:, :1], []
    for block in blocks[-BLOCKS:]:
        keys, values = project(block, tokens[:, 1:], KEY, VALUE)
        memory.append((keys, values))
        if block is not blocks[-1]:
            tokens = through_blocks(visual, tokens, [block])
    return first, memory


def read_masks(
    visual: VisionTransformer, token: torch.Tensor, memory: Memory, bias: torch.Tensor
) -> torch.Tensor:
    """(N, D) float32 unit rows of masks with attention `bias` (N, g * g); else as `read_image`."""
    tokens = token.expand(1, len(bias), -1)
    for block, (keys, values) in zip(
        list(visual.transformer.resblocks)[-BLOCKS:], memory, strict=True
    ):
        (queries,) = project(block, tokens, QUERY)
        read = functional.scaled_dot_product_attention(
            queries, keys, values, bias.to(queries.dtype)
        )
        tokens = after_attention(block, tokens, read)
    return functional.normalize(readout(visual, tokens[0]), dim=-1)


def attention_bias(coverage: torch.Tensor) -> torch.Tensor:
    """(N, g * g) float32 bias of masks on patches from `coverage` (N, g * g), the d above."""
    covered = coverage > coverage.amax(dim=1, keepdim=True) / 2
    return torch.where(covered, coverage * math.exp(MASK_LOGIT_SCALE), OUTSIDE)


def make_mask_tokens(context: Context) -> MaskEncoder:
    """With the checkpoint `encoder_model`. Raises MissingCheckpoint, InputError."""
    settings = context.settings
    device = choose_device(settings.device)
    visual = load_model(settings.encoder_model, device, load_visual, part="visual")
    text = ClipText(settings.encoder_model, settings.prompts, device, context.pulse)
    return MaskTokenEncoder(visual, text, device, context.pulse)
