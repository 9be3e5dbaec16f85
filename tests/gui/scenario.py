# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: a scenario, step by step, while Blender's own loop goes on.

A scenario is a generator function of a module in tests/gui/scenarios:

    def open_and_click(stage: Stage, blend: str) -> Steps:
        yield from stage.open_file(blend)
        yield from stage.show_tab()
        yield from stage.click_button("parts4d.parse()")
        yield until(lambda: bpy.data.objects["shirt"].get("parts4d"), "the labels")

It yields seconds to wait, or `until(...)`. Between two steps Blender handles events, timers and
drawing as always. References to Blender's data must not be kept over a yield.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

import bpy

from tests.gui.stage import FIRST_DRAWING, TICK, Stage, Steps, picture, until

FAILED = 7  # exit status


def main() -> None:
    """Starts the scenario named on the command line, after `--`."""
    name, folder, arguments = sys.argv[sys.argv.index("--") + 1 :]
    module, _, function = name.partition(".")
    scenario = getattr(importlib.import_module(f"tests.gui.scenarios.{module}"), function)
    # The extension must not find modules of the sources.
    repository = str(Path(__file__).resolve().parents[2])
    sys.path[:] = [path for path in sys.path if path != repository]
    _quiet_preferences()
    stage = Stage(Path(folder))
    player = _Player(stage, scenario(stage, **json.loads(arguments)))
    bpy.app.timers.register(player.step, first_interval=FIRST_DRAWING, persistent=True)


def _quiet_preferences() -> None:
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.view.show_tooltips = False
    preferences.view.use_save_prompt = False
    preferences.view.smooth_view = 0
    preferences.system.viewport_aa = "OFF"  # drawn by software, eight times otherwise
    preferences.filepaths.use_auto_save_temporary_files = False


class _Player:
    """Steps a scenario and ends Blender with it."""

    def __init__(self, stage: Stage, steps: Steps) -> None:
        self.stage = stage
        self.steps = steps
        self.waiting: until | None = None
        self.deadline = 0.0

    def step(self) -> float | None:
        """Called by Blender; None ends the timer."""
        start = time.perf_counter()
        try:
            return self._advance()
        except StopIteration:
            self.stage.report("ended")
            self.stage.probe.stop()
            with self.stage.override():
                bpy.ops.wm.quit_blender()
            return None
        except BaseException as error:
            traceback.print_exc()
            self.stage.report("failed", text=f"{type(error).__name__}: {error}")
            subprocess.run(picture(self.stage.folder / "failed.png"), timeout=30)
            os._exit(FAILED)
        finally:
            self.stage.probe.own_step(start, time.perf_counter())

    def _advance(self) -> float:
        if self.waiting is not None:
            if not self.waiting.condition():
                assert time.monotonic() < self.deadline, f"waited too long for {self.waiting.what}"
                return TICK
            self.waiting = None
        pause = next(self.steps)
        if isinstance(pause, until):
            self.waiting = pause
            self.deadline = time.monotonic() + pause.timeout
            return TICK
        return float(pause)
