# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels say of the scene's character: found out by the timer, only read by drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy

from ..errors import InputError
from ..scene.character import Character, candidates, find_character
from ..scene.checks import check_character
from ..scene.motion import describe, frame_range
from ..scene.narrowing import mesh_of, scene_of
from .settings import PARTS4D_PG_settings, settings


@dataclass(frozen=True)
class Status:
    """The character, or what stands in the way."""

    key: tuple[object, ...] = ()  # what it was found out for
    name: str = ""  # of the character; empty when there is none
    line: str = ""  # "rigged, 3 meshes, 24k faces, frames 1-120"
    span: tuple[int, int] = (1, 1)  # first and last frame worth parsing
    problem: str = ""
    remedy: str = ""
    fix: str = ""  # idname of an operator that does it
    warnings: tuple[str, ...] = ()


def chosen_name(chosen: PARTS4D_PG_settings, context: bpy.types.Context) -> str:
    """What the user means: the pick, else the active object, else the scene's only character."""
    if chosen.collection is not None:
        return str(chosen.collection.name)
    if chosen.target is not None:
        return str(chosen.target.name)
    active = context.view_layer.objects.active if context.view_layer else None
    if active is not None and active.type in {"MESH", "ARMATURE", "EMPTY"}:
        rig = active.find_armature() if active.type == "MESH" else None
        return str((rig or active).name)
    found = candidates(scene_of(context))
    return found[0] if len(found) == 1 else ""


def current_character(context: bpy.types.Context) -> Character:
    """Raises InputError when there is none."""
    name = chosen_name(settings(context), context)
    if not name:
        raise InputError("No character is selected", "Select a mesh or an armature with meshes")
    return find_character(name, scene_of(context))


def key_of(context: bpy.types.Context) -> tuple[object, ...]:
    """Cheap to ask for; when it is the same, so is the status, unless something was edited."""
    active = context.view_layer.objects.active if context.view_layer else None
    mode = active.mode if active is not None else ""
    scene = scene_of(context)
    name = chosen_name(settings(context), context)
    return (name, mode, scene.name, scene.frame_start, scene.frame_end, bpy.data.filepath)


def find_out(context: bpy.types.Context) -> Status:
    """The status now. Takes milliseconds; not for drawing."""
    key = key_of(context)
    try:
        character = current_character(context)
    except InputError as error:
        return Status(key, problem=error.message, remedy=error.remedy)
    line, span = describe(character, context.scene), frame_range(character, context.scene)
    found = Status(key, character.name, line, span, warnings=character.warnings)
    try:
        check_character(character)
    except InputError as error:
        fix = _fix(character)
        return replace(found, problem=error.message, remedy=error.remedy, fix=fix)
    return found


def _fix(character: Character) -> str:
    """The operator that removes what stands in the way, where there is one."""
    conditions: tuple[tuple[str, Callable[[bpy.types.Object], bool]], ...] = (
        ("object.make_local", lambda o: mesh_of(o).library is not None and o.library is None),
        ("parts4d.leave_mode", lambda o: o.mode in {"EDIT", "SCULPT"}),
    )
    for operator, applies in conditions:
        if any(applies(o) for o in character.sources):
            return operator
    return ""
