# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals by SAM (Kirillov et al. 2023): the paper's own choice, with ViT-H."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from segment_anything.modeling import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
)
from torch import nn
from torch.nn import functional as F

from ...checkpoints.catalogue import Checkpoint
from ...errors import InputError
from ...job.capture_files import ViewImage
from ..masks import MaskSet
from ..seams import Context
from .device import Device, choose_device
from .everything import EverythingMode, EverythingSettings
from .loaded import load_model
from .weights import load_strictly, read_weights


@dataclass(frozen=True)
class SamArchitecture:
    """The sizes of a SAM; a checkpoint's table says those that differ, or a `type`."""

    encoder_embed_dim: int
    encoder_depth: int
    encoder_num_heads: int
    encoder_global_attn_indexes: tuple[int, ...]  # blocks that attend to the whole image
    image_size: int = 1024  # pixels
    patch_size: int = 16  # pixels
    window_size: int = 14  # patches, of the blocks that do not
    prompt_embed_dim: int = 256
    decoder_depth: int = 2
    decoder_num_heads: int = 8
    decoder_mlp_dim: int = 2048

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> SamArchitecture:
        """From a checkpoint's `architecture`. Raises InputError naming the key that is wrong."""
        if table.get("type") in _TYPES and len(table) == 1:
            return _TYPES[table["type"]]
        known = [field.name for field in fields(cls)]
        sizes: dict[str, Any] = {}
        for key, value in table.items():
            several = key == "encoder_global_attn_indexes"
            numbers = value if several and isinstance(value, list) else [value]
            if key not in known or not all(_is_size(n, 0 if several else 1) for n in numbers):
                raise _wrong_architecture(f"{key} = {value!r}")
            sizes[key] = tuple(numbers) if several else value
        if missing := [name for name in known[:4] if name not in sizes]:
            raise _wrong_architecture(f"no {missing[0]}")
        return cls(**sizes)


_TYPES = {
    "vit_b": SamArchitecture(768, 12, 12, (2, 5, 8, 11)),
    "vit_l": SamArchitecture(1024, 24, 16, (5, 11, 17, 23)),
    "vit_h": SamArchitecture(1280, 32, 16, (7, 15, 23, 31)),
}


def build_sam(architecture: Mapping[str, Any]) -> Sam:
    """An untrained model on the CPU, in evaluation mode. Raises InputError."""
    sizes = SamArchitecture.read(architecture)
    patches = sizes.image_size // sizes.patch_size  # along a side
    encoder = ImageEncoderViT(
        img_size=sizes.image_size,
        patch_size=sizes.patch_size,
        embed_dim=sizes.encoder_embed_dim,
        depth=sizes.encoder_depth,
        num_heads=sizes.encoder_num_heads,
        out_chans=sizes.prompt_embed_dim,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=sizes.window_size,
        global_attn_indexes=sizes.encoder_global_attn_indexes,
    )
    prompts = PromptEncoder(
        embed_dim=sizes.prompt_embed_dim,
        image_embedding_size=(patches, patches),
        input_image_size=(sizes.image_size, sizes.image_size),
        mask_in_chans=16,
    )
    transformer = TwoWayTransformer(
        depth=sizes.decoder_depth,
        embedding_dim=sizes.prompt_embed_dim,
        num_heads=sizes.decoder_num_heads,
        mlp_dim=sizes.decoder_mlp_dim,
    )
    decoder = MaskDecoder(transformer_dim=sizes.prompt_embed_dim, transformer=transformer)
    return Sam(encoder, prompts, decoder).eval()


def load_sam(checkpoint: Checkpoint, path: Path, device: Device) -> Sam:
    """The model of a checkpoint, ready on `device`. Raises MissingCheckpoint, InputError."""
    model = build_sam(checkpoint.architecture)
    load_strictly(model, read_weights(path), checkpoint.title)
    return model.requires_grad_(False).to(device.torch)


def make_sam_proposer(context: Context) -> SamProposer:
    """The proposer of a run. Raises MissingCheckpoint, InputError."""
    device = choose_device(context.settings.device)
    return SamProposer(
        context, load_model(context.settings.proposer_model, device, load_sam), device
    )


class SamProposer:
    """`Proposer` that asks SAM for everything on the silhouette."""

    def __init__(self, context: Context, model: Sam, device: Device) -> None:
        settings = EverythingSettings(
            context.settings.points_per_side, context.settings.minimum_area
        )
        self._everything = EverythingMode(
            partial(SamImage, model=model, device=device),
            model,
            "SAM",
            settings,
            device,
            context.pulse,
        )

    def propose(self, image: ViewImage, frame: int) -> MaskSet:
        """Class-agnostic masks of `image` (eq. 2). Raises JobError when memory does not suffice."""
        return self._everything.propose(image)


class SamImage:
    """`AskedImage` of SAM: the longer side is resized to the model's, the shorter one padded."""

    def __init__(self, image: np.ndarray, model: Sam, device: Device) -> None:
        self._model, self._device = model, device
        self._size = image.shape[:2]
        longest = model.image_encoder.img_size
        height, width = (int(n * longest / max(self._size) + 0.5) for n in self._size)
        self._resized = height, width
        # Whole numbers are interpolated as Pillow does it, with which the models were trained.
        resized = F.interpolate(
            torch.from_numpy(image).permute(2, 0, 1)[None],
            self._resized,
            mode="bilinear",
            antialias=True,
        )
        with device.autocast():
            self._embedding = model.image_encoder(model.preprocess(resized.to(device.torch)))

    def masks_at(self, points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        scale = np.array(self._resized[::-1]) / self._size[::-1]
        where = torch.tensor(points * scale, dtype=torch.float32, device=self._device.torch)
        positive = torch.ones(len(points), 1, dtype=torch.int32, device=self._device.torch)
        encoder = self._model.prompt_encoder  # not in half precision: it takes sines of positions
        sparse, dense = encoder(points=(where[:, None], positive), boxes=None, masks=None)
        with self._device.autocast():
            logits, predicted_iou = self._model.mask_decoder(
                image_embeddings=self._embedding,
                image_pe=encoder.get_dense_pe(),
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=dense,
                multimask_output=True,
            )
        return logits.float(), predicted_iou.float()

    def enlarged(self, logits: torch.Tensor) -> torch.Tensor:
        return self._model.postprocess_masks(logits[:, None], self._resized, self._size)[:, 0]


def _is_size(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _wrong_architecture(what: str) -> InputError:
    return InputError(
        f"The architecture of a SAM checkpoint has {what}",
        f"Give type ({', '.join(_TYPES)}) or sizes: "
        f"{', '.join(f.name for f in fields(SamArchitecture))}",
    )
