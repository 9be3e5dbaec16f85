# SPDX-License-Identifier: GPL-3.0-or-later
"""The network: a residual pyramid with attention at its top, and a decoder back to half size.

Of the joints it answers at a quarter of the size, where the decoder ends: ways change slowly.

Convolutions with batch norm and ReLU, because processors run nothing faster; attention only where
a picture has shrunk to a few dozen tokens, so that every pixel can know the whole figure.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .bank import REGION_OF_ZONE, REGIONS, SURFACES, ZONES
from .offsets import ENDS
from .settings import NetworkSize

CHANNELS = 7  # colour, normal, silhouette


class SightNet(nn.Module):
    """(N, 7, H, W) -> surface (N, L, H/2, W/2), zone (N, Z, H/2, W/2), boundary (N, 1, H/2, W/2),
    joint (N, 8, H/4, W/4).

    Logits, and of joints the ways to both ends of the bone in `offsets.UNIT` pixels, then for each
    end the logarithm of how far off the answer may be. H and W are multiples of 32. The decoder
    ends at stride 4 and its channels are spread over four pixels each (sub-pixel convolution,
    2016).
    """

    def __init__(self, size: NetworkSize | None = None) -> None:
        super().__init__()
        size = size or NetworkSize()
        self.stem = _convolution(CHANNELS, size.stem, stride=2)
        widths = (size.stem, *size.encoder)
        self.stages = nn.ModuleList(
            _stage(widths[i], widths[i + 1], size.blocks[i]) for i in range(len(size.encoder))
        )
        top = size.encoder[-1]
        self.attention = nn.ModuleList(
            AttentionBlock(top, size.heads) for _ in range(size.attention)
        )
        below = (top, *size.decoder)
        fine = [size.encoder[-2 - i] for i in range(len(size.decoder))]
        fine[-1] += 4 * size.stem  # what the stem saw, four pixels in one
        self.merges = nn.ModuleList(
            Merge(below[i], fine[i], below[i + 1]) for i in range(len(size.decoder))
        )
        self.outputs = (len(SURFACES), len(ZONES), 1)
        self.head = nn.Conv2d(size.decoder[-1], 4 * sum(self.outputs), 1)
        self.joint = nn.Sequential(_convolution(size.decoder[-1], 64), nn.Conv2d(64, ENDS + 2, 1))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        seen = self.stem(image)
        features = [seen]
        for stage in self.stages:
            features.append(stage(features[-1]))
        here = features.pop()
        for block in self.attention:
            here = block(here)
        features[1] = torch.cat([features[1], functional.pixel_unshuffle(seen, 2)], 1)
        for merge, skipped in zip(self.merges, features[:0:-1], strict=True):
            here = merge(here, skipped)
        every = functional.pixel_shuffle(self.head(here), 2)
        surface, zone, boundary = every.split(self.outputs, dim=1)
        return surface, zone, boundary, self.joint(here)


def regions_of(zone: Tensor) -> Tensor:
    """(N, R, ...) logits of `bank.REGIONS`: their softmax is the sum over zones of theirs."""
    columns = [
        zone[:, [z for z, r in enumerate(REGION_OF_ZONE) if r == region]].logsumexp(1)
        for region in range(len(REGIONS))
    ]
    return torch.stack(columns, 1)


class Residual(nn.Module):
    """Two 3 x 3 convolutions and a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = _convolution(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)  # starts as the identity

    def forward(self, here: Tensor) -> Tensor:
        return functional.relu_(here + self.norm(self.second(self.first(here))))


class AttentionBlock(nn.Module):
    """A transformer block over all positions; convolution tells where they are (CPVT, 2021)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.position = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.before = nn.LayerNorm(channels)
        self.query_key_value = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.between = nn.LayerNorm(channels)
        self.widen = nn.Linear(channels, 2 * channels)
        self.narrow = nn.Linear(2 * channels, channels)

    def forward(self, here: Tensor) -> Tensor:
        here = here + self.position(here)
        batch, channels, height, width = here.shape
        tokens = here.flatten(2).transpose(1, 2)  # (N, H W, C)
        shape = (batch, height * width, 3, self.heads, channels // self.heads)
        mixed = self.query_key_value(self.before(tokens)).view(shape).permute(2, 0, 3, 1, 4)
        query, key, value = mixed[0], mixed[1], mixed[2]
        scale = (channels // self.heads) ** -0.5
        weight = ((query * scale) @ key.transpose(-2, -1)).softmax(-1)
        seen = (weight @ value).transpose(1, 2).reshape(batch, height * width, channels)
        tokens = tokens + self.out(seen)
        tokens = tokens + self.narrow(functional.gelu(self.widen(self.between(tokens))))
        return tokens.transpose(1, 2).reshape(batch, channels, height, width)


class Merge(nn.Module):
    """Coarse features doubled in size, joined with the finer ones that were passed by."""

    def __init__(self, coarse: int, fine: int, out: int) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(coarse, out, 1, bias=False)
        self.fine = nn.Conv2d(fine, out, 1, bias=False)
        self.norm = nn.BatchNorm2d(out)
        self.mix = Residual(out)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        raised = functional.interpolate(self.coarse(coarse), scale_factor=2.0, mode="nearest")
        return self.mix(functional.relu_(self.norm(raised + self.fine(fine))))


def _stage(inputs: int, outputs: int, blocks: int) -> nn.Sequential:
    """Half the size, then residual blocks."""
    return nn.Sequential(
        _convolution(inputs, outputs, stride=2), *(Residual(outputs) for _ in range(blocks))
    )


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
