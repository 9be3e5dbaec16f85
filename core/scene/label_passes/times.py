# SPDX-License-Identifier: GPL-3.0-or-later
"""The moments that images are of."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...label_images.request import Instant
from ..narrowing import specific

# Where the shutter opens, in shares of the time it stays open.
_OPENS = {"START": 0.0, "CENTER": -0.5, "END": -1.0}
_AFTER = {"open": 0.0, "centre": 0.5, "close": 1.0}


def instant_of(render: bpy.types.RenderSettings, frame: int, instant: Instant) -> float:
    """The scene frame, with its fraction, of a moment of the shutter; `frame` without blur."""
    if instant == "frame" or not render.use_motion_blur:
        return float(frame)
    opens = _OPENS[render.motion_blur_position]
    return frame + render.motion_blur_shutter * (opens + _AFTER[instant])


def set_time(scenes: Iterable[bpy.types.Scene], time: float) -> None:
    """Set scenes to a moment; only what is rendered next evaluates it."""
    for scene in scenes:
        specific(scene).frame_float = time
