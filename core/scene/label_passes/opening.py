# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the file of a request in a process that may change it; it is never saved."""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

from ...errors import InputError
from ..compat import reason_in
from ..narrowing import scene_of, specific


def open_for_labels(blend: str, scene: str | None) -> bpy.types.Scene:
    """The scene of that name in the file, with all meshes local so that they can be marked.

    Raises InputError for a file or a scene that is not there.
    """
    if not Path(blend).is_file():
        raise InputError(f"{blend} does not exist", "Check the path")
    trusted = "--enable-autoexec" in sys.argv
    try:
        bpy.ops.wm.open_mainfile(filepath=blend, load_ui=False, use_scripts=trusted)
    except RuntimeError as error:
        raise InputError(f"{blend} cannot be opened ({reason_in(error)})", "Check it") from error
    _make_local()
    if scene is None:
        return scene_of(bpy.context)
    found = bpy.data.scenes.get(scene)
    if found is None:
        known = ", ".join(s.name for s in bpy.data.scenes)
        raise InputError(f"There is no scene named '{scene}'", f"Name one of: {known}")
    return found


def _make_local() -> None:
    """What shows linked objects comes first: it must then show the local ones."""
    if not bpy.data.libraries:
        return
    for blocks in (bpy.data.collections, bpy.data.objects, bpy.data.meshes, bpy.data.materials):
        for block in list(specific(blocks)):
            if block.library is not None or block.override_library is not None:
                block.make_local(clear_liboverride=True)
