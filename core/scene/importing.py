# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening what a user names on the command line: a .blend, or files of other kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import bpy

from ..errors import InputError
from .sequence import import_sequence


def open_sources(files: Sequence[Path]) -> None:
    """Open a .blend, or import the files into an empty scene. No files: what is open stays.

    Raises InputError for a file that is missing, damaged, or of a kind that cannot be read.
    """
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} does not exist", "Check the path")
    kinds = {path.suffix.lower() for path in files}
    if not files:
        return
    if kinds == {".blend"} and len(files) == 1:
        _run(files[0], lambda p: bpy.ops.wm.open_mainfile(filepath=p, load_ui=False))
        return
    if len(kinds) > 1 or not kinds <= set(_IMPORTERS):
        known = " ".join(sorted([".blend", *_IMPORTERS]))
        raise InputError(
            f"{files[0].name} and the other files cannot be read together"
            if len(kinds) > 1
            else f"{files[0].name} is of a kind that cannot be read",
            f"Give one .blend, or files of one of these kinds: {known}",
        )
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if len(files) > 1:
        import_sequence(list(files))
    else:
        _run(files[0], _IMPORTERS[files[0].suffix.lower()])


def _run(path: Path, operator: Callable[[str], object]) -> None:
    try:
        operator(str(path.absolute()))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0].removeprefix("Error: ")
        raise InputError(f"{path} cannot be read ({reason})", "Check the file") from error


_IMPORTERS: dict[str, Callable[[str], object]] = {
    ".glb": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".gltf": lambda path: bpy.ops.import_scene.gltf(filepath=path),
    ".fbx": lambda path: bpy.ops.import_scene.fbx(filepath=path),
    ".obj": lambda path: bpy.ops.wm.obj_import(filepath=path),
    ".ply": lambda path: bpy.ops.wm.ply_import(filepath=path),
    ".stl": lambda path: bpy.ops.wm.stl_import(filepath=path),
}
