# SPDX-License-Identifier: GPL-3.0-or-later
"""Models that are in memory: loaded once, kept from job to job by a worker that stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from ...checkpoints.catalogue import Checkpoint
from ...checkpoints.store import recorded_hash, require_checkpoint
from .device import Device

Model = TypeVar("Model")
Load = Callable[[Checkpoint, Path, Device], Model]

ROOMY = 12 * 2**30  # bytes of graphics memory from which all models of a job fit side by side

_models: dict[tuple[str, str, Device, str], Any] = {}


def load_model(name: str, device: Device, load: Load[Model], part: str = "") -> Model:
    """The model of checkpoint `name`, from memory if it was loaded before.

    `part` tells apart what different loaders make of one file. On a small GPU the others are let
    go first. Raises as `require_checkpoint` and the loader.
    """
    checkpoint, path = require_checkpoint(name)
    key = (name, recorded_hash(checkpoint), device, part)
    if key not in _models:
        if not _is_roomy(device):
            release_models()
        _models[key] = load(checkpoint, path, device)
    model: Model = _models[key]
    return model


def release_models() -> None:
    """Lets go of all models and of the memory that torch keeps for reuse."""
    _models.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _is_roomy(device: Device) -> bool:
    if device.name != "cuda":
        return True  # main memory is swapped out by the system where need be
    return torch.cuda.get_device_properties(device.torch).total_memory >= ROOMY
