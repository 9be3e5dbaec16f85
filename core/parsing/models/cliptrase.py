# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIPtrase (2024) on plain CLIP: an embedding of every patch, averaged under each mask.

In the last block, tokens of like content attend to each other: with q, k, v the rows of one head
and d its width,

    A = softmax(q q^T / sqrt(d)) + softmax(k k^T / sqrt(d)) + softmax(v v^T / sqrt(d))

takes the place of softmax(q k^T / sqrt(d)) before the values; residual and MLP stay. All tokens,
not only the class token, are then read out as patch embeddings F, and a mask m has the embedding
q_m = sum_p m_p F_p / sum_p m_p.

The clustering that CLIPtrase goes on with finds regions from the same correlations; here regions
are the masks, so it is left out.
"""

from __future__ import annotations

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


class CliptraseEncoder(ClipMaskEncoder[torch.Tensor]):
    """`MaskEncoder`: the mean of the patch embeddings under a mask."""

    def see(self, pixels: torch.Tensor) -> torch.Tensor:
        return patch_embeddings(self.visual, pixels)

    def read(self, seen: torch.Tensor, coverage: torch.Tensor) -> torch.Tensor:
        return pool(seen, coverage.flatten(1))


def patch_embeddings(visual: VisionTransformer, pixels: torch.Tensor) -> torch.Tensor:
    """(g * g, D) float32, the F above, from `pixels` (1, 3, size, size)."""
    *blocks, last = visual.transformer.resblocks
    tokens = image_tokens(visual, visual.conv1(pixels))
    tokens = through_blocks(visual, tokens, blocks)
    roles = project(last, tokens, QUERY, KEY, VALUE)
    values = roles[VALUE]
    read = [functional.scaled_dot_product_attention(role, role, values) for role in roles]
    tokens = after_attention(last, tokens, torch.stack(read).sum(dim=0))
    return readout(visual, tokens[0, 1:])


def pool(patches: torch.Tensor, coverage: torch.Tensor) -> torch.Tensor:
    """(N, D) float32 unit rows: means of `patches` (P, D), weighted by `coverage` (N, P) >= 0.

    A mask of nothing has the mean of all, as it has with mask tokens.
    """
    total = coverage.sum(dim=1, keepdim=True)
    share = torch.where(total > 0, coverage / total.clamp(min=1e-12), 1 / len(patches))
    return functional.normalize((share @ patches).float(), dim=-1)


def make_cliptrase(context: Context) -> MaskEncoder:
    """With the checkpoint `encoder_model`. Raises MissingCheckpoint, InputError."""
    settings = context.settings
    device = choose_device(settings.device)
    visual = load_model(settings.encoder_model, device, load_visual, part="visual")
    text = ClipText(settings.encoder_model, settings.prompts, device, context.pulse)
    return CliptraseEncoder(visual, text, device, context.pulse)
