# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user does in the side bar, without a window: there the timer does what `finish` does."""

from __future__ import annotations

import time
from types import ModuleType

import bpy


def set_up_small_run(parts: str) -> None:
    chosen = bpy.context.scene.parts4d
    chosen.frames, chosen.resolution, chosen.views = "CURRENT", 64, 4
    chosen.typed = parts


def finish(pump: ModuleType) -> None:
    """What the timer does, until no job runs and nothing is typed."""
    deadline = time.monotonic() + 120
    while pump.interface().state.running or pump.typing_pause.is_typing():
        assert time.monotonic() < deadline
        pump.interface().tick()
        time.sleep(0.02)


def labelled() -> list[bpy.types.Object]:
    return [o for o in bpy.data.objects if "parts4d" in o.keys()]
