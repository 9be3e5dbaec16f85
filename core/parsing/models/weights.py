# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading checkpoint files: only tensors, never code, and only into what they were made for."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from torch import nn

from ...checkpoints.store import MissingCheckpoint

_WRAPPERS = ("model", "state_dict", "model_state_dict")  # keys under which trainers save a model
State = dict[str, torch.Tensor]


def read_weights(path: Path) -> State:
    """Tensors by name from a .safetensors, a torch file or a TorchScript archive (OpenAI's CLIP).

    Raises MissingCheckpoint when the file is damaged or holds anything but tensors.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if _is_torchscript(path):
            return dict(torch.jit.load(str(path), map_location="cpu").state_dict())
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise _refused(path, str(error).splitlines()[0][:200] if str(error) else "") from error
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise _refused(path, "it holds no table of tensors")
    state = {str(k): v for k, v in content.items() if isinstance(v, torch.Tensor)}
    if len(state) != len(content):
        raise _refused(path, "it holds other things than tensors")
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


def _is_torchscript(path: Path) -> bool:
    """TorchScript archives carry code; only their tensors are taken."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(n.split("/")[-1] == "constants.pkl" for n in archive.namelist())


def _refused(path: Path, reason: str) -> MissingCheckpoint:
    because = f" ({reason})" if reason else ""
    return MissingCheckpoint(
        f"The model file {path.name} cannot be read{because}",
        "It may be damaged: fetch or import it again",
    )
