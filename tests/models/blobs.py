# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny SAM and SAM 2 whose masks look like masks, and images for them.

Random weights answer every point with a pattern over the whole image. Here a bump around the point
is added to the decoder's logits, from nothing but the embeddings it is given: that of a point is
most alike to that of the place where it is.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import torch
from sam2.modeling.sam2_base import SAM2Base
from segment_anything.modeling import Sam
from torch import nn
from torch.nn import functional as F

from core.job.capture_files import ViewImage
from core.parsing.models.sam import build_sam
from core.parsing.models.sam2_build import build_sam2

from . import tiny

SIZE = (96, 80)  # (height, width) of the images
SAM = {**tiny.SAM, "window_size": 4, "decoder_mlp_dim": 64}
SAM2 = tiny.SAM2
SAM2_MAPS = [(32, 32), (16, 16), (8, 8)]  # sizes of its feature maps


class BlobDecoder(nn.Module):
    """A mask decoder with a bump of a different size around the point in each of its masks."""

    LEVELS = (0.85, 0.6, 0.35)  # of likeness, where a mask ends

    def __init__(self, decoder: nn.Module, steepness: float = 30) -> None:
        super().__init__()
        self.decoder, self.steepness = decoder, steepness

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("decoder"), name)

    def forward(self, **inputs: Any) -> tuple[torch.Tensor, ...]:
        logits, predicted_iou, *rest = self.decoder(**inputs)
        places = inputs["image_pe"][0]  # (C, h, w)
        points = inputs["sparse_prompt_embeddings"][:, 0]  # (n, C)
        likeness = torch.einsum("nc,chw->nhw", points, places) / (len(places) / 2)
        bump = F.interpolate(likeness[:, None], logits.shape[-2:], mode="bicubic")
        levels = torch.tensor(self.LEVELS, device=logits.device).view(1, 3, 1, 1)
        return logits + self.steepness * (bump - levels), predicted_iou, *rest


def blob_sam() -> Sam:
    torch.manual_seed(1)
    model = build_sam(SAM)
    _enliven(model, model.mask_decoder)
    model.mask_decoder.iou_prediction_head.layers[-1].bias.data += 1  # mostly positive
    model.mask_decoder = BlobDecoder(model.mask_decoder)
    return model.requires_grad_(False)


def blob_sam2() -> SAM2Base:
    torch.manual_seed(2)
    model = build_sam2(SAM2)
    _enliven(model, model.sam_mask_decoder)
    model.sam_mask_decoder = BlobDecoder(model.sam_mask_decoder)
    return model.requires_grad_(False)


def picture() -> np.ndarray:
    """(H, W, 3) uint8 of soft coloured patches."""
    patches = np.random.default_rng(0).integers(0, 256, (12, 10, 3), dtype=np.uint8)
    return cv2.resize(patches, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


def view_image(silhouette: np.ndarray) -> ViewImage:
    """`picture` where `silhouette` (H, W) bool is, white elsewhere; cropped as a capture is."""
    rows, columns = np.flatnonzero(silhouette.any(1)), np.flatnonzero(silhouette.any(0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside = silhouette[window]
    return ViewImage(
        resolution=SIZE,
        corner=(int(rows[0]), int(columns[0])),
        element=np.where(inside, 0, -1).astype(np.int32),
        color=np.where(inside[..., None], picture()[window], np.uint8(255)),
        normal=np.zeros((*inside.shape, 3), np.int8),
        depth=np.zeros(inside.shape, np.float16),
        world_to_camera=np.eye(4),
        intrinsics=np.eye(3),
    )


def _enliven(model: nn.Module, decoder: nn.Module) -> None:
    """Larger weights where fresh ones make all outputs alike."""
    with torch.no_grad():
        for parameter in [*model.parameters(), *decoder.transformer.parameters()]:
            if parameter.ndim > 1:
                parameter.mul_(1.5)
        for mlp in decoder.output_hypernetworks_mlps:
            mlp.layers[-1].weight.mul_(8)
        decoder.iou_prediction_head.layers[-1].weight.mul_(3)
