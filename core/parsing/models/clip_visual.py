# SPDX-License-Identifier: GPL-3.0-or-later
"""The visual tower of open_clip in pieces: tokens, blocks, projections inside a block, readout.

Tokens are (B, L, W): batch, class token followed by the patches in row-major order, width. The
residual stream is float32 whatever precision the products have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from open_clip.transformer import VisionTransformer
from torch import nn
from torch.nn import functional

QUERY, KEY, VALUE = range(3)  # thirds of a block's input projection


def image_size(visual: VisionTransformer) -> int:
    """Pixels along a side of the square image the tower takes."""
    return int(visual.image_size[0])


def grid_size(visual: VisionTransformer) -> int:
    """Patches along a side."""
    return int(visual.grid_size[0])


def image_tokens(visual: VisionTransformer, patches: torch.Tensor) -> torch.Tensor:
    """(B, 1 + g * g, W) tokens at the first block from embedded `patches` (B, W, g, g)."""
    patches = patches.float().flatten(2).transpose(1, 2)
    first = visual.class_embedding.expand(len(patches), 1, -1)
    return visual.ln_pre(torch.cat([first, patches], dim=1) + visual.positional_embedding)


def through_blocks(
    visual: VisionTransformer, tokens: torch.Tensor, blocks: Iterable[nn.Module]
) -> torch.Tensor:
    """(B, L, W) tokens after some of the tower's blocks, unchanged ones of CLIP."""
    batch_first = visual.transformer.batch_first
    tokens = tokens if batch_first else tokens.transpose(0, 1)
    for block in blocks:
        tokens = block(tokens)
    return tokens if batch_first else tokens.transpose(0, 1)


def project(block: Any, tokens: torch.Tensor, *roles: int) -> list[torch.Tensor]:
    """QUERY, KEY or VALUE of a block's attention for `tokens`, each (B, heads, L, W / heads)."""
    attention, normed = block.attn, block.ln_1(tokens)
    weights, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    return [
        functional.linear(normed, weights[role], biases[role])
        .unflatten(2, (attention.num_heads, -1))
        .transpose(1, 2)
        for role in roles
    ]


def after_attention(block: Any, tokens: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
    """A block's output for its input `tokens` and what its heads read: (B, heads, L, W / heads)."""
    read = block.attn.out_proj(attended.transpose(1, 2).flatten(2))
    tokens = tokens + block.ls_1(read)
    return tokens + block.ls_2(block.mlp(block.ln_2(tokens)))


def readout(visual: VisionTransformer, tokens: torch.Tensor) -> torch.Tensor:
    """(..., D) float32 in the space shared with words, from (..., W) after the last block."""
    return (visual.ln_post(tokens) @ visual.proj).float()
