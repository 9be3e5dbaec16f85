# SPDX-License-Identifier: GPL-3.0-or-later
"""When a character moves, and how it is described in a line."""

from __future__ import annotations

import bpy

from . import compat
from .character import Character, armature_of

# What these make of a mesh follows from the mesh alone; any other modifier may bring motion.
_STILL_MODIFIERS = frozenset(
    {"ARMATURE", "SUBSURF", "MIRROR", "SOLIDIFY", "BEVEL", "TRIANGULATE", "EDGE_SPLIT", "MULTIRES"}
    | {"DECIMATE", "WELD", "ARRAY", "REMESH", "WEIGHTED_NORMAL", "SMOOTH", "CORRECTIVE_SMOOTH"}
    | {"SURFACE_DEFORM", "MESH_DEFORM", "SHRINKWRAP", "DATA_TRANSFER", "UV_PROJECT", "MASK"}
)


def describe(character: Character, scene: bpy.types.Scene | None = None) -> str:
    """One line for the panel: 'rigged, 3 meshes, 24k faces, frames 1-120'."""
    count = len(character.sources)
    first, last = frame_range(character, scene)
    meshes = "1 mesh" if count == 1 else f"{count} meshes"
    faces = character.faces
    size = f"{faces} faces" if faces < 1000 else f"{faces / 1000:.3g}k faces"
    if faces >= 1_000_000:
        size = f"{faces / 1e6:.3g}M faces"
    when = f"frame {first}" if first == last else f"frames {first}-{last}"
    return f"{character.kind}, {meshes}, {size}, {when}"


def frame_range(character: Character, scene: bpy.types.Scene | None = None) -> tuple[int, int]:
    """First and last frame worth parsing: of the sequence, of the animation, else of the scene.

    A character that nothing moves has one frame, the current one.
    """
    if character.frames:
        return character.frames[0], character.frames[-1]
    scene = scene or bpy.context.scene
    ranges = []
    for obj in _with_rigs(character):
        for datablock in (obj, obj.data, getattr(obj.data, "shape_keys", None)):
            if datablock is not None and (span := compat.animation_range(datablock)):
                ranges.append(span)
    if not ranges:
        if not any(_may_move(obj) for obj in _with_rigs(character)):
            return scene.frame_current, scene.frame_current
        return scene.frame_start, scene.frame_end
    first, last = round(min(r[0] for r in ranges)), round(max(r[1] for r in ranges))
    if last < scene.frame_start or first > scene.frame_end:
        return first, last
    return max(first, scene.frame_start), min(last, scene.frame_end)


def _may_move(obj: bpy.types.Object) -> bool:
    """Whether drivers, constraints, caches or simulations could move the object without keys."""
    blocks = (obj, obj.data, getattr(obj.data, "shape_keys", None))
    driven = any(
        block is not None and block.animation_data is not None and block.animation_data.drivers
        for block in blocks
        if hasattr(block, "animation_data")
    )
    bones = obj.pose.bones if obj.pose is not None else ()
    constrained = bool(obj.constraints) or any(bone.constraints for bone in bones)
    return (
        driven
        or constrained
        or obj.rigid_body is not None
        or any(m.type not in _STILL_MODIFIERS for m in obj.modifiers)
    )


def _with_rigs(character: Character) -> list[bpy.types.Object]:
    found = {o.name_full: o for o in (*character.sources, *character.roots)}
    for obj in list(found.values()):
        rig = armature_of(obj)
        while rig is not None:
            found[rig.name_full] = rig
            rig = rig.parent
        if obj.parent is not None:
            found[obj.parent.name_full] = obj.parent
    return list(found.values())
