# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIP's two towers from one checkpoint file, each by itself.

Masks need the visual tower, words the text tower; a device never holds the one that is not asked
for. Only plain CLIP is built: vision transformer, causal text transformer, OpenAI's 49 408 tokens,
which is OpenAI's and most of LAION's models. The others differ in pooling, preprocessing or
tokens, which the mask encoders rely on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.transformer import VisionTransformer
from torch import nn
from torch.nn import functional

from ...checkpoints.catalogue import Checkpoint
from ...errors import InputError
from .device import Device
from .weights import State, load_strictly, read_weights

VOCABULARY = 49408  # tokens of the byte-pair encoding that comes with open_clip

_PLAIN = {
    "": {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"},
    "vision_cfg": {"image_size", "layers", "width", "head_width", "mlp_ratio", "patch_size"},
    "text_cfg": {"context_length", "vocab_size", "width", "heads", "layers", "mlp_ratio"},
}
_OPENAI_NUMBERS = ("input_resolution", "context_length", "vocab_size")  # among OpenAI's tensors


class TextTower(nn.Module):
    """The text half of a CLIP; parameters are called as in its checkpoints."""

    def __init__(self, clip: open_clip.CLIP) -> None:
        super().__init__()
        self.token_embedding = clip.token_embedding
        self.positional_embedding = clip.positional_embedding  # (77, width)
        self.transformer = clip.transformer
        self.ln_final = clip.ln_final
        self.text_projection = clip.text_projection  # (width, D)
        self.logit_scale = clip.logit_scale

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(B, D) float32 unit rows of `tokens` (B, L) int64, padded with 0 after the end token.

        The end token has the highest number. It sees only what is before it, so trailing padding
        may be cut off: L is anything up to the context length.
        """
        length = tokens.shape[1]
        x = self.token_embedding(tokens) + self.positional_embedding[:length]
        ahead = torch.full((length, length), -torch.inf, device=x.device).triu(1)
        x = self.ln_final(self.transformer(x, attn_mask=ahead))
        ends = x[torch.arange(len(x), device=x.device), tokens.argmax(dim=1)]
        return functional.normalize((ends @ self.text_projection).float(), dim=-1)


def load_visual(checkpoint: Checkpoint, path: Path, device: Device) -> VisionTransformer:
    """The visual tower, ready on `device`. Raises MissingCheckpoint, InputError."""
    state = _read(path)
    visual = build_clip(_architecture(checkpoint, state)).visual
    own = {k.removeprefix("visual."): v for k, v in state.items() if k.startswith("visual.")}
    return fill_weights(visual, own, checkpoint.title).to(device.torch)


def load_text_tower(checkpoint: Checkpoint, path: Path, device: Device) -> TextTower:
    """The text tower, ready on `device`. Raises MissingCheckpoint, InputError."""
    state = _read(path)
    tower = TextTower(build_clip(_architecture(checkpoint, state)))
    own = {k: v for k, v in state.items() if not k.startswith("visual.")}
    return fill_weights(tower, own, checkpoint.title).to(device.torch)


def build_clip(configuration: Mapping[str, Any]) -> open_clip.CLIP:
    """The modules of an open_clip configuration without memory for weights, see `fill_weights`."""
    with torch.device("meta"):
        return open_clip.CLIP(**configuration).eval()


def fill_weights(module: nn.Module, state: State, title: str) -> nn.Module:
    """`module` on the CPU with the weights `state`, all of them. Raises MissingCheckpoint."""
    module = module.to_empty(device="cpu")
    load_strictly(module, state, title)
    return module.requires_grad_(False)


def configuration_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """open_clip's configuration of a CLIP checkpoint.

    `Checkpoint.architecture` is {"model": NAME}, one that open_clip knows, or a configuration.
    Raises InputError when it is neither, or not one of a plain CLIP.
    """
    asked = checkpoint.architecture
    if set(asked) == {"model"}:
        if asked["model"] not in open_clip.list_models():
            raise _refuse(checkpoint, f"is '{asked['model']}', which open_clip does not know")
        found = open_clip.get_model_config(asked["model"])
    else:
        found = dict(asked)
    for section, known in _PLAIN.items():
        values = found.get(section, {}) if section else found
        if strange := sorted(set(values) - known):
            raise _refuse(checkpoint, f"is no plain CLIP: it has '{strange[0]}'")
    if missing := sorted(_PLAIN[""] - {"quick_gelu"} - set(found)):
        raise _refuse(checkpoint, f"lacks '{missing[0]}'")
    if not isinstance(found["vision_cfg"].get("layers", 12), int):
        raise _refuse(checkpoint, "has a visual tower that is no vision transformer")
    if found["text_cfg"].get("vocab_size", VOCABULARY) != VOCABULARY:
        raise _refuse(checkpoint, "has other tokens than CLIP's")
    return found


def _architecture(checkpoint: Checkpoint, state: State) -> dict[str, Any]:
    """The configuration, with the activation that the weights were trained with.

    What OpenAI published was trained with QuickGELU, and is a little worse without any error when
    built with GELU. Its own files are told by the numbers in them; for the same weights in another
    layout the entry must say it ("ViT-L-14-quickgelu").
    """
    configuration = configuration_of(checkpoint)
    if any(number in state for number in _OPENAI_NUMBERS):
        configuration["quick_gelu"] = True
        for number in _OPENAI_NUMBERS:
            state.pop(number, None)
    return configuration


def _read(path: Path) -> State:
    return without_prefix(read_weights(path), "module.")


def without_prefix(state: State, prefix: str) -> State:
    """`state` with `prefix` taken off its names, if it is on all of them."""
    if all(name.startswith(prefix) for name in state):
        return {name.removeprefix(prefix): value for name, value in state.items()}
    return state


def _refuse(checkpoint: Checkpoint, what: str) -> InputError:
    return InputError(
        f"The architecture of {checkpoint.title} ({checkpoint.name}) {what}",
        "Correct its entry in checkpoints.toml, or choose another model",
    )
