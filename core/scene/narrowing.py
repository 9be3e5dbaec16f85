# SPDX-License-Identifier: GPL-3.0-or-later
"""What the declarations of Blender's types leave open and the code knows. Nothing is checked."""

from __future__ import annotations

from typing import Any, cast

import bpy


def scene_of(context: bpy.types.Context) -> bpy.types.Scene:
    """The scene, which a context has but while Blender starts and ends."""
    return cast("bpy.types.Scene", context.scene)


def manager_of(context: bpy.types.Context) -> bpy.types.WindowManager:
    """The window manager, of which there is one even in the background."""
    return cast("bpy.types.WindowManager", context.window_manager)


def layout_of(
    drawn: bpy.types.Panel | bpy.types.Menu | bpy.types.Operator | bpy.types.AddonPreferences,
) -> bpy.types.UILayout:
    """The layout, which is there while `drawn` is being drawn."""
    return cast("bpy.types.UILayout", drawn.layout)


def mesh_of(ob: bpy.types.Object) -> bpy.types.Mesh:
    """The data of an object of type MESH."""
    return cast("bpy.types.Mesh", ob.data)


def specific(item: object) -> Any:
    """A node, socket, modifier, attribute or space: its type says what else it has."""
    return item
