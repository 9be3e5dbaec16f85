# SPDX-License-Identifier: GPL-3.0-or-later
"""SAM 2.1 as a module, from the configurations that the `sam2` package carries.

Built with OmegaConf alone: Hydra's global state, which the package's own builders need, would be
shared with everything else in the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import sam2
from hydra.utils import instantiate
from omegaconf import OmegaConf
from sam2.modeling.sam2_base import SAM2Base

from ...checkpoints.catalogue import Checkpoint
from .device import Device
from .weights import load_strictly, read_weights

BASE = "sam2.modeling.sam2_base.SAM2Base"

# What the package's own builders set for inference (`apply_postprocessing`), without the hole
# filling that needs its compiled extension.
_INFERENCE = {
    "binarize_mask_from_pts_for_mem_enc": True,  # prompts are remembered as they are
    "sam_mask_decoder_extra_args": {
        "dynamic_multimask_via_stability": True,
        "dynamic_multimask_stability_delta": 0.05,
        "dynamic_multimask_stability_thresh": 0.98,
    },
}


def build_sam2(architecture: Mapping[str, Any], target: str = BASE) -> SAM2Base:
    """An untrained model on the CPU, in evaluation mode.

    `architecture` has `config`, a configuration of the package ("sam2.1_hiera_t"), and optionally
    `overrides`, dotted settings over it ({"image_size": 256}). `target` is the class to make.
    """
    path = files(sam2) / "configs" / "sam2.1" / f"{architecture['config']}.yaml"
    settings = OmegaConf.create(path.read_text("utf-8")).model
    OmegaConf.set_struct(settings, False)
    settings = OmegaConf.merge(settings, _INFERENCE)
    for key, value in architecture.get("overrides", {}).items():
        OmegaConf.update(settings, key, value)
    settings._target_ = target
    return instantiate(settings, _recursive_=True).eval()


def load_sam2(checkpoint: Checkpoint, path: Path, device: Device) -> SAM2Base:
    """The model of a checkpoint, ready on `device`. Raises MissingCheckpoint."""
    model = build_sam2(checkpoint.architecture)
    load_strictly(model, read_weights(path), checkpoint.title)
    return model.requires_grad_(False).to(device.torch)
