# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements on meshes: an INT FACE attribute with the element's index + 1 (0: carries none)."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ...job.capture_files import CapturedObject
from ..narrowing import mesh_of, specific

ATTRIBUTE = "parts4d_element"


def mark_elements(sources: Sequence[bpy.types.Object]) -> tuple[CapturedObject, ...]:
    """Number the polygons of all sources through, in order, on the (captured) meshes."""
    found, start = [], 0
    for obj in sources:
        count = len(obj.data.polygons)
        write_ids(mesh_of(obj), np.arange(start + 1, start + count + 1, dtype=np.int32))
        found.append(CapturedObject(obj.name, obj.data.name, start, count))
        start += count
    return tuple(found)


def write_ids(mesh: bpy.types.Mesh, ids: np.ndarray) -> None:
    """Put `ids` (polygons,) int32 on a mesh, replacing what it had under the name."""
    old = mesh.attributes.get(ATTRIBUTE)
    if old is not None:
        mesh.attributes.remove(old)
    attribute = mesh.attributes.new(ATTRIBUTE, "INT", "FACE")
    if len(ids):
        specific(attribute).data.foreach_set("value", ids)


def read_ids(mesh: bpy.types.Mesh) -> np.ndarray:
    """(polygons,) int32; zeros where a modifier lost the attribute."""
    count = len(mesh.polygons)
    ids = np.zeros(count, np.int32)
    attribute = mesh.attributes.get(ATTRIBUTE)
    if attribute is None or attribute.domain != "FACE" or attribute.data_type != "INT":
        return ids
    if count:
        attribute.data.foreach_get("value", ids)
    return ids
