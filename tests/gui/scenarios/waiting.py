# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that wait for another, and Blender's own work while one runs."""

from __future__ import annotations

from pathlib import Path

import bpy

from tests.gui.scenarios.session import (
    all_jobs_ended,
    interface,
    job,
    labelled,
    let_go,
    open_hero,
    parse_and_hold,
    press_parse,
)
from tests.gui.stage import Stage, Steps, specific, until


def two_characters(stage: Stage, blend: str) -> Steps:
    """Parses one, queues the other, cancels it while it waits, and queues it again."""
    yield from open_hero(stage, blend)
    yield from parse_and_hold(stage)
    with stage.override("UI"):
        stage.report("pressed twice", possible=specific(bpy.ops).parts4d.parse.poll())
    bpy.context.view_layer.objects.active = bpy.data.objects["twin"]
    yield until(lambda: interface().status.name == "twin", "the other character", 10)
    press_parse(stage)
    yield 1.0
    stage.report("queued", phases=_phases())
    yield from stage.screenshot("1-queued")
    yield from stage.click_button(f"parts4d.cancel(number={job().number})")
    yield 1.0
    stage.report("cancelled", phases=_phases())
    yield from stage.screenshot("2-cancelled")
    press_parse(stage)
    yield 1.0
    stage.report("queued again", phases=_phases())
    let_go()
    yield until(lambda: job().phase == "running", "its turn", 90)
    stage.report("its turn", phases=_phases(), labelled=labelled())
    yield all_jobs_ended()
    yield 1.0
    stage.report("finished", phases=_phases(), labelled=labelled())
    yield from stage.screenshot("3-finished")


def auto_save(stage: Stage, blend: str) -> Steps:
    """Blender saves the open file by itself while a job runs; the job goes on."""
    yield from open_hero(stage, blend)
    files = bpy.context.preferences.filepaths
    files.use_auto_save_temporary_files = True
    files.auto_save_time = 1  # minute, the shortest
    yield from parse_and_hold(stage)
    bpy.data.objects["hero"].location.x = 1.0
    stage.undo_step()
    folder = Path(bpy.app.tempdir).parent
    yield until(lambda: list(folder.glob("*_autosave.blend")), "Blender to save", 150)
    (saved,) = folder.glob("*_autosave.blend")
    stage.report("saved", phase=job().phase, name=saved.name)
    yield 1.0
    with specific(bpy.data.libraries).load(str(saved)) as (found, _):
        stage.report("holds", objects=sorted(found.objects))
    let_go()
    yield all_jobs_ended()
    yield 1.0
    stage.report("finished", phases=_phases(), labelled=labelled())


def _phases() -> dict[str, str]:
    """Character -> how far its latest job is."""
    return {j.character: j.phase for j in interface().state.jobs}
