# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that belong together, by name, and what they need to be installed.

embedded  nothing downloaded: the vision model that is shipped, structure, names and bones
draft     one small model for masks, plain CLIP for words: a first look in minutes
standard  the best masks we know on a few key frames, carried to all others exactly
paper     OpenHuman4D as printed: one image is segmented, SAM 2 carries the masks, eq. 6 unscaled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..checkpoints.catalogue import Checkpoint, find_checkpoint
from ..checkpoints.store import recorded_hash, require_checkpoint
from ..errors import InputError
from .spec import ParsingSettings

# Embeddings of models are ambiguous where names are not; docs/benchmark.md has the numbers.
_BY_MODELS: Mapping[str, Any] = {"memory_scale": 5.0}

PRESETS: Mapping[str, ParsingSettings] = {
    "embedded": ParsingSettings(),
    "draft": ParsingSettings(
        preset="draft",
        proposer="sam2",
        proposer_model="sam2_tiny",
        points_per_side=32,
        tracker="auto",
        tracker_model="sam2_tiny",
        encoder="mask_tokens",
        encoder_model="clip_vit_l14",
        key_frames=1,
        **_BY_MODELS,
    ),
    "standard": ParsingSettings(
        preset="standard",
        proposer="sam",
        proposer_model="sam_vit_h",
        tracker="auto",
        tracker_model="sam2_large",
        travel="orbit_first",
        encoder="mask_tokens",
        encoder_model="clip_vit_l14_336",
        prompts="render",
        **_BY_MODELS,
    ),
    "paper": ParsingSettings(
        preset="paper",
        proposer="sam",
        proposer_model="sam_vit_h",
        tracker="sam2",
        tracker_model="sam2_large",
        encoder="alpha_clip",
        encoder_model="humanclip",
        key_frames=1,
        key_views=1,
        memory_scale=1.0,
        specificity=0.0,
        threshold=0.0,
        distractors=False,
        smoothing=0.0,
        persistence=0.0,
    ),
}

SEAMS = ("proposer", "tracker", "encoder")
_SEAM_OF_STAGE = {
    "proposals": "proposer",
    "masklets": "tracker",
    "validation": "tracker",
    "embeddings": "encoder",
    "labels": "encoder",
}

# What each implementation loads: the seam's setting -> implementation -> kind of checkpoint.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "proposer": {"sam": "sam", "sam2": "sam2"},
    "tracker": {"sam2": "sam2", "auto": "sam2"},
    "encoder": {"alpha_clip": "alpha_clip", "mask_tokens": "clip", "cliptrase": "clip"},
}


def settings_of(preset: str, **changes: Any) -> ParsingSettings:
    """The settings of a preset with `changes`. Raises InputError for an unknown name."""
    if preset not in PRESETS:
        raise InputError(
            f"There is no preset called '{preset}'", f"Choose one of: {', '.join(PRESETS)}"
        )
    return replace(PRESETS[preset], **changes)


def preset_title(settings: ParsingSettings) -> str:
    """The preset the settings came from, and whether they were changed since."""
    preset = PRESETS.get(settings.preset)
    same = preset is not None and replace(settings, device=preset.device) == preset
    return settings.preset if same else f"{settings.preset} with changes"


def needs_torch(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> bool:
    """Whether what stands at these seams needs the full environment."""
    return any(getattr(settings, seam) in _KINDS[seam] for seam in seams)


def model_names(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> tuple[str, ...]:
    """The checkpoints these seams load, each once, with those they are used with.

    Raises InputError when one is missing in the settings, unknown, or of another kind.
    """
    found: dict[str, None] = {}
    for seam in seams:
        implementation, kinds = getattr(settings, seam), _KINDS[seam]
        if implementation in kinds:
            checkpoint = _checkpoint(settings, seam, kinds[implementation])
            found |= dict.fromkeys((checkpoint.name, *checkpoint.requires))
    return tuple(found)


def require_models(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> dict[str, Path]:
    """The files a run loads, before any work is done. Raises as `require_checkpoint`."""
    return {name: require_checkpoint(name)[1] for name in model_names(settings, seams)}


def stage_models(settings: ParsingSettings, stage: str) -> dict[str, str]:
    """sha256 of the checkpoints a stage's output was made with, by name."""
    seam = _SEAM_OF_STAGE.get(stage)
    names = model_names(settings, (seam,)) if seam else ()
    return {name: recorded_hash(find_checkpoint(name)) for name in names}


def _checkpoint(settings: ParsingSettings, seam: str, kind: str) -> Checkpoint:
    implementation, name = getattr(settings, seam), getattr(settings, f"{seam}_model")
    if not name:
        raise InputError(
            f"The {seam} '{implementation}' needs a model", f"Name one with --{seam}-model"
        )
    checkpoint = find_checkpoint(name)
    if checkpoint.kind != kind:
        raise InputError(
            f"The {seam} '{implementation}' needs a {kind} model, and {name} is a "
            f"{checkpoint.kind} model",
            f"Name another with --{seam}-model",
        )
    return checkpoint
