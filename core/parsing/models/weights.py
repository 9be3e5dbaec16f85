# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading checkpoint files: only tensors, never code, and only into what they were made for."""

from __future__ import annotations

import pickle
import zipfile
import zlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ...checkpoints.store import MissingCheckpoint
from .torchscript import is_torchscript, read_torchscript

_WRAPPERS = ("model", "state_dict", "model_state_dict")  # keys under which trainers save a model
State = dict[str, torch.Tensor]

# What damaged and hostile files raise, from torch, pickle and zipfile.
_UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    RecursionError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    SafetensorError,
)


def read_weights(path: Path) -> State:
    """Tensors by name from a .safetensors, a torch file or a TorchScript archive (OpenAI's CLIP).

    Raises MissingCheckpoint when the file is damaged or holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        if is_torchscript(path):
            return read_torchscript(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise _refuse(path, _reason_in(error)) from error
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise _refuse(path, "it holds no table of tensors")
    state = {str(k): v for k, v in content.items() if isinstance(v, torch.Tensor)}
    if len(state) != len(content):
        raise _refuse(path, "it holds other things than tensors")
    return state


def load_strictly(module: nn.Module, state: State, title: str) -> None:
    """Fills `module`. Raises MissingCheckpoint naming keys and shapes that do not fit."""
    own = module.state_dict()
    problems = [f"lacks {k}" for k in own if k not in state]
    problems += [f"has the unknown {k}" for k in state if k not in own]
    problems += [
        f"has {k} of shape {tuple(state[k].shape)} instead of {tuple(own[k].shape)}"
        for k in own
        if k in state and state[k].shape != own[k].shape
    ]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise MissingCheckpoint(
            f"The file is of another model than {title}: it {problems[0]}{more}",
            "Fetch it again, or bring the file that was published for this model",
        )
    module.load_state_dict({k: v.to(own[k].dtype) for k, v in state.items()})


def _reason_in(error: Exception) -> str:
    """The cause in a few words. What torch says of more than tensors is how to read it anyway."""
    if isinstance(error, pickle.UnpicklingError) and "weights_only" in str(error):
        return "it holds other things than tensors, or is damaged"
    return str(error).splitlines()[0][:200] if str(error) else ""


def _refuse(path: Path, reason: str) -> MissingCheckpoint:
    because = f" ({reason})" if reason else ""
    return MissingCheckpoint(
        f"The model file {path.name} cannot be read{because}",
        "It may be damaged: fetch or import it again",
    )
