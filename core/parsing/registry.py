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
from .seams import Images, MaskEncoder, Proposer, TextSide, Tracker


def make_proposer(settings: ParsingSettings, images: Images) -> Proposer:
    """Raises InputError for a name that is not registered."""
    return _chosen("proposer", settings.proposer, _PROPOSERS)(images, settings)


def make_tracker(settings: ParsingSettings, images: Images) -> Tracker:
    """Raises InputError for a name that is not registered."""
    return _chosen("tracker", settings.tracker, _TRACKERS)(images, settings)


def make_encoder(settings: ParsingSettings, images: Images) -> MaskEncoder:
    """Raises InputError for a name that is not registered."""
    return _chosen("encoder", settings.encoder, _ENCODERS)(images, settings)


def text_side(settings: ParsingSettings, arrays: Mapping[str, np.ndarray]) -> TextSide:
    """The word half of an encoder, from what `TextSide.to_arrays` gave at embedding time."""
    return _chosen("encoder", settings.encoder, _TEXT_SIDES)(arrays)


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


def _structure(images: Images, settings: ParsingSettings) -> Proposer:
    from .structure import StructureProposer

    return StructureProposer(images.facts)


def _correspondence(images: Images, settings: ParsingSettings) -> Tracker:
    from .correspondence import CorrespondenceTracker

    return CorrespondenceTracker(images, settings.merge_overlap)


def _names(images: Images, settings: ParsingSettings) -> MaskEncoder:
    from .models.names import NamesMaskEncoder

    return NamesMaskEncoder(images)


def _names_text(arrays: Mapping[str, np.ndarray]) -> TextSide:
    from .models.names import NamesText

    return NamesText.from_arrays(arrays)


_PROPOSERS: dict[str, Callable[[Images, ParsingSettings], Proposer]] = {"structure": _structure}
_TRACKERS: dict[str, Callable[[Images, ParsingSettings], Tracker]] = {
    "correspondence": _correspondence
}
_ENCODERS: dict[str, Callable[[Images, ParsingSettings], MaskEncoder]] = {"names": _names}
_TEXT_SIDES: dict[str, Callable[[Mapping[str, np.ndarray]], TextSide]] = {"names": _names_text}
