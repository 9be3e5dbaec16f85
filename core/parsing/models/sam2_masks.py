# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals by SAM 2 (Ravi et al. 2024): smaller than SAM, and a tracker from the same file."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from sam2.modeling.sam2_base import SAM2Base
from torch.nn import functional as F

from ...job.capture_files import ViewImage
from ..masks import MaskSet
from ..seams import Context
from .device import Device, choose_device
from .everything import EverythingMode, EverythingSettings
from .loaded import load_model
from .sam2_build import load_sam2

_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's colours, 0..1


def make_sam2_proposer(context: Context) -> Sam2Proposer:
    """The proposer of a run. Raises MissingCheckpoint, InputError."""
    device = choose_device(context.settings.device)
    return Sam2Proposer(
        context, load_model(context.settings.proposer_model, device, load_sam2), device
    )


class Sam2Proposer:
    """`Proposer` that asks SAM 2 for everything on the silhouette, as its authors do: no crops."""

    def __init__(self, context: Context, model: SAM2Base, device: Device) -> None:
        settings = EverythingSettings(
            context.settings.points_per_side,
            context.settings.minimum_area,
            predicted_iou=0.8,
            stability=0.95,
            crop_layers=0,
        )
        self._everything = EverythingMode(
            partial(Sam2Image, model=model, device=device),
            model,
            "SAM 2",
            settings,
            device,
            context.pulse,
        )

    def propose(self, image: ViewImage, frame: int) -> MaskSet:
        """Class-agnostic masks of `image` (eq. 2). Raises JobError when memory does not suffice."""
        return self._everything.propose(image)


class Sam2Image:
    """`AskedImage` of SAM 2, which sees every image as a square."""

    def __init__(self, image: np.ndarray, model: SAM2Base, device: Device) -> None:
        self._model, self._device = model, device
        self._size = image.shape[:2]
        resized = F.interpolate(
            torch.from_numpy(image).permute(2, 0, 1)[None] / 255,
            (model.image_size, model.image_size),
            mode="bilinear",
            antialias=True,
        )
        mean, spread = (torch.tensor(v).view(3, 1, 1) for v in (_MEAN, _SPREAD))
        with device.autocast():
            found = model.forward_image(((resized - mean) / spread).to(device.torch))
        *self._fine, coarse = found["backbone_fpn"][-model.num_feature_levels :]
        if model.directly_add_no_mem_embed:
            coarse = coarse + model.no_mem_embed.view(1, -1, 1, 1)
        self._embedding = coarse  # (1, C, h, w); `_fine` are 4 and 2 times as large

    def masks_at(self, points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        scale = self._model.image_size / np.array(self._size[::-1])
        where = torch.tensor(points * scale, dtype=torch.float32, device=self._device.torch)
        positive = torch.ones(len(points), 1, dtype=torch.int32, device=self._device.torch)
        encoder = self._model.sam_prompt_encoder  # not in half precision: sines of positions
        sparse, dense = encoder(points=(where[:, None], positive), boxes=None, masks=None)
        with self._device.autocast():
            logits, predicted_iou, _, _ = self._model.sam_mask_decoder(
                image_embeddings=self._embedding,
                image_pe=encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
                repeat_image=True,
                high_res_features=self._fine,
            )
        return logits.float(), predicted_iou.float()

    def enlarged(self, logits: torch.Tensor) -> torch.Tensor:
        return F.interpolate(logits[:, None], self._size, mode="bilinear")[:, 0]
