# SPDX-License-Identifier: GPL-3.0-or-later
"""A material for every part, in the mesh's own slots."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Color

from ...job.label_files import UNLABELLED
from ..compat import enable_nodes
from ..narrowing import specific
from ..writeback import ledger as registry
from ..writeback.modes import object_mode
from .labelled import Labelled, shown_of

MARK = "parts4d_part"  # on a material: character, part, and the material it is a copy of, if any


@dataclass(frozen=True)
class PartMaterials:
    objects: tuple[str, ...]
    materials: tuple[str, ...]  # that part's faces now have
    faces: int  # that have another material than before


def part_materials(ob: bpy.types.Object | None, keep_look: bool = False) -> PartMaterials:
    """Give each part of the visible meshes of the character of `ob` a material of its own.

    The materials are named after the parts and have their colours; with `keep_look` they are
    copies, named "MATERIAL (part)", of what the faces have. They take new slots after the mesh's
    own, which stay; unlabelled faces keep their material. Labels are those of the scene frame,
    and objects that share a mesh share its materials. A second call uses the same materials.
    It is an edit like any other: undo takes it back, clearing the labels does not. Raises
    InputError when there are no labels.
    """
    objects = list({one.mesh.name: one for one in reversed(shown_of(ob))}.values())[::-1]
    used: dict[str, None] = {}
    changed = 0
    with object_mode(o for one in objects for o in registry.objects_of(one.mesh)):
        for one in objects:
            changed += _assign(one, keep_look, used)
    return PartMaterials(tuple(o.name for o in objects), tuple(used), changed)


def _assign(one: Labelled, keep_look: bool, used: dict[str, None]) -> int:
    mesh = one.mesh
    label = one.label(one.at(bpy.context.scene.frame_current))
    slot = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slot)
    if not mesh.materials and (label == UNLABELLED).any():
        mesh.materials.append(None)  # or unlabelled faces would take the first part's material
    shown = np.minimum(slot, max(len(mesh.materials) - 1, 0))  # as Blender draws them
    originals = [s.material for s in one.object.material_slots]
    count = len(one.vocabulary) + 1
    pairs, inverse = np.unique(shown * count + label + 1, return_inverse=True)
    slots = np.empty(len(pairs), np.int32)
    for index, pair in enumerate(pairs.tolist()):
        source, part = divmod(pair, count)
        if part - 1 == UNLABELLED:
            slots[index] = -1
            continue
        original = originals[source] if source < len(originals) else None
        material = _material(one, part - 1, _origin(original) if keep_look else None)
        used[material.name] = None
        slots[index] = _slot(one, material)
    wanted = slots[inverse.reshape(-1)]
    target = np.where(wanted < 0, shown, wanted).astype(np.int32)
    mesh.polygons.foreach_set("material_index", target)
    mesh.update_tag()
    return int(np.count_nonzero(target != slot))


def _origin(material: bpy.types.Material | None) -> bpy.types.Material | None:
    """The artist's material behind one of ours, so that copies are not copied again."""
    if material is None or MARK not in material.keys():
        return material
    return material[MARK].get("copy_of")


def _material(one: Labelled, label: int, original: bpy.types.Material | None) -> bpy.types.Material:
    part = one.vocabulary[label]
    mark = {"character": one.document["character"], "part": part.name}
    if original is not None:
        mark["copy_of"] = original
    for material in bpy.data.materials:
        known = material.get(MARK) if material.library is None else None
        if known is not None and known.to_dict() == mark:
            return material
    if original is not None:
        material = original.copy()
        material.name = f"{original.name} ({part.name})"
    else:
        material = bpy.data.materials.new(part.name)
        material.diffuse_color = (*Color(part.color).from_srgb_to_scene_linear()[:], 1.0)
        enable_nodes(material)
        shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        specific(shader.inputs["Base Color"]).default_value = material.diffuse_color
    material[MARK] = mark
    return material


def _slot(one: Labelled, material: bpy.types.Material) -> int:
    materials = one.mesh.materials
    for index, existing in enumerate(one.object.material_slots):
        if existing.material == material and existing.link == "DATA":
            return index
    materials.append(material)
    return len(materials) - 1
