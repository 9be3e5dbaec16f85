# SPDX-License-Identifier: GPL-3.0-or-later
"""What the harness itself promises."""

from __future__ import annotations

import time

import bpy

from tests.gui.stage import Stage, Steps, until


def idle_and_block(stage: Stage, seconds: float) -> Steps:
    """Does nothing for a while; then a timer of somebody else blocks, then this scenario."""
    yield from stage.show_tab("View")
    stage.probe.start("idle")
    yield 3.0
    stage.probe.start("blocked")
    bpy.app.timers.register(lambda: time.sleep(seconds), first_interval=0.1)
    yield seconds + 1.0
    stage.probe.start("own")
    yield 0.2
    time.sleep(seconds)
    yield 0.5
    stage.probe.start("")
    for phase in ("idle", "blocked", "own"):
        stage.report("gap", **stage.probe.facts(phase))


def failing_panel(stage: Stage) -> Steps:
    """A panel whose drawing goes wrong; Blender goes on."""

    class HARNESS_PT_failing(bpy.types.Panel):
        bl_label = "Failing"
        bl_space_type = "VIEW_3D"
        bl_region_type = "UI"
        bl_category = "Failing"

        def draw(self, context: bpy.types.Context) -> None:
            self.layout.operator("harness.unknown")
            self.layout.menu("HARNESS_MT_unknown")
            raise ValueError("drawn on purpose")

    bpy.utils.register_class(HARNESS_PT_failing)
    yield from stage.show_tab("Failing")


def waiting_in_vain(stage: Stage) -> Steps:
    """What it waits for does not come."""
    yield until(lambda: False, "a miracle", timeout=0.5)


def never_ending(stage: Stage) -> Steps:
    """Blender stands still."""
    yield from stage.show_tab("View")
    stage.report("started")
    time.sleep(3600)
