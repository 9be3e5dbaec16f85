# SPDX-License-Identifier: GPL-3.0-or-later
"""The implementations behind the three seams, by the names used in the job spec.

They are listed in `job/implementations.py`; their modules are imported when asked for, so that a
run loads only the libraries it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import InputError
from ..job.implementations import SEAMS, Implementation, find_implementation, implementations
from ..job.spec import ParsingSettings
from .seams import Context, MaskEncoder, Proposer, TextSide, Tracker

Arrays = Mapping[str, np.ndarray]


def make_proposer(context: Context) -> Proposer:
    """Raises InputError for a name that is not listed."""
    proposer: Proposer = _make("proposer", context.settings.proposer, context)
    return proposer


def make_tracker(context: Context) -> Tracker:
    """Raises InputError for a name that is not listed."""
    tracker: Tracker = _make("tracker", context.settings.tracker, context)
    return tracker


def make_encoder(context: Context) -> MaskEncoder:
    """Raises InputError for a name that is not listed."""
    encoder: MaskEncoder = _make("encoder", context.settings.encoder, context)
    return encoder


def make_tracker_by_topology(context: Context) -> Tracker:
    """Exact where elements persist; by looks where they do not."""
    name = "correspondence" if context.images.constant_topology else "sam2"
    tracker: Tracker = _make("tracker", name, context)
    return tracker


def text_side(settings: ParsingSettings, arrays: Arrays) -> TextSide:
    """The word half of an encoder, from what `TextSide.to_arrays` gave at embedding time."""
    text: TextSide = _resolve(_look_up("encoder", settings.encoder).text)(settings, arrays)
    return text


def check_names(settings: ParsingSettings) -> None:
    """Raises InputError when a seam names an implementation that does not exist."""
    for seam in SEAMS:
        _look_up(seam, getattr(settings, seam))


def _make(seam: str, name: str, context: Context) -> Any:
    return _resolve(_look_up(seam, name).factory)(context)


def _look_up(seam: str, name: str) -> Implementation:
    found = find_implementation(seam, name)
    if found is None:
        known = ", ".join(row.name for row in implementations(seam))
        raise InputError(f"There is no {seam} called '{name}'", f"Choose one of: {known}")
    return found


def _resolve(path: str) -> Any:
    """What `module:function` names; a module with a dot in front is one of this package."""
    module, _, name = path.partition(":")
    return getattr(import_module(module, __package__), name)
