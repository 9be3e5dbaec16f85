# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen while a job runs."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bpy

from tests.gui.scenarios.session import (
    all_jobs_ended,
    begin,
    children,
    interface,
    job,
    label_counts,
    labelled,
    let_go,
    looks_at_the_scene,
    note,
    open_hero,
    parse,
    parse_and_hold,
    press_parse,
    selected,
)
from tests.gui.stage import Stage, Steps, specific, until


def cancel_and_run_again(stage: Stage, blend: str) -> Steps:
    """Cancels a running job, and runs it again."""
    yield from begin(stage, blend)
    yield until(lambda: job() is not None and job().share > 0.02, "progress", 60)
    yield 2.0
    yield from stage.screenshot("1-running")
    specific(bpy.ops).parts4d.cancel()  # looking for the button takes longer than the job
    yield until(lambda: job().phase == "cancelled", "the end", 20)
    is_finished = Path(job().folder, "result.json").exists()
    stage.report("cancelled", finished=is_finished, children=_captures(), labelled=labelled())
    yield 1.0
    yield from stage.screenshot("2-cancelled")

    press_parse(stage)
    yield until(lambda: interface().state.running is not None, "the job", 30)
    yield 1.0
    looks = looks_at_the_scene()
    yield until(lambda: job().share > 0.9 or not job().active, "most of the job", 240)
    stage.report("seen", thumbnail=interface().thumbnail.icon > 0, looks=len(looks))
    yield from stage.screenshot("3-nearly-done")
    yield until(lambda: not job().active, "the end", 60)
    yield 2.0
    stage.report("finished", phase=job().phase, labelled=labelled())
    yield from stage.screenshot("4-finished")


def other_file(stage: Stage, blend: str, other: str) -> Steps:
    """Opens another file while a job runs: the labels wait for their own."""
    yield from open_hero(stage, blend)
    yield from parse_and_hold(stage)
    yield from stage.open_file(other)
    yield from stage.show_tab()
    let_go()
    yield all_jobs_ended()
    yield 1.0
    stage.report("other", phase=job().phase, labelled=labelled(), note=note())
    yield from stage.screenshot("1-other-file")
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    bpy.context.view_layer.objects.active = bpy.data.objects["hero"]
    yield until(lambda: len(interface().runs) > 0, "the run in the list", 20)
    yield from stage.click_button("parts4d.apply_labels(directory=*")
    yield until(labelled, "labels", 30)
    stage.report("back", labelled=labelled())
    yield from stage.screenshot("2-back")


def worker_killed(stage: Stage, blend: str) -> Steps:
    """Kills the worker in the middle: the message says why, and the next run goes on."""
    yield from begin(stage, blend)
    yield until(lambda: job() is not None and job().stage not in ("", "capture"), "parsing", 240)
    (worker,) = interface().workers.values()
    os.kill(worker.pid, signal.SIGKILL)
    yield until(lambda: not job().active, "the end", 30)
    yield 1.0
    stage.report("killed", phase=job().phase, error=job().failure.message)
    yield from stage.screenshot("1-killed")
    press_parse(stage)
    yield until(labelled, "labels", 240)
    stage.report("again", labelled=labelled())


def words_and_corrections(stage: Stage, blend: str) -> Steps:
    """Other words, a part selected, corrected and soloed, and the correction kept."""
    yield from open_hero(stage, blend)
    chosen = bpy.context.scene.parts4d
    yield from parse(stage)

    chosen.parts[0].name = "face"
    yield until(lambda: "face" in bpy.data.objects["body"]["parts4d"], "other labels", 20)
    stage.report("renamed", relabel=[j.relabel for j in interface().state.jobs])

    bpy.context.view_layer.objects.active = bpy.data.objects["body"]
    chosen.active_part = 0
    with stage.override():
        specific(bpy.ops).parts4d.select_part("EXEC_DEFAULT", True, part="face")
    yield 1.0
    stage.report("selected", mode=bpy.context.mode, faces=selected("body"))
    chosen.active_part = 2
    yield 0.5
    yield from stage.hover('parts4d.correct_part(part="shirt")')
    yield from stage.screenshot("1-selected")
    yield from stage.click(*stage.mouse)
    yield 1.0
    bpy.ops.object.mode_set(mode="OBJECT")
    stage.report("corrected", labels=label_counts("body"))
    with stage.override():
        specific(bpy.ops).parts4d.solo_part("EXEC_DEFAULT", True, part="shirt")
    yield 1.0
    yield from stage.screenshot("2-solo")
    specific(bpy.ops).parts4d.show_confidence()
    yield 1.0
    yield from stage.screenshot("3-confidence")
    yield from parse(stage)
    stage.report("kept", labels=label_counts("body"))
    yield from stage.screenshot("4-kept")


def _captures() -> list[str]:
    return [line for line in children() if "capture_main.py" in line]
