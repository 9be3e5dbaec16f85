# SPDX-License-Identifier: GPL-3.0-or-later
"""The implementations behind the three seams, by the names used in the job spec.

Modules are imported when asked for, so that a run loads only the libraries it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..errors import InputError
from ..job.spec import ParsingSettings
from .seams import Context, MaskEncoder, Proposer, TextSide, Tracker

Arrays = Mapping[str, np.ndarray]

PIXEL_TRACKERS = frozenset({"sam2", "auto"})  # they follow masks where the topology changes


def make_proposer(context: Context) -> Proposer:
    """Raises InputError for a name that is not registered."""
    return _chosen("proposer", context.settings.proposer, _PROPOSERS)(context)


def make_tracker(context: Context) -> Tracker:
    """Raises InputError for a name that is not registered."""
    return _chosen("tracker", context.settings.tracker, _TRACKERS)(context)


def make_encoder(context: Context) -> MaskEncoder:
    """Raises InputError for a name that is not registered."""
    return _chosen("encoder", context.settings.encoder, _ENCODERS)(context)


def text_side(settings: ParsingSettings, arrays: Arrays) -> TextSide:
    """The word half of an encoder, from what `TextSide.to_arrays` gave at embedding time."""
    return _chosen("encoder", settings.encoder, _TEXT_SIDES)(settings, arrays)


def check_names(settings: ParsingSettings) -> None:
    """Raises InputError when a seam names an implementation that does not exist."""
    _chosen("proposer", settings.proposer, _PROPOSERS)
    _chosen("tracker", settings.tracker, _TRACKERS)
    _chosen("encoder", settings.encoder, _ENCODERS)


def _chosen(seam: str, name: str, implementations: Mapping[str, Any]) -> Any:
    if name not in implementations:
        raise InputError(
            f"There is no {seam} called '{name}'", f"Choose one of: {', '.join(implementations)}"
        )
    return implementations[name]


def _structure(context: Context) -> Proposer:
    from .proposing.structure import StructureProposer

    return StructureProposer(
        context.images.facts,
        sightings_of=context.sightings,
        use_bones=context.settings.encoder != "sight" or "bones" in context.settings.evidence,
    )


def _sam(context: Context) -> Proposer:
    from .models.device import choose_device
    from .models.loaded import loaded
    from .models.sam import SamProposer, load_sam

    device = choose_device(context.settings.device)
    model = loaded(context.settings.proposer_model, device, load_sam)
    return SamProposer(context, model, device)


def _sam2_masks(context: Context) -> Proposer:
    from .models.device import choose_device
    from .models.loaded import loaded
    from .models.sam2_build import load_sam2
    from .models.sam2_masks import Sam2Proposer

    device = choose_device(context.settings.device)
    model = loaded(context.settings.proposer_model, device, load_sam2)
    return Sam2Proposer(context, model, device)


def _correspondence(context: Context) -> Tracker:
    from .tracking.correspondence import CorrespondenceTracker

    return CorrespondenceTracker(context.images, context.settings.merge_overlap)


def _sam2(context: Context) -> Tracker:
    from .models.device import choose_device
    from .models.loaded import loaded
    from .models.sam2_build import load_sam2
    from .models.sam2_tracker import Sam2Tracker

    device = choose_device(context.settings.device)
    model = loaded(context.settings.tracker_model, device, load_sam2)
    return Sam2Tracker(context, model, device)


def _auto(context: Context) -> Tracker:
    """Exact where elements persist; by sight where they do not."""
    return (_correspondence if context.images.constant_topology else _sam2)(context)


def _sight(context: Context) -> MaskEncoder:
    from .embedded.sight_encoder import make_sight_encoder

    return make_sight_encoder(context.images, context.settings.evidence, context.sightings)


def _sight_text(settings: ParsingSettings, arrays: Arrays) -> TextSide:
    from .embedded.sight_encoder import SightText

    return SightText.from_arrays(arrays)


def _names(context: Context) -> MaskEncoder:
    from .embedded.names_encoder import NamesMaskEncoder

    return NamesMaskEncoder(context.images)


def _names_text(settings: ParsingSettings, arrays: Arrays) -> TextSide:
    from .embedded.names_encoder import NamesText

    return NamesText.from_arrays(arrays)


def _alpha_clip(context: Context) -> MaskEncoder:
    from .models.alpha_clip import make_alpha_clip

    return make_alpha_clip(context)


def _mask_tokens(context: Context) -> MaskEncoder:
    from .models.mask_tokens import make_mask_tokens

    return make_mask_tokens(context)


def _cliptrase(context: Context) -> MaskEncoder:
    from .models.cliptrase import make_cliptrase

    return make_cliptrase(context)


def _clip_text(settings: ParsingSettings, arrays: Arrays) -> TextSide:
    from .models.clip_text import load_text

    return load_text(settings, arrays)


_PROPOSERS: dict[str, Callable[[Context], Proposer]] = {
    "structure": _structure,
    "sam": _sam,
    "sam2": _sam2_masks,
}
_TRACKERS: dict[str, Callable[[Context], Tracker]] = {
    "correspondence": _correspondence,
    "sam2": _sam2,
    "auto": _auto,
}
_ENCODERS: dict[str, Callable[[Context], MaskEncoder]] = {
    "sight": _sight,
    "names": _names,
    "alpha_clip": _alpha_clip,
    "mask_tokens": _mask_tokens,
    "cliptrase": _cliptrase,
}
_TEXT_SIDES: dict[str, Callable[[ParsingSettings, Arrays], TextSide]] = {
    "sight": _sight_text,
    "names": _names_text,
    "alpha_clip": _clip_text,
    "mask_tokens": _clip_text,
    "cliptrase": _clip_text,
}
