# SPDX-License-Identifier: GPL-3.0-or-later
"""What scenarios ask of the extension, and the steps they share."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import bmesh
import bpy

from tests.gui.scenarios.extension import PACKAGE
from tests.gui.stage import Stage, Steps, mesh_of, specific, until

PARTS = "hair, face, jacket, shirt, trousers, shoes, left hand, right hand"
HERO_PARTS = "head, arms, shirt, legs, shoes"
_PROGRAMS = (b"capture_main.py", b"worker/main.py", b"vendor_setup.py")


def begin(stage: Stage, blend: str) -> Steps:
    """Parses the demo character's whole animation."""
    yield from show(stage, blend, "Rig")
    chosen = bpy.context.scene.parts4d
    chosen.views, chosen.resolution, chosen.typed = 24, 256, PARTS
    press_parse(stage)


def open_hero(stage: Stage, blend: str) -> Steps:
    """Opens the small figure, ready to be parsed in a few seconds."""
    yield from show(stage, blend, "hero")
    chosen = bpy.context.scene.parts4d
    chosen.frames, chosen.views, chosen.resolution = "CURRENT", 4, 96
    chosen.typed = HERO_PARTS
    bpy.context.view_layer.objects.active = bpy.data.objects["hero"]
    stage.undo_step()


def show(stage: Stage, blend: str, character: str) -> Steps:
    """Opens a file and looks at its character, with the tab beside it."""
    yield from stage.open_file(blend)
    yield from stage.maximise_view()
    yield from stage.show_tab()
    yield from stage.frame(character)


def press_parse(stage: Stage) -> None:
    """As the button does; looking for it takes seconds."""
    with stage.override("UI"):
        specific(bpy.ops).parts4d.parse("INVOKE_DEFAULT")


def parse(stage: Stage) -> Steps:
    """Presses Parse and waits for the labels."""
    number = interface().state.next_number
    press_parse(stage)
    yield until(
        lambda: any(j.number >= number and j.applied for j in interface().state.jobs), "labels", 90
    )
    yield 1.0


def parse_and_hold(stage: Stage) -> Steps:
    """Presses Parse and halts the job's programs in the middle of their work."""
    press_parse(stage)
    yield until(lambda: _send(signal.SIGSTOP, b"capture_main.py"), "a capture to halt", 30)
    for _ in range(10):  # they start one after another
        yield 0.1
        _send(signal.SIGSTOP, b"capture_main.py")


def let_go() -> None:
    """Lets the halted programs go on."""
    _send(signal.SIGCONT, b"capture_main.py")


def all_jobs_ended() -> until:
    return until(lambda: not any(j.active for j in interface().state.jobs), "the end", 90)


def children() -> list[str]:
    """Command lines of the extension's programs that this Blender has started and still runs."""
    return [command.replace(b"\0", b" ").decode() for _, command in _children()]


def _send(number: signal.Signals, program: bytes) -> int:
    """Signals the programs of a kind; returns how many there are."""
    found = [pid for pid, command in _children() if program in command]
    for pid in found:
        os.kill(pid, number)
    return len(found)


def _children() -> list[tuple[int, bytes]]:
    pids: set[int] = set()
    for task in Path("/proc/self/task").iterdir():  # a thread starts them
        with suppress(OSError):  # it may have ended, and its children are another's then
            pids.update(map(int, (task / "children").read_text().split()))
    found = []
    for pid in sorted(pids):
        try:
            found.append((pid, Path(f"/proc/{pid}/cmdline").read_bytes()))
        except OSError:
            continue  # it has ended
    return [(pid, command) for pid, command in found if any(p in command for p in _PROGRAMS)]


def looks_at_the_scene() -> list[str]:
    """Grows from now on with each time that the extension looks through the whole scene.

    That is the one thing its timer does which takes longer the larger the scene is.
    """
    status = sys.modules[f"{PACKAGE}.core.interface.status"]
    whole = getattr(status.find_out, "counted", status.find_out)
    found: list[str] = []

    def find_out(context: bpy.types.Context) -> Any:
        found.append(context.scene.name)
        return whole(context)

    find_out.counted = whole  # type: ignore[attr-defined]
    status.find_out = find_out  # type: ignore[attr-defined]
    return found


def interface() -> Any:
    return sys.modules[f"{PACKAGE}.core.interface.pump"].interface()


def job() -> Any:
    """The latest."""
    jobs = interface().state.jobs
    return jobs[-1] if jobs else None


def note() -> str:
    """Why the latest job's labels were not put on."""
    return str(interface().notes.get(job().number, ""))


def labelled() -> list[str]:
    """Names of the objects with labels."""
    return sorted(o.name for o in bpy.data.objects if "parts4d" in o.keys())


def selected(name: str) -> int:
    """How many faces of an object are."""
    ob = bpy.data.objects[name]
    ob.update_from_editmode()
    return sum(p.select for p in ob.data.polygons)


def label_counts(name: str) -> dict[str, int]:
    """Label -> faces of an object, in Edit Mode too; empty when it has no labels."""
    mesh = mesh_of(bpy.data.objects[name])
    if mesh.is_editmode:
        edited = bmesh.from_edit_mesh(mesh)
        layer = edited.faces.layers.int.get("parts_label")
        values = [face[layer] for face in edited.faces] if layer is not None else []
    else:
        attribute = mesh.attributes.get("parts_label")
        values = [d.value for d in specific(attribute).data] if attribute is not None else []
    return {str(v): values.count(v) for v in sorted(set(values))}
