# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiny CLIP files in the models folder, and views with masks to embed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from open_clip.model import CLIP as Model

from core.checkpoints.catalogue import models_folder
from core.checkpoints.store import hash_file, stamp_file
from core.job.capture_files import ViewImage
from core.job.spec import ParsingSettings, Prompts
from core.parsing.masks import MaskSet
from core.parsing.models.device import Device
from core.parsing.seams import Context
from tests.models.tiny import CLIP

CPU = Device("cpu", torch.float32)
HALF = Device("cpu", torch.bfloat16)
NUMBERS = {"input_resolution": 64, "context_length": 77, "vocab_size": 49408}
State = dict[str, torch.Tensor]


def lively_clip(**changes: Any) -> Model:
    """Random weights large enough that attention, words and masks make a difference."""
    torch.manual_seed(7)
    model = Model(**{**CLIP, **changes}).eval().requires_grad_(False)
    for name, parameter in model.named_parameters():
        if "embedding" in name or name.endswith("in_proj_weight"):
            parameter.mul_(2)
        elif parameter.ndim < 2 and "logit_scale" not in name:
            parameter.add_(torch.randn_like(parameter) * 0.1)
    model.logit_scale.fill_(np.log(100.0))
    return model


def alpha_state(model: Model) -> State:
    """AlphaCLIP's layout of a visual tower, with a random alpha kernel."""
    state = model.visual.state_dict()
    state = {k.replace("attn.in_proj_", "attn.in_proj."): v for k, v in state.items()}
    return state | {"conv1_alpha.weight": torch.randn(64, 1, 8, 8) * 0.1}


def put(name: str, content: Any, suffix: str = ".pt") -> Path:
    """A checkpoint's file, checked and known to the store once `register` names it."""
    path = models_folder() / f"{name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file({k: v.contiguous() for k, v in content.items()}, path)
    elif isinstance(content, torch.jit.ScriptModule):
        torch.jit.save(content, str(path))
    else:
        torch.save(content, path)
    stamp_file(path, hash_file(path))
    return path


def register(name: str, kind: str, file: str, **more: Any) -> None:
    """An entry in the user's own table."""
    lines = [f"[{name}]", f'kind = "{kind}"', f'title = "{name}"', f'file = "{file}"']
    lines += ['licence = "none"', *(f"{key} = {_toml(value)}" for key, value in more.items()), ""]
    table = models_folder() / "checkpoints.toml"
    table.parent.mkdir(parents=True, exist_ok=True)
    with table.open("a", encoding="utf-8") as stream:
        stream.write("\n".join(lines))


def context(
    name: str, pulse: Callable[[], None] = lambda: None, prompts: Prompts = "bare"
) -> Context:
    """For an encoder on the CPU; none of them asks for other images than the one given."""
    settings = ParsingSettings(encoder_model=name, device="cpu", prompts=prompts)
    return Context(SimpleNamespace(), settings, pulse)  # type: ignore[arg-type]


def view(height: int = 50, width: int = 20, resolution: int = 64, seed: int = 0) -> ViewImage:
    """A character of random colours, an ellipse that fills its crop."""
    random = np.random.default_rng(seed)
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    inside = x**2 + y**2 <= 1
    element = np.where(inside, np.arange(height * width).reshape(height, width), -1)
    color = np.where(inside[..., None], random.integers(0, 255, (height, width, 3)), 255)
    return ViewImage(
        resolution=(resolution, resolution),
        corner=(5, 9),
        element=element.astype(np.int32),
        color=color.astype(np.uint8),
        normal=np.zeros((height, width, 3), np.int8),
        depth=np.zeros((height, width), np.float16),
        world_to_camera=np.eye(4),
        intrinsics=np.eye(3),
    )


def some_masks(image: ViewImage, count: int = 5) -> MaskSet:
    """Horizontal bands of different heights, overlapping; the last is a single pixel."""
    rows = np.nonzero(image.silhouette)[0]
    height = image.element.shape[0]
    pixels = [
        (rows >= i * height // (count + 1)) & (rows < (i + 2) * height // (count + 1))
        for i in range(count - 1)
    ]
    pixels.append(np.arange(len(rows)) == len(rows) // 2)
    return MaskSet.from_pixels(np.array(pixels))


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)
