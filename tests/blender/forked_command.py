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
from core.scene.writeback import ledger
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
    if status == INTERNAL or not lines or "Traceback" in said or "Internal" in said:
        return Outcome("fault", f"Exit status {status}: {said[-1000:]}")
    if flaw := flaw_of(lines[-1]):  # Blender may have had its say before
        return Outcome("fault", f"A sentence that {flaw}: {lines[-1]}")
    return Outcome("sentence", lines[-1])


def content_of(path: Path) -> dict[str, str]:
    """Per mesh object of a .blend the sha256 of what can be told of it, and of its vocabulary.

    The rest of our property says where the job lies.
    """
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    found = {}
    for ob in [ob for ob in bpy.data.objects if ob.type == "MESH"]:
        state = mesh_state(ob) | {"properties": (ledger.read(ob) or {}).get("vocabulary")}
        found[ob.name] = hashlib.sha256(repr(state).encode()).hexdigest()
    return found
