# SPDX-License-Identifier: GPL-3.0-or-later
"""Few, flat faces: a figure as a game would show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from training.figure import Figure


def low_poly(figure: Figure, rng: np.random.Generator, faces: int | None = None) -> Figure:
    """The figure with about `faces` triangles, by default 500 to 6000 drawn at random.

    Labels, materials, texture places and weights are those of the nearest old face or vertex. To
    be shown with flat shading. Needs bpy.
    """
    wanted = faces or int(np.exp(rng.uniform(np.log(500), np.log(6000))))
    vertices, triangles = _decimated(figure, wanted)
    owner = _nearest_faces(figure, vertices[triangles].mean(1))
    corners = np.where(figure.faces[owner] < 0, figure.faces[owner][:, :1], figure.faces[owner])
    away = np.linalg.norm(
        figure.vertices[corners][:, None] - vertices[triangles][:, :, None], axis=-1
    )  # (F', 3 new corners, 4 old corners)
    uv = np.zeros((len(triangles), 4, 2), np.float32)
    old = np.where(figure.faces[owner, 3:, None] < 0, figure.uv[owner][:, :1], figure.uv[owner])
    old[:, :3] = figure.uv[owner][:, :3]
    uv[:, :3] = np.take_along_axis(old, away.argmin(-1)[..., None], 1)
    used = np.unique(figure.faces[figure.faces >= 0])
    nearest = used[cKDTree(figure.vertices[used]).query(vertices)[1]]
    quads = np.concatenate([triangles, np.full((len(triangles), 1), -1)], 1).astype(np.int32)
    rows = {n: getattr(figure, n)[owner] for n in ("surface", "region", "material", "piece")}
    return replace(
        figure, vertices=vertices, faces=quads, uv=uv, joints=figure.joints[nearest],
        weights=figure.weights[nearest], name=f"{figure.name} low-poly".strip(),
        vertex_color=None if figure.vertex_color is None else figure.vertex_color[nearest], **rows,
    )  # fmt: skip


def _decimated(figure: Figure, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """((V', 3) vertices, (F', 3) triangles) after edge collapses."""
    import bpy

    key = np.round(figure.vertices * 2e4).astype(np.int64)
    _, first, weld = np.unique(key, axis=0, return_index=True, return_inverse=True)
    weld = weld.ravel()
    faces = np.where(figure.faces >= 0, weld[figure.faces], -1)
    split = np.concatenate([faces[:, :3], faces[faces[:, 3] >= 0][:, [0, 2, 3]]])
    distinct = (
        (split[:, 0] != split[:, 1]) & (split[:, 1] != split[:, 2]) & (split[:, 0] != split[:, 2])
    )
    split = split[distinct]
    mesh = bpy.data.meshes.new("low-poly")
    mesh.from_pydata(figure.vertices[first].tolist(), [], split.tolist())
    mesh.validate()
    holder = bpy.data.objects.new("low-poly", mesh)
    bpy.context.scene.collection.objects.link(holder)
    try:
        modifier: Any = holder.modifiers.new("decimate", "DECIMATE")
        modifier.ratio = min(1.0, wanted / max(len(split), 1))
        modifier.use_collapse_triangulate = True
        graph = bpy.context.evaluated_depsgraph_get()
        done = holder.evaluated_get(graph).to_mesh()
        done.calc_loop_triangles()
        vertices = np.empty(len(done.vertices) * 3, np.float32)
        done.vertices.foreach_get("co", vertices)
        triangles = np.empty(len(done.loop_triangles) * 3, np.int32)
        done.loop_triangles.foreach_get("vertices", triangles)
    finally:
        bpy.data.objects.remove(holder)
        bpy.data.meshes.remove(mesh)
    return vertices.reshape(-1, 3), triangles.reshape(-1, 3)


def _nearest_faces(figure: Figure, points: np.ndarray) -> np.ndarray:
    """(N,) the face of the figure nearest to each of (N, 3) points."""
    from mathutils.bvhtree import BVHTree

    polygons = [f[:3] if f[3] < 0 else f for f in figure.faces.tolist()]
    tree: Any = BVHTree.FromPolygons(figure.vertices.tolist(), polygons)
    return np.array([tree.find_nearest(p)[2] for p in points.tolist()])
