# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole character: skeleton, pieces, skinning, walk, camera and lights."""

import json

import bpy

from . import face, garments, hair, jacket, meshes, piece, scene, shoes, skeleton, skin, walk


def build(strip_names: bool = False, frames: int = 24) -> bpy.types.Object:
    """Builds the character into the current file and returns its armature object.

    strip_names: one mesh, one material, and no name that tells a part, so that only sight tells.
    frames: length of the walk cycle; frame `frames` + 1 repeats frame 1.
    Every mesh carries the exact part of each face in the INT FACE attribute `gt_part`; the names
    are in the scene's custom property `gt_names` as JSON.
    """
    if frames < 2:
        raise ValueError(f"A walk cycle needs at least 2 frames, not {frames}.")
    rig, joints = skeleton.create()
    if strip_names:
        rig = skeleton.plain_copy(rig)
    left = shoes.shoe()
    pieces = [
        skin.skin(joints),
        face.eyes(),
        face.eyebrows(joints),
        hair.hair(),
        garments.t_shirt(joints),
        jacket.jacket(joints),
        garments.trousers(joints),
        garments.belt(joints),
        piece.join("Shoes", [left, piece.mirror(left)]),
    ]
    (meshes.add_nameless if strip_names else meshes.add)(pieces, rig, joints)
    walk.animate(rig, joints, frames)
    if strip_names:
        skeleton.make_nameless(rig)
    scene.set_up(frames)
    bpy.context.scene["gt_names"] = json.dumps(list(piece.PARTS))
    return rig
