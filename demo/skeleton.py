# SPDX-License-Identifier: GPL-3.0-or-later
"""The Rigify human metarig, fitted to the character and used directly as deforming armature."""

import addon_utils
import bpy
import numpy as np
from mathutils import Matrix, Vector

# Metarig faces are stylised: eyes far apart on a broad skull. Half widths, metres: from -> to.
FACE_WIDTHS = ([0.0, 0.026, 0.052, 0.077, 0.093, 0.121], [0.0, 0.0175, 0.035, 0.055, 0.077, 0.098])
ARM_LOWERING = np.radians(17.0)  # from the metarig's flat A-pose to 45 degrees
UNUSED = ("face", "pelvis", "breast", "heel")


def _metarig(name: str) -> bpy.types.Object:
    """A fresh human metarig object, selected as the active object."""
    loaded = addon_utils.check("rigify")[1]
    if not loaded and addon_utils.enable("rigify", default_set=True) is None:
        raise RuntimeError("The Rigify add-on, part of every Blender, could not be enabled.")
    from rigify.metarigs import human

    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    human.create(rig)
    if bpy.context.mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    if not loaded:
        addon_utils.disable("rigify", default_set=True)
    return rig


def _fit(rig: bpy.types.Object) -> None:
    """Moves the bones where this character's joints are, as an artist does before rigging."""
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bones = rig.data.edit_bones
    for bone in bones["face"].children_recursive:
        for end in ("head", "tail"):
            place = getattr(bone, end).copy()
            place.x = float(np.copysign(np.interp(abs(place.x), *FACE_WIDTHS), place.x))
            setattr(bone, end, place)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        arm = bones[f"upper_arm.{side}"]
        turn = Matrix.Rotation(sign * ARM_LOWERING, 4, "Y")
        turn = Matrix.Translation(arm.head) @ turn @ Matrix.Translation(-arm.head)
        chain = [arm, *arm.children_recursive]
        placed = [(turn @ b.head, turn @ b.tail, turn.to_3x3() @ b.z_axis) for b in chain]
        for bone, (head, tail, z_axis) in zip(chain, placed, strict=True):
            bone.head, bone.tail = head, tail
            bone.align_roll(z_axis)
        bones[f"toe.{side}"].tail += Vector((0.0, -0.03, 0.0))
    bpy.ops.object.mode_set(mode="OBJECT")


def create(name: str = "Rig") -> tuple[bpy.types.Object, dict[str, np.ndarray]]:
    """The armature object and its joints: bone name -> (2, 3) float64 head and tail, metres."""
    rig = _metarig(name)
    _fit(rig)
    unused = {b.name for root in UNUSED for b in rig.data.bones if b.name.startswith(root)}
    unused |= {b.name for b in rig.data.bones["face"].children_recursive}
    for bone in rig.data.bones:
        bone.use_deform = bone.name not in unused
    rig.data.display_type = "STICK"
    rig.show_in_front = False
    return rig, {b.name: np.array([b.head_local, b.tail_local]) for b in rig.data.bones}


def plain_copy(rig: bpy.types.Object) -> bpy.types.Object:
    """Replaces a metarig by its bare bones: Rigify's settings and collections name limbs."""
    bones = [
        (
            b.name,
            b.parent.name if b.parent else None,
            b.use_connect,
            b.use_deform,
            b.head_local.copy(),
            b.tail_local.copy(),
            b.z_axis.copy(),
        )
        for b in rig.data.bones
    ]
    name, data = rig.name, rig.data
    bpy.data.objects.remove(rig)
    bpy.data.armatures.remove(data)
    copy = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(copy)
    bpy.context.view_layer.objects.active = copy
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, parent, connect, deform, head, tail, z_axis in bones:
        made = copy.data.edit_bones.new(bone)
        made.head, made.tail = head, tail
        made.align_roll(z_axis)
        made.parent = copy.data.edit_bones[parent] if parent else None
        made.use_connect, made.use_deform = connect, deform
    bpy.ops.object.mode_set(mode="OBJECT")
    return copy


def make_nameless(rig: bpy.types.Object) -> None:
    """Renames everything of an animated rig so that no name tells a body part."""
    action = rig.animation_data.action
    rig.name, rig.data.name, action.name = "object.000", "rig.001", "action.001"
    for slot in getattr(action, "slots", ()):
        slot.name_display = "slot.001"
    for number, bone in enumerate(rig.data.bones):
        bone.name = f"b{number:03d}"
