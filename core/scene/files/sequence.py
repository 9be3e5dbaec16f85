# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh sequences: numbered files, one mesh per frame, as objects that exist on one frame each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import bpy

from ...errors import InputError
from .. import compat
from ..character import FRAME_PROPERTY
from ..narrowing import specific
from .importing import check_kind, import_file


def natural_order(path: Path) -> tuple[object, ...]:
    """Sorting key that puts frame_9 before frame_10."""
    pieces = re.split(r"(\d+)", Path(path).name.casefold())
    return tuple((int(p), "") if p.isdigit() else (-1, p) for p in pieces if p)


def file_number(path: Path) -> int | None:
    """The last number in a file's name, None without one."""
    numbers = re.findall(r"\d+", Path(path).stem)
    return int(numbers[-1]) if numbers else None


def import_sequence(
    paths: Sequence[Path], name: str | None = None, keep_numbers: bool = False
) -> bpy.types.Collection:
    """Import one file per frame into a new collection of the current scene, and return it.

    Files are taken in natural order from scene frame 1 on, or each at its own number with
    `keep_numbers`. The scene's frame range is set to the sequence. Raises InputError for no
    files, an unknown kind, a number missing or used twice, and a file that cannot be read.
    """
    files = sorted((Path(p).absolute() for p in paths), key=natural_order)
    frames = _frames(files, keep_numbers)
    scene = bpy.context.scene
    stem = re.sub(r"[\W_]*\d+[\W_]*$", "", files[0].stem) or files[0].parent.name
    collection = bpy.data.collections.new(name or stem or "sequence")
    scene.collection.children.link(collection)
    for path, frame in zip(files, frames, strict=True):
        for obj in import_file(path):
            for home in list(obj.users_collection):
                home.objects.unlink(obj)
            collection.objects.link(obj)
            if obj.type == "MESH":
                obj[FRAME_PROPERTY] = frame
                show_only_at(obj, frame)
    scene.frame_start, scene.frame_end = frames[0], frames[-1]
    scene.frame_set(frames[0])
    return collection


def show_only_at(obj: bpy.types.Object, frame: int) -> None:
    """Key an object's visibility so that it is seen, rendered or not, on one frame only."""
    for hidden, when in ((True, frame - 1), (False, frame), (True, frame + 1)):
        obj.hide_render = obj.hide_viewport = hidden
        for path in ("hide_render", "hide_viewport"):
            obj.keyframe_insert(path, frame=when)
    for curve in compat.action_fcurves(specific(obj.animation_data).action):
        for key in curve.keyframe_points:
            key.interpolation = "CONSTANT"


def _frames(files: Sequence[Path], keep_numbers: bool) -> list[int]:
    if not files:
        raise InputError("No files are given", "Name the files of the sequence")
    for path in files:
        check_kind(path)
    if not keep_numbers:
        return list(range(1, len(files) + 1))
    numbers = [file_number(p) for p in files]
    for path, number in zip(files, numbers, strict=True):
        if number is None:
            raise InputError(f"{path.name} has no number", "Number the files, e.g. scan_001.ply")
        if numbers.count(number) > 1:
            raise InputError(
                f"Two files have the number {number}, one of them {path.name}", "Rename one"
            )
    return [n for n in numbers if n is not None]
