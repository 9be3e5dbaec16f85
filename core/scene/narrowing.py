# SPDX-License-Identifier: GPL-3.0-or-later
"""What the declarations of Blender's types leave open and the code knows. Nothing is checked."""

from __future__ import annotations

from typing import Any, cast

import bpy


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene, which a context has but while Blender starts and ends."""
    return cast("bpy.types.Scene", context.scene)


def mesh_of(ob: bpy.types.Object) -> bpy.types.Mesh:
    """The data of an object of type MESH."""
    return cast("bpy.types.Mesh", ob.data)


def specific(item: object) -> Any:
    """A node, socket, modifier, attribute or space: its type says what else it has."""
    return item
