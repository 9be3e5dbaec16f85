# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that belong together, by name, and what they need to be installed.

embedded  nothing downloaded: the vision model that is shipped, structure, names and bones
draft     one small model for masks, plain CLIP for words: a first look in minutes
standard  the best masks we know on a few key frames, carried to all others exactly
paper     OpenHuman4D as printed: one image is segmented, SAM 2 carries the masks, eq. 6 unscaled
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..checkpoints.catalogue import Checkpoint, find_checkpoint
from ..checkpoints.store import recorded_hash, require_checkpoint
from ..errors import InputError
from .choices import choose
from .implementations import SEAMS, Implementation
from .spec import ParsingSettings
from .stages import stage_named

# Embeddings of models are ambiguous where names are not; docs/benchmark.md has the numbers.
_BY_MODELS: Mapping[str, Any] = {"memory_scale": 5.0}


@dataclass(frozen=True)
class Preset:
    """Settings under a name, and what is said of them."""

    settings: ParsingSettings
    help: str  # how it parses
    needs: str  # to be installed
    seconds: float | None = None  # measured for a view of 512 pixels of 30 000 faces on two cores

    @property
    def name(self) -> str:
        return self.settings.preset

    @property
    def title(self) -> str:
        return self.name.capitalize()


PRESET_TABLE: tuple[Preset, ...] = (
    Preset(
        ParsingSettings(),
        "Sees with a small model of its own, reads names and bones; needs nothing installed",
        "Nothing to install",
        seconds=0.14,
    ),
    Preset(
        ParsingSettings(
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
        "Sees with small models; a first look in minutes",
        "Needs the full environment and small models",
    ),
    Preset(
        ParsingSettings(
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
        "Sees with the best models; for a GPU",
        "Needs the full environment, SAM and CLIP; a GPU is advised",
    ),
    Preset(
        ParsingSettings(
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
        "OpenHuman4D as printed; for comparisons",
        "Needs the full environment, SAM, SAM 2 and HumanCLIP; a GPU",
    ),
)
PRESETS: Mapping[str, ParsingSettings] = {p.name: p.settings for p in PRESET_TABLE}


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


def model_names(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> tuple[str, ...]:
    """The checkpoints these seams load, each once, with those they are used with.

    Raises InputError when one is missing in the settings, unknown, or of another kind.
    """
    found: dict[str, None] = {}
    for row in choose(settings, seams):
        if row.checkpoint:
            checkpoint = _checkpoint(settings, row)
            found |= dict.fromkeys((checkpoint.name, *checkpoint.requires))
    return tuple(found)


def require_models(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> dict[str, Path]:
    """The files a run loads, before any work is done. Raises as `require_checkpoint`."""
    return {name: require_checkpoint(name)[1] for name in model_names(settings, seams)}


def stage_models(settings: ParsingSettings, stage: str) -> dict[str, str]:
    """sha256 of the checkpoints a stage's output was made with, by name."""
    seam = stage_named(stage).seam
    names = model_names(settings, (seam,)) if seam else ()
    return {name: recorded_hash(find_checkpoint(name)) for name in names}


def _checkpoint(settings: ParsingSettings, row: Implementation) -> Checkpoint:
    seam, kind = row.seam, row.checkpoint
    name = getattr(settings, f"{seam}_model")
    if not name:
        raise InputError(f"The {seam} {row.title} needs a model", f"Name one with --{seam}-model")
    checkpoint = find_checkpoint(name)
    if checkpoint.kind != kind:
        raise InputError(
            f"The {seam} {row.title} needs a {kind} model, and {name} is a {checkpoint.kind} model",
            f"Name another with --{seam}-model",
        )
    return checkpoint
