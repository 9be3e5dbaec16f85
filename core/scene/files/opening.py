# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening what a user names on the command line: a .blend, or files of other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from ...errors import InputError
from ..character import candidates
from ..narrowing import scene_of
from .importing import check_exists, check_kind, import_file, read_file
from .sequence import import_sequence


def open_sources(files: Sequence[Path]) -> str | None:
    """Open a .blend, or import the files into an empty scene. No files: what is open stays.

    Several files of one kind are a mesh sequence. Returns the name of the collection with all that
    a file brought, where that is several meshes and nothing else says what belongs together. Raises
    InputError for a file that is missing, damaged, or of an unsupported type.
    """
    if not files:
        return None
    if len(files) == 1 and files[0].suffix.lower() == ".blend":
        check_exists(files[0])
        read_file(files[0], lambda p: bpy.ops.wm.open_mainfile(filepath=p, load_ui=False))
        return None
    for path in files:
        check_kind(path)
    if len({path.suffix.lower() for path in files}) > 1:
        raise InputError(
            f"{files[0].name} and the other files have different types",
            "Use one file, or the numbered files of one mesh sequence",
        )
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if len(files) > 1:
        import_sequence(files)
        return None
    made = import_file(files[0])
    if any(o.type == "ARMATURE" for o in made) or len(candidates(scene_of(bpy.context))) < 2:
        return None
    return _collect(made, files[0].stem)


def _collect(objects: Sequence[bpy.types.Object], name: str) -> str:
    """Links the objects to a new collection as well and returns its name, which no object has."""
    while name in bpy.data.objects:
        name += " objects"
    collection = bpy.data.collections.new(name)
    bpy.context.scene.collection.children.link(collection)
    for obj in objects:
        collection.objects.link(obj)
    return str(collection.name)
