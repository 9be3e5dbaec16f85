# SPDX-License-Identifier: GPL-3.0-or-later
"""A vertex group per part: the share of faces around the vertex, and of frames, with its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import bpy
import numpy as np

from .attributes import Corners
from .names import group_names
from .plan import Labelling


def shares(corners: Corners, labellings: Sequence[Labelling], parts: int) -> np.ndarray:
    """(parts, vertices) float32 in 0..1; over the frames of all `labellings` of a shared mesh."""
    faces = len(labellings[0].labels[0])
    frames = np.zeros((parts + 1, faces), np.int32)  # how many, row 0: unlabelled
    every = np.arange(faces)
    for labelling in labellings:
        for label, duration in zip(labelling.labels, labelling.durations, strict=True):
            frames[label + 1, every] += duration
    total = sum(sum(labelling.durations) for labelling in labellings)
    share = np.zeros((parts, corners.vertices), np.float32)
    for part in range(parts):
        if frames[part + 1].any():
            count = np.bincount(corners.vertex, frames[part + 1][corners.face], corners.vertices)
            share[part] = count / (corners.degree.astype(np.float64) * total)
    return share


def create(
    ob: bpy.types.Object, parts: Sequence[str], share: np.ndarray, taken: Sequence[str]
) -> dict[str, str]:
    """Append a group for each part that has vertices on this mesh; returns part -> group."""
    made: dict[str, str] = {}
    present = [i for i in range(len(parts)) if share[i].any()]
    for index, name in zip(present, group_names([parts[i] for i in present], taken), strict=True):
        group = ob.vertex_groups.new(name=name)
        made[parts[index]] = group.name
        for vertices, weight in _by_weight(share[index]):
            group.add(vertices, weight, "REPLACE")
    return made


def update(
    ob: bpy.types.Object,
    groups: Mapping[str, str],
    parts: Sequence[str],
    share: np.ndarray,
    changed: np.ndarray,
) -> dict[str, str]:
    """Give the vertices where `changed` (vertices,) bool the weights of `share`.

    `groups`: part -> group, as `create` returned it; those made here are added in the answer.
    """
    known = dict(groups)
    for index, part in enumerate(parts):
        weights = np.where(changed, share[index], 0.0)
        group = ob.vertex_groups.get(known.get(part, ""))
        if group is None:
            if not weights.any():
                continue
            [name] = group_names([part], _list_taken(ob))
            group = ob.vertex_groups.new(name=name)
            known[part] = group.name
        group.remove(np.flatnonzero(changed & (share[index] == 0.0)).tolist())
        for vertices, weight in _by_weight(weights):
            group.add(vertices, weight, "REPLACE")
    return known


def remove(ob: bpy.types.Object, names: Sequence[str]) -> int:
    """Remove those of `names` that are there; returns how many were."""
    count = 0
    for name in reversed(names):
        group = ob.vertex_groups.get(name)
        if group is not None:
            ob.vertex_groups.remove(group)
            count += 1
    return count


def _list_taken(ob: bpy.types.Object) -> list[str]:
    return [*ob.vertex_groups.keys(), *ob.data.attributes.keys()]


def _by_weight(weights: np.ndarray) -> list[tuple[list[int], float]]:
    """Vertices with the same non-zero weight together: one call of Blender's for each."""
    vertices = np.flatnonzero(weights)
    if not len(vertices):
        return []
    order = vertices[np.argsort(weights[vertices], kind="stable")]
    values, starts = np.unique(weights[order], return_index=True)
    runs = np.split(order, starts[1:])
    return [(run.tolist(), float(value)) for run, value in zip(runs, values, strict=True)]
