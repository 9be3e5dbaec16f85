# SPDX-License-Identifier: GPL-3.0-or-later
"""A small dressed and rigged figure of boxes, and the part each of its faces belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from core.scene.narrowing import specific

PARTS = "head; arms; shirt; legs; shoes"
PART_NAMES = ("head", "arms", "shirt", "legs", "shoes")
FRAMES = (1, 4)
CUTS = 3  # squares along an edge of a box


@dataclass(frozen=True)
class Box:
    """Part of an object that follows one bone."""

    part: str  # "" is covered by something else and never seen
    bone: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]


# The figure looks along -Y, so that its left is +X.
OBJECTS: dict[str, tuple[Box, ...]] = {
    "body": (
        Box("head", "head", (-0.11, -0.12, 1.5), (0.11, 0.12, 1.8)),
        Box("", "spine", (-0.16, -0.08, 0.9), (0.16, 0.08, 1.45)),
        Box("arms", "upper_arm.L", (0.24, -0.06, 1.3), (0.8, 0.06, 1.42)),
        Box("arms", "upper_arm.R", (-0.8, -0.06, 1.3), (-0.24, 0.06, 1.42)),
        Box("legs", "thigh.L", (0.04, -0.08, 0.12), (0.18, 0.08, 0.85)),
        Box("legs", "thigh.R", (-0.18, -0.08, 0.12), (-0.04, 0.08, 0.85)),
    ),
    "shirt": (Box("shirt", "spine", (-0.2, -0.11, 0.87), (0.2, 0.11, 1.48)),),
    "shoes": (
        Box("shoes", "foot.L", (0.03, -0.22, 0.0), (0.19, 0.09, 0.11)),
        Box("shoes", "foot.R", (-0.19, -0.22, 0.0), (-0.03, 0.09, 0.11)),
    ),
}
_BONES = {  # name: (parent, head, tail)
    "spine": ("", (0, 0, 0.9), (0, 0, 1.45)),
    "head": ("spine", (0, 0, 1.45), (0, 0, 1.8)),
    "upper_arm.L": ("spine", (0.2, 0, 1.36), (0.8, 0, 1.36)),
    "upper_arm.R": ("spine", (-0.2, 0, 1.36), (-0.8, 0, 1.36)),
    "thigh.L": ("", (0.11, 0, 0.9), (0.11, 0, 0.12)),
    "thigh.R": ("", (-0.11, 0, 0.9), (-0.11, 0, 0.12)),
    "foot.L": ("thigh.L", (0.11, 0, 0.12), (0.11, -0.2, 0.05)),
    "foot.R": ("thigh.R", (-0.11, 0, 0.12), (-0.11, -0.2, 0.05)),
}
_COLORS = {"skin": (0.8, 0.6, 0.5, 1), "cotton": (0.1, 0.2, 0.8, 1), "leather": (0.2, 0.1, 0.0, 1)}
_MATERIALS = {"body": "skin", "shirt": "cotton", "shoes": "leather"}


def build(path: Path) -> Path:
    """Save the figure, in an animation of a few frames, as the only thing in a new .blend."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    add_character()
    return save(path)


def save(path: Path) -> Path:
    """Save what is open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False)
    return path


def add_character(name: str = "hero") -> bpy.types.Object:
    """The armature, with its meshes beside it in the open scene."""
    scene = bpy.context.scene
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (parent, head, tail) in _BONES.items():
        edited = rig.data.edit_bones.new(bone)
        edited.head, edited.tail = head, tail
        edited.parent = rig.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    for object_name, boxes in OBJECTS.items():
        _add_mesh(object_name, boxes, rig)
    for bone, axis, angle in (("upper_arm.L", 2, 0.4), ("thigh.R", 0, 0.3), ("head", 1, 0.5)):
        pose = rig.pose.bones[bone]
        pose.rotation_mode = "XYZ"
        for frame, share in ((FRAMES[0], 0.0), (FRAMES[1], 1.0)):
            pose.rotation_euler[axis] = share * angle
            pose.keyframe_insert("rotation_euler", frame=frame)
    scene.frame_start, scene.frame_end = FRAMES
    return rig


def truth() -> np.ndarray:
    """(E,) index into PART_NAMES per face, objects by name; -1 for faces under other ones."""
    faces = 6 * CUTS * CUTS
    parts = [box.part for name in sorted(OBJECTS) for box in OBJECTS[name]]
    return np.repeat([PART_NAMES.index(p) if p else -1 for p in parts], faces)


def _add_mesh(name: str, boxes: tuple[Box, ...], rig: bpy.types.Object) -> None:
    vertices: list[tuple[float, ...]] = []
    faces: list[list[int]] = []
    groups: dict[str, list[int]] = {}
    for box in boxes:
        corners, squares = _box(np.array(box.low), np.array(box.high))
        first = len(vertices)
        faces += (squares + first).tolist()
        vertices += corners.tolist()
        groups[box.bone] = list(range(first, len(vertices)))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    material = bpy.data.materials.new(_MATERIALS[name])
    if material.node_tree is None:  # before 5.0
        material.use_nodes = True
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = _COLORS[_MATERIALS[name]]
    mesh.materials.append(material)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    for bone, members in groups.items():
        obj.vertex_groups.new(name=bone).add(members, 1.0, "REPLACE")
    specific(obj.modifiers.new("Armature", "ARMATURE")).object = rig
    obj.parent = rig


def _box(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) corners on the surface of a box, each once, and (F, 4) squares of them."""
    corners: dict[tuple[int, ...], int] = {}
    squares = []
    for axis in range(3):
        for end in (0, CUTS):
            for i in range(CUTS):
                for j in range(CUTS):
                    square = []
                    for di, dj in ((0, 0), (1, 0), (1, 1), (0, 1)):
                        point = [i + di, j + dj]
                        point.insert(axis, end)
                        square.append(corners.setdefault(tuple(point), len(corners)))
                    outward = (end == CUTS) != (axis == 1)
                    squares.append(square if outward else square[::-1])
    return low + np.array(list(corners)) / CUTS * (high - low), np.array(squares)
