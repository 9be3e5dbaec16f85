# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line in a fork of this Blender: a quarter of a second instead of a start."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import bpy

from core.cli.main import main
from core.errors import INTERNAL, OK
from tests.blender.writeback_scene import mesh_state
from tests.unit.fuzz.attempts import Outcome, attempt, flaw_of
from vendor_setup import worker_python


def doing(*arguments: object, look_at: Path | None = None) -> Callable[[], str]:
    """A command; its answer is its exit status and what the file `look_at` then holds."""

    def action() -> str:
        status = main([str(a) for a in arguments], worker_python)
        content = content_of(look_at) if look_at and status == OK else {}
        return json.dumps([status, content])

    return action


def outcome(log: Path, *arguments: object, look_at: Path | None = None) -> Outcome:
    """How a command ended; well with the content of the file `look_at`."""
    log.unlink(missing_ok=True)
    found = attempt(doing(*arguments, look_at=look_at), log)
    if found.kind != "done":
        return found
    status, content = json.loads(found.said)
    if status == OK:
        return Outcome("done", json.dumps(content))
    said = log.read_text("utf-8", "replace")
    lines = [line for line in said.splitlines() if line.startswith("Error: ")]
    if status == INTERNAL or len(lines) != 1 or "Traceback" in said or "Internal" in lines[0]:
        return Outcome("fault", f"Exit status {status}: {said[-1000:]}")
    if flaw := flaw_of(lines[0]):
        return Outcome("fault", f"A sentence that {flaw}: {lines[0]}")
    return Outcome("sentence", lines[0])


def content_of(path: Path) -> dict[str, str]:
    """Per mesh object of a .blend the sha256 of everything that can be told of it."""
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    meshes = [ob for ob in bpy.data.objects if ob.type == "MESH"]
    return {ob.name: hashlib.sha256(repr(mesh_state(ob)).encode()).hexdigest() for ob in meshes}
