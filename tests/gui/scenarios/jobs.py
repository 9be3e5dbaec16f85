# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen while a job runs."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import bpy

from tests.gui.scenarios.extension import PACKAGE
from tests.gui.stage import Stage, Steps, until

PARTS = "hair, face, jacket, shirt, trousers, shoes, left hand, right hand"


def cancel_and_run_again(stage: Stage, blend: str) -> Steps:
    """Cancels a running job, runs it again, and measures whether the window stood still."""
    yield from _begin(stage, blend)
    yield until(lambda: _job() is not None and _job().share > 0.02, "progress", 60)
    yield 2.0
    yield from stage.screenshot("1-running")
    asked = time.monotonic()
    bpy.ops.parts4d.cancel()  # looking for the button takes longer than the job
    yield until(lambda: _job().phase == "cancelled", "the end", 20)
    stage.report("cancelled", seconds=time.monotonic() - asked, labelled=_labelled())
    yield 1.0
    yield from stage.screenshot("2-cancelled")

    yield from stage.hover("parts4d.parse()")
    yield from stage.click(*stage.mouse)
    yield until(lambda: _interface().state.running is not None, "the job", 30)
    yield 1.0
    _interface().longest_tick = 0.0
    stage.probe.start("job")
    yield until(lambda: _job().share > 0.9 or not _job().active, "most of the job", 240)
    gap, tick = stage.probe.facts("job"), _interface().longest_tick
    stage.probe.stop()
    stage.report("seen", thumbnail=_interface().thumbnail.icon > 0)
    yield from stage.screenshot("3-nearly-done")
    yield until(lambda: not _job().active, "the end", 60)
    yield 2.0
    stage.report(
        "finished", phase=_job().phase, labelled=_labelled(), longest_gap=gap, longest_tick=tick
    )
    yield from stage.screenshot("4-finished")


def other_file(stage: Stage, blend: str, other: str) -> Steps:
    """Opens another file while a job runs: the labels wait for their own."""
    yield from _begin(stage, blend)
    yield until(lambda: _job() is not None and _job().share > 0.02, "progress", 60)
    yield from stage.open_file(other)
    yield from stage.show_tab()
    yield until(lambda: not _job().active, "the end", 240)
    yield 1.0
    stage.report("other", phase=_job().phase, labelled=_labelled(), note=_note())
    yield from stage.screenshot("1-other-file")
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    yield until(lambda: len(_interface().runs) > 0, "the run in the list", 20)
    yield from stage.click_button("parts4d.apply_labels(directory=*")
    yield until(_labelled, "labels", 30)
    stage.report("back", labelled=_labelled())
    yield from stage.screenshot("2-back")


def worker_killed(stage: Stage, blend: str) -> Steps:
    """Kills the worker in the middle: the message says why, and the next run goes on."""
    yield from _begin(stage, blend)
    yield until(lambda: _job() is not None and _job().stage not in ("", "capture"), "parsing", 240)
    (worker,) = _interface().workers.values()
    os.kill(worker.pid, signal.SIGKILL)
    yield until(lambda: not _job().active, "the end", 30)
    yield 1.0
    stage.report("killed", phase=_job().phase, error=_job().error)
    yield from stage.screenshot("1-killed")
    yield from stage.hover("parts4d.parse()")
    yield from stage.click(*stage.mouse)
    yield until(_labelled, "labels", 240)
    stage.report("again", labelled=_labelled())


def words_and_corrections(stage: Stage, blend: str) -> Steps:
    """Other words, a part selected, corrected and soloed, and the correction kept."""
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    yield from stage.maximise_view()
    yield from stage.frame("hero")
    chosen = bpy.context.scene.parts4d
    chosen.frames, chosen.views, chosen.resolution = "CURRENT", 4, 96
    chosen.typed = "head, arms, shirt, legs, shoes"
    yield from _parse(stage)

    renamed = time.monotonic()
    chosen.parts[0].name = "face"
    yield until(lambda: "face" in bpy.data.objects["body"]["parts4d"], "other labels", 20)
    stage.report("renamed", seconds=time.monotonic() - renamed)

    bpy.context.view_layer.objects.active = bpy.data.objects["body"]
    chosen.active_part = 0
    yield from stage.click_button("parts4d.select_part(*")
    yield 1.0
    stage.report("selected", mode=bpy.context.mode, faces=_selected("body"))
    yield from stage.screenshot("1-selected")
    chosen.active_part = 2
    yield 0.5
    yield from stage.click_button('parts4d.correct_part(part="shirt")')
    yield 1.0
    bpy.ops.object.mode_set(mode="OBJECT")
    stage.report("corrected", labels=_label_counts("body"))
    yield from stage.click_button("parts4d.solo_part(*")
    yield 1.0
    yield from stage.screenshot("2-solo")
    bpy.ops.parts4d.show_confidence()
    yield 1.0
    yield from stage.screenshot("3-confidence")
    yield from _parse(stage)
    stage.report("kept", labels=_label_counts("body"))
    yield from stage.screenshot("4-kept")


def _begin(stage: Stage, blend: str) -> Steps:
    """Presses Parse for the demo character's whole animation."""
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    yield from stage.maximise_view()
    yield from stage.frame("Rig")
    chosen = bpy.context.scene.parts4d
    chosen.views, chosen.resolution, chosen.typed = 48, 256, PARTS
    yield 1.0
    yield from stage.hover("parts4d.parse()")
    yield from stage.click(*stage.mouse)


def _parse(stage: Stage) -> Steps:
    number = _interface().state.next_number
    yield from stage.hover("parts4d.parse()")
    yield from stage.click(*stage.mouse)
    yield until(
        lambda: any(j.number >= number and j.applied for j in _interface().state.jobs), "labels", 90
    )
    yield 1.0


def _interface() -> Any:
    return sys.modules[f"{PACKAGE}.core.interface.pump"].interface()


def _job() -> Any:
    jobs = _interface().state.jobs
    return jobs[-1] if jobs else None


def _note() -> str:
    return str(_interface().notes.get(_job().number, ""))


def _labelled() -> list[str]:
    return sorted(o.name for o in bpy.data.objects if "parts4d" in o)


def _selected(name: str) -> int:
    ob = bpy.data.objects[name]
    ob.update_from_editmode()
    return sum(p.select for p in ob.data.polygons)


def _label_counts(name: str) -> dict[str, int]:
    values = [d.value for d in bpy.data.objects[name].data.attributes["parts_label"].data]
    return {str(v): values.count(v) for v in sorted(set(values))}
