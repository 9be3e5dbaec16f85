# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading files of other kinds than .blend into the open scene."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy

from ...errors import InputError
from ..compat import reason_in

IMPORTERS: dict[str, Callable[[str], object]] = {
    ".glb": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".gltf": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".fbx": lambda path: bpy.ops.import_scene.fbx(filepath=path),
    ".obj": lambda path: bpy.ops.wm.obj_import(filepath=path),
    ".ply": lambda path: bpy.ops.wm.ply_import(filepath=path),
    ".stl": lambda path: bpy.ops.wm.stl_import(filepath=path),
}


def import_file(path: Path) -> list[bpy.types.Object]:
    """The objects that a file brought into the current scene.

    Raises InputError for an unsupported type, a damaged file, and one without faces.
    """
    check_kind(path)
    before = set(bpy.data.objects)
    read_file(path, IMPORTERS[path.suffix.lower()])
    made = [o for o in bpy.data.objects if o not in before]
    if not any(o.type == "MESH" and len(o.data.polygons) for o in made):
        raise InputError(f"{path} has no mesh with faces", "Export it with its faces")
    return made


def check_kind(path: Path) -> None:
    """Raises InputError for an unsupported type of file, or a file that is missing."""
    if path.suffix.lower() not in IMPORTERS:
        raise InputError(
            f"{path.name} has an unsupported file type",
            f"Use a .blend, or files of one of these types: {' '.join(sorted(IMPORTERS))}",
        )
    check_exists(path)


def check_exists(path: Path) -> None:
    """Raises InputError unless there is a file that Blender can be told of."""
    try:
        str(path).encode("utf-8")
        exists = path.is_file()
    except UnicodeEncodeError as error:
        raise InputError(f"The path {path} is not UTF-8", "Rename the file") from error
    except OSError as error:  # a name too long, a folder that may not be looked into
        said = f"{str(path)[:200]} cannot be read ({error.strerror})"
        raise InputError(said, "Check the path and its permissions") from error
    if not exists:
        raise InputError(f"{path} does not exist", "Check the path")


def read_file(path: Path, operator: Callable[[str], object]) -> None:
    """Runs an operator that reads `path`. Raises InputError with the reason it gives."""
    try:
        operator(str(path.absolute()))
    except RuntimeError as error:
        reason = reason_in(error)
        raise InputError(f"{path} cannot be read ({reason})", "Check the file") from error
