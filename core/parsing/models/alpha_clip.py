# SPDX-License-Identifier: GPL-3.0-or-later
"""AlphaCLIP, and HumanCLIP, which is AlphaCLIP trained on people.

A fourth channel, alpha, tells CLIP where to look: `conv1(rgb) + conv1_alpha(alpha)` are the
patches, everything after is a plain visual tower with other weights. Words are read by the CLIP it
was made from. Every mask is a whole forward pass; only the embedded colours are shared. It is shown
the whole capture, as OpenHuman4D did.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from open_clip.transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from ...checkpoints.catalogue import Checkpoint, find_checkpoint
from ...checkpoints.store import MissingCheckpoint
from ...errors import InputError
from ...job.capture_files import ViewImage
from ..seams import Context, MaskEncoder, TextSide
from .clip_build import build_clip, configuration_of, fill_weights, without_prefix
from .clip_encoder import ClipMaskEncoder
from .clip_image import Framing, whole_view
from .clip_text import ClipText
from .clip_visual import image_size, image_tokens, readout, through_blocks
from .device import Device, choose_device
from .loaded import load_model
from .weights import State, read_weights

ALPHA_MEAN, ALPHA_DEVIATION = 0.5, 0.26  # of the masks it was trained with
_FUSED = "attn.in_proj."  # AlphaCLIP has a linear layer where torch's attention has parameters


class AlphaVisual(nn.Module):
    """A visual tower with the patch embedding of alpha."""

    def __init__(self, visual: VisionTransformer) -> None:
        super().__init__()
        self.visual = visual
        colors = visual.conv1
        self.conv1_alpha = nn.Conv2d(
            1, colors.out_channels, colors.kernel_size, colors.stride, bias=False
        )

    def forward(self, patches: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
        """(M, D) float32 unit rows.

        `patches` (1, W, g, g) is the image after the tower's `conv1`, shared by all masks; `alpha`
        (M, 1, size, size) float32, normalised.
        """
        tokens = image_tokens(self.visual, patches + self.conv1_alpha(alpha))
        tokens = through_blocks(self.visual, tokens, self.visual.transformer.resblocks)
        return functional.normalize(readout(self.visual, tokens[:, 0]), dim=-1)


class AlphaClipEncoder(ClipMaskEncoder[torch.Tensor]):
    """`MaskEncoder`: the whole capture with a mask as alpha, one forward pass a mask."""

    def __init__(
        self,
        model: AlphaVisual,
        text: TextSide,
        device: Device,
        pulse: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(model.visual, text, device, pulse, 8 if device.name == "cpu" else 64)
        self._model = model

    def framing(self, image: ViewImage) -> Framing:
        return whole_view(image)

    @property
    def cells(self) -> int:
        return image_size(self.visual)

    def see(self, pixels: torch.Tensor) -> torch.Tensor:
        """(1, W, g, g) embedded colours."""
        return self.visual.conv1(pixels)

    def read(self, seen: torch.Tensor, coverage: torch.Tensor) -> torch.Tensor:
        alpha = (coverage - ALPHA_MEAN) / ALPHA_DEVIATION
        return self._model(seen, alpha[:, None])


def make_alpha_clip(context: Context) -> MaskEncoder:
    """With the checkpoint `encoder_model`. Raises MissingCheckpoint, InputError."""
    settings = context.settings
    device = choose_device(settings.device)
    model = load_model(settings.encoder_model, device, load_alpha)
    base = _base(find_checkpoint(settings.encoder_model))
    text = ClipText(base.name, settings.prompts, device, context.pulse)
    return AlphaClipEncoder(model, text, device, context.pulse)


def load_alpha(checkpoint: Checkpoint, path: Path, device: Device) -> AlphaVisual:
    """The visual tower of a published file, ready on `device`.

    Its geometry is that of the CLIP it requires, its activation always QuickGELU, which is all
    that AlphaCLIP's code has. Raises MissingCheckpoint for other files, InputError.
    """
    configuration = {**configuration_of(_base(checkpoint)), "quick_gelu": True}
    model = AlphaVisual(build_clip(configuration).visual)
    state = _rename(read_weights(path), checkpoint)
    _check_resolution(model.visual, state, checkpoint)
    fill_weights(model, state, checkpoint.title)
    return model.to(device.torch)


def _base(checkpoint: Checkpoint) -> Checkpoint:
    """The CLIP it was trained from."""
    for name in checkpoint.requires:
        if (base := find_checkpoint(name)).kind == "clip":
            return base
    raise InputError(
        f"The entry of {checkpoint.title} ({checkpoint.name}) requires no CLIP",
        'Name the one it was trained from in checkpoints.toml: requires = ["clip_vit_l14"]',
    )


def _rename(state: State, checkpoint: Checkpoint) -> State:
    """Parameters of `AlphaVisual` from the names in AlphaCLIP's files."""
    state = without_prefix(state, "module.")
    if "token_embedding.weight" in state:  # the text tower, too: it is that of the CLIP as it was
        state = {name: v for name, v in state.items() if name.startswith("visual.")}
    state = without_prefix(state, "visual.")
    if any("lora_" in name for name in state):
        raise MissingCheckpoint(
            f"The file of {checkpoint.title} holds a LoRA beside the weights",
            "Merge it into the weights, or bring the file of a full fine-tuning",
        )
    inside = {name.replace(_FUSED, "attn.in_proj_"): value for name, value in state.items()}
    return {n if n.startswith("conv1_alpha.") else f"visual.{n}": v for n, v in inside.items()}


def _check_resolution(visual: VisionTransformer, state: State, checkpoint: Checkpoint) -> None:
    """Says what is wrong where a file for 336 pixels is used with a CLIP for 224."""
    positions = state.get("visual.positional_embedding")
    if positions is None or len(positions) == len(visual.positional_embedding):
        return
    pixels = math.isqrt(len(positions) - 1) * int(visual.patch_size[0])
    raise MissingCheckpoint(
        f"The file of {checkpoint.title} is for images of {pixels} pixels, and the CLIP it is used "
        f"with for {image_size(visual)}",
        "Correct what its entry requires in checkpoints.toml, or bring the file for that size",
    )
