# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting a mesh down to some of its faces, and closing what that opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import bmesh
import bpy
import numpy as np

from ..narrowing import specific
from .topology import Topology

_NORMAL = "p4d~normal"  # carries custom normals, which Blender stores relative to the neighbours


@dataclass(frozen=True)
class Carved:
    caps: int  # faces made
    open_borders: bool  # a cut border was no closed loop and could not be filled


def carve(mesh: bpy.types.Mesh, keep: np.ndarray, close_holes: bool) -> Carved:
    """Reduce `mesh` to the faces where `keep` (faces,) bool, and the vertices and edges of these.

    Every kind of attribute, vertex groups and shape keys ride along; custom normals stay as they
    were seen. Closing makes triangles and quads over closed loops of edges that had faces on both
    sides and lost one; these are shaded flat.
    """
    custom = _store_normals(mesh)
    plan = _plan(Topology.of(mesh), keep)
    bm = bmesh.new()
    bm.from_mesh(mesh)
    borders = list(compress(bm.edges, plan.cut.tolist()))
    doomed = (
        ("VERTS", list(compress(bm.verts, plan.vertices.tolist()))),
        ("EDGES", list(compress(bm.edges, plan.edges.tolist()))),
        ("FACES_ONLY", list(compress(bm.faces, plan.faces.tolist()))),
    )
    for context, elements in doomed:
        if elements:
            specific(bmesh.ops).delete(bm, geom=elements, context=context)
    caps = _close(bm, borders) if close_holes else []
    if custom:
        normal = bm.loops.layers.float_vector[_NORMAL]
        for cap in caps:
            cap.normal_update()
            for corner in cap.loops:
                corner[normal] = cap.normal
    open_borders = close_holes and any(e.is_boundary for e in borders)
    count = len(caps)
    bm.to_mesh(mesh)
    bm.free()
    if custom:
        _restore_normals(mesh)
    mesh.update()
    return Carved(count, open_borders)


@dataclass(frozen=True)
class _Plan:
    """What to delete, in this order, each without what the one before takes along; bool masks."""

    vertices: np.ndarray
    edges: np.ndarray
    faces: np.ndarray
    cut: np.ndarray  # (edges,) that had several faces and keep one


def _plan(topology: Topology, keep: np.ndarray) -> _Plan:
    edges = len(topology.edge_vertices)
    kept_corner = topology.spread(keep)
    before = np.bincount(topology.corner_edge, minlength=edges)  # faces at each edge
    after = np.bincount(topology.corner_edge[kept_corner], minlength=edges)
    vertex, edge = topology.vertices_of(keep), after > 0
    return _Plan(
        vertices=~vertex,
        edges=~edge & vertex[topology.edge_vertices].all(axis=1),
        faces=~keep & topology.all_corners(edge[topology.corner_edge]),
        cut=(after == 1) & (before > 1),
    )


def _close(bm: bmesh.types.BMesh, borders: Sequence[Any]) -> list[Any]:
    """The faces made over the closed loops among the edges `borders`."""
    if not borders:
        return []
    material = {e: e.link_faces[0].material_index for e in borders}
    faces = bmesh.ops.holes_fill(bm, edges=list(borders), sides=0)["faces"]
    for face in faces:
        face.smooth = False
        face.material_index = next((material[e] for e in face.edges if e in material), 0)
    for edge in borders:
        edge.smooth = edge.smooth and edge.is_boundary
    wide = [f for f in faces if len(f.verts) > 4]
    small = [f for f in faces if len(f.verts) <= 4]
    return small + (bmesh.ops.triangulate(bm, faces=wide)["faces"] if wide else [])


def _store_normals(mesh: bpy.types.Mesh) -> bool:
    """Put custom normals into an attribute of plain vectors; False when there are none."""
    if not mesh.has_custom_normals:
        return False
    normals = np.empty(len(mesh.loops) * 3, np.float32)
    mesh.corner_normals.foreach_get("vector", normals)
    mesh.attributes.new(_NORMAL, "FLOAT_VECTOR", "CORNER")
    specific(mesh.attributes[_NORMAL]).data.foreach_set("vector", normals)
    return True


def _restore_normals(mesh: bpy.types.Mesh) -> None:
    normals = np.empty(len(mesh.loops) * 3, np.float32)
    specific(mesh.attributes[_NORMAL]).data.foreach_get("vector", normals)
    mesh.attributes.remove(mesh.attributes[_NORMAL])
    mesh.normals_split_custom_set(normals.reshape(-1, 3))
