# SPDX-License-Identifier: GPL-3.0-or-later
"""A mesh's connections and flags as arrays, read where Blender keeps them.

Its own attributes (".corner_edge", ".select_poly") are copied as memory; the properties of the same
meaning (`loop.edge_index`, `polygon.select`) are asked one by one, a hundred times slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import bpy
import numpy as np

from ..narrowing import specific
from ..writeback.attributes import add_later, remove

Domain = Literal["POINT", "EDGE", "FACE"]
_SUFFIX = {"POINT": "vert", "EDGE": "edge", "FACE": "poly"}


@dataclass(frozen=True)
class Topology:
    """V vertices, E edges, F faces and their C corners."""

    vertices: int
    edge_vertices: np.ndarray  # (E, 2) int32
    corner_vertex: np.ndarray  # (C,) int32
    corner_edge: np.ndarray  # (C,) int32
    corners: np.ndarray  # (F,) int32 how many a face has

    @classmethod
    def of(cls, mesh: bpy.types.Mesh) -> Topology:
        """Of a mesh that is not in Edit Mode."""
        corners = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_total", corners)
        return cls(
            len(mesh.vertices),
            _read(mesh, ".edge_verts", len(mesh.edges) * 2).reshape(-1, 2),
            _read(mesh, ".corner_vert", len(mesh.loops)),
            _read(mesh, ".corner_edge", len(mesh.loops)),
            corners,
        )

    def spread(self, face: np.ndarray) -> np.ndarray:
        """(C,) of values of faces (F,)."""
        return np.repeat(face, self.corners)

    def all_corners(self, corner: np.ndarray) -> np.ndarray:
        """(F,) bool: whether `corner` (C,) bool holds at all corners of a face."""
        if not len(self.corners):
            return np.zeros(0, bool)
        return np.logical_and.reduceat(corner, np.cumsum(self.corners) - self.corners)

    def vertices_of(self, face: np.ndarray) -> np.ndarray:
        """(V,) bool: the vertices of faces (F,) bool."""
        mask = np.zeros(self.vertices, bool)
        mask[self.corner_vertex[self.spread(face)]] = True
        return mask

    def edges_of(self, face: np.ndarray) -> np.ndarray:
        """(E,) bool: the edges of faces (F,) bool."""
        mask = np.zeros(len(self.edge_vertices), bool)
        mask[self.corner_edge[self.spread(face)]] = True
        return mask


def read_flags(mesh: bpy.types.Mesh, kind: Literal["select", "hide"], domain: Domain) -> np.ndarray:
    """(elements,) bool of a mesh that is not in Edit Mode."""
    counts = {"POINT": len(mesh.vertices), "EDGE": len(mesh.edges), "FACE": len(mesh.polygons)}
    flags = np.zeros(counts[domain], np.bool_)
    name = f".{kind}_{_SUFFIX[domain]}"
    if _is_flag(mesh, name, domain):
        specific(mesh.attributes[name]).data.foreach_get("value", flags)
    return flags


def write_selection(mesh: bpy.types.Mesh, domain: Domain, selected: np.ndarray) -> None:
    """`selected` (elements,) bool; what is hidden cannot be."""
    name = f".select_{_SUFFIX[domain]}"
    if not _is_flag(mesh, name, domain):
        remove(mesh, [name])
        add_later(mesh, name, "BOOLEAN", domain)
    selected = selected & ~read_flags(mesh, "hide", domain)
    specific(mesh.attributes[name]).data.foreach_set("value", selected)


def _is_flag(mesh: bpy.types.Mesh, name: str, domain: Domain) -> bool:
    """Blender 5.0 leaves pairs of integers in ".select_edge" of meshes made by importers."""
    attribute = mesh.attributes.get(name)
    return attribute is not None and (attribute.domain, attribute.data_type) == (domain, "BOOLEAN")


def _read(mesh: bpy.types.Mesh, name: str, size: int) -> np.ndarray:
    values = np.zeros(size, np.int32)
    attribute = mesh.attributes.get(name)  # a mesh without edges may have none
    if attribute is not None:
        attribute.data.foreach_get("value", values)
    return values
