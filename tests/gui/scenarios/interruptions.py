# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender, or the extension in it, ends in the middle of a job; and what is found afterwards."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bpy

from tests.gui.scenarios.extension import PACKAGE, traces
from tests.gui.scenarios.session import (
    children,
    interface,
    job,
    labelled,
    open_hero,
    press_parse,
    show,
)
from tests.gui.stage import Stage, Steps, until


def quit_while_it_runs(stage: Stage, blend: str) -> Steps:
    """Parses, and ends with Blender before the job does."""
    yield from _begin_and_get_going(stage, blend)
    stage.report("running", children=children())


def killed_while_it_runs(stage: Stage, blend: str) -> Steps:
    """As the system does when memory runs out."""
    yield from _begin_and_get_going(stage, blend)
    stage.report("running", children=children())
    os.kill(os.getpid(), signal.SIGKILL)


def disable_while_it_runs(stage: Stage, blend: str) -> Steps:
    """Disables the extension, uses Blender, enables it again and goes on with the run."""
    before = traces()
    yield from _begin_and_get_going(stage, blend)
    stage.report("running", children=children())
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    yield until(lambda: not children(), "the job's programs to end", 20)
    stage.report("disabled", traces=traces())
    stage.view.tag_redraw()
    yield 1.0
    yield from stage.screenshot("1-disabled")
    with stage.override():
        bpy.ops.object.light_add("EXEC_DEFAULT", True)
    stage.report("used", lights=_lights())
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True)
    stage.report("undone", lights=_lights())
    bpy.ops.preferences.addon_enable(module=PACKAGE)
    stage.report("enabled", traces_are_back=traces() == before)
    yield from stage.show_tab()
    yield from _go_on(stage)


def find_and_go_on(stage: Stage, blend: str) -> Steps:
    """Opens the file whose run was interrupted, and continues it."""
    yield from show(stage, blend, "hero")
    yield from _go_on(stage)


def _begin_and_get_going(stage: Stage, blend: str) -> Steps:
    """Until a captured frame is on disk and others are still to come."""
    yield from open_hero(stage, blend)
    chosen = bpy.context.scene.parts4d
    chosen.frames, chosen.views, chosen.resolution = "ANIMATION", 32, 128
    press_parse(stage)
    yield until(lambda: job() and _captured(Path(job().folder)) and children(), "a frame", 120)


def _go_on(stage: Stage) -> Steps:
    yield until(lambda: len(interface().runs) > 0, "the run in the list", 20)
    (run,) = interface().runs
    before = _captured(Path(run.folder))
    stage.report("offered", finished=run.finished, captured=sorted(before))
    yield 1.0
    yield from stage.screenshot("2-offered")
    yield from stage.click_button("parts4d.resume(directory=*")
    yield until(lambda: labelled() or (job() and not job().active), "labels", 150)
    yield 2.0
    after = _captured(Path(run.folder))
    stage.report(
        "resumed",
        phase=job().phase,
        labelled=labelled(),
        parts=[part.name for part in bpy.context.scene.parts4d.parts],
        kept=[name for name, written in before.items() if after.get(name) == written],
    )
    yield from stage.screenshot("3-resumed")


def _lights() -> int:
    return sum(o.type == "LIGHT" for o in bpy.data.objects)


def _captured(folder: Path) -> dict[str, int]:
    """Captured frames -> when they were written."""
    found = (folder / "capture").glob("frame_*.npz")
    return {path.name: path.stat().st_mtime_ns for path in found}
