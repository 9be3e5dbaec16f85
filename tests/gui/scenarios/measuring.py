# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a user waits, for benchmarks/speed/window.py: numbers, and no judgement on them."""

from __future__ import annotations

import time

import bpy

from tests.gui.scenarios.session import begin, interface, job, labelled, press_parse
from tests.gui.stage import Stage, Steps, specific, until


def waiting_times(stage: Stage, blend: str) -> Steps:
    """Cancels a run of the demo character, runs it to its end, and changes a word."""
    yield from begin(stage, blend)
    yield until(lambda: job() is not None and job().share > 0.02, "progress", 120)
    yield 2.0
    asked = time.monotonic()
    specific(bpy.ops).parts4d.cancel()
    yield until(lambda: job().phase == "cancelled", "the end", 60)
    stage.report("cancel", seconds=time.monotonic() - asked)

    press_parse(stage)
    yield until(lambda: interface().state.running is not None, "the job", 60)
    yield 1.0
    interface().longest_tick = 0.0
    stage.probe.start("job")
    yield until(lambda: job().share > 0.9 or not job().active, "most of the job", 600)
    stage.report("tick", seconds=interface().longest_tick)
    stage.report("gap", seconds=stage.probe.facts("job")["others"])
    stage.probe.stop()
    yield until(labelled, "labels", 120)
    yield 2.0

    typed = time.monotonic()
    bpy.context.scene.parts4d.parts[0].name = "head"
    yield until(lambda: interface().state.jobs[-1].relabel and job().applied, "other labels", 60)
    stage.report("words", seconds=time.monotonic() - typed)
