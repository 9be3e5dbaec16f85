# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing topology: each frame's evaluated meshes as plain ones, whose faces are the elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np
from mathutils import Matrix

from ..narrowing import mesh_of
from .capture_materials import fill_empty_slots
from .elements import write_ids
from .mesh_facts import ElementSource
from .scan import captured_objects, visible_meshes


@contextmanager
def baked_frame(
    scene: bpy.types.Scene, shown: bpy.types.Collection, frame: int
) -> Iterator[list[ElementSource]]:
    """Put what `scene` shows at `frame` into `shown` as unanimated meshes, and remove it after."""
    scene.frame_set(frame)
    meshes = list(visible_meshes(scene, frame))
    made: list[bpy.types.Object] = []
    sources: list[ElementSource] = []
    try:
        for visible, captured in zip(meshes, captured_objects(meshes), strict=True):
            mesh = visible.mesh.copy()
            obj = bpy.data.objects.new("parts4d baked", mesh)
            made.append(obj)
            obj.matrix_world = Matrix(visible.to_world.tolist())
            _assign_materials(obj, visible.materials)
            first = captured.element_start + 1
            write_ids(mesh, np.arange(first, first + captured.element_count, dtype=np.int32))
            sources.append(ElementSource(visible.object, mesh, visible.positions()))
        for obj in made:  # only now: linking tags the scene, whose evaluation was still read
            shown.objects.link(obj)
        yield sources
    finally:
        for obj in made:
            mesh = mesh_of(obj)
            bpy.data.objects.remove(obj)
            bpy.data.meshes.remove(mesh)


def _assign_materials(
    obj: bpy.types.Object, materials: Sequence[bpy.types.Material | None]
) -> None:
    """The effective materials, also those of slots that belong to the object."""
    obj.data.materials.clear()
    for material in materials:
        obj.data.materials.append(material)
    fill_empty_slots([obj])
