# SPDX-License-Identifier: GPL-3.0-or-later
"""Sculpt Mode's face sets from labels, so that brushes and masks can keep to a part."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..narrowing import specific
from ..writeback import ledger as registry
from ..writeback.attributes import add_later
from ..writeback.modes import object_mode
from .labelled import Labelled, shown_of

ATTRIBUTE = ".sculpt_face_set"  # FACE/INT, Blender's own name for it
UNLABELLED_SET = 1  # the one that Blender draws white


@dataclass(frozen=True)
class FaceSets:
    objects: tuple[str, ...]
    sets: int  # different ones, over all objects
    replaced: tuple[str, ...]  # objects that had face sets before


def face_sets_from_parts(ob: bpy.types.Object | None) -> FaceSets:
    """Make a face set of every part of the visible meshes of the character of `ob`.

    Part i has the face set i + 2 on every mesh, what is unlabelled 1; the labels are those of the
    scene frame. Earlier face sets are replaced. The face sets are the artist's: clearing the
    labels leaves them. Raises InputError when there are no labels.
    """
    objects = shown_of(ob)
    ids: set[int] = set()
    replaced = []
    with object_mode(o for one in objects for o in registry.objects_of(one.mesh)):
        for one in objects:
            if _has_sets(one.mesh):
                replaced.append(one.name)
            ids |= _write(one)
    return FaceSets(tuple(o.name for o in objects), len(ids), tuple(replaced))


def _write(one: Labelled) -> set[int]:
    sets = one.label(one.at(bpy.context.scene.frame_current)) + UNLABELLED_SET + 1
    mesh = one.mesh
    if ATTRIBUTE not in mesh.attributes:
        add_later(mesh, ATTRIBUTE, "INT", "FACE")
    specific(mesh.attributes[ATTRIBUTE]).data.foreach_set("value", sets)
    mesh.update_tag()
    return set(np.unique(sets).tolist())


def _has_sets(mesh: bpy.types.Mesh) -> bool:
    attribute = mesh.attributes.get(ATTRIBUTE)
    if attribute is None or not len(attribute.data):
        return False
    values = np.empty(len(attribute.data), np.int32)
    attribute.data.foreach_get("value", values)
    return bool((values != values[0]).any())
