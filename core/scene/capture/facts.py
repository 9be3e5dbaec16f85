# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of each element without looking at a picture, as whole-array numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NONE = -1


@dataclass(frozen=True)
class MeshTopology:
    """A polygon mesh as index arrays."""

    vertices: int
    corner_vertex: np.ndarray  # (C,) int32
    corner_edge: np.ndarray  # (C,) int32
    start: np.ndarray  # (F,) int32, first corner of each face
    size: np.ndarray  # (F,) int32, corners of each face

    @property
    def corner_face(self) -> np.ndarray:
        """(C,) int32, the face of each corner."""
        return np.repeat(np.arange(len(self.start), dtype=np.int32), self.size)

    @property
    def next_corner(self) -> np.ndarray:
        """(C,) int32, the following corner around the same face."""
        following = np.arange(1, len(self.corner_vertex) + 1, dtype=np.int32)
        if len(self.start):
            following[self.start + self.size - 1] = self.start
        return following


def face_areas_and_centers(
    topology: MeshTopology, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(areas (F,), centres (F, 3)) float32 of planar or nearly planar faces.

    `positions` (V, 3) in the units wanted. Area by Newell's formula, centre is the corners' mean.
    """
    if not len(topology.start):
        return np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
    here = positions[topology.corner_vertex].astype(np.float64)
    total = np.add.reduceat(here, topology.start, axis=0)
    centers = total / topology.size[:, None]
    local = here - np.repeat(centers, topology.size, axis=0)
    cross = np.cross(local, local[topology.next_corner])
    normal = np.add.reduceat(cross, topology.start, axis=0)
    return (np.linalg.norm(normal, axis=1) / 2).astype(np.float32), centers.astype(np.float32)


def edge_pairs(topology: MeshTopology) -> tuple[np.ndarray, np.ndarray]:
    """Corners that share an edge with another face: two (P,) int32 arrays of corner indices.

    Around an edge with more than two faces, consecutive ones are paired: all are connected.
    """
    order = np.argsort(topology.corner_edge, kind="stable").astype(np.int32)
    edges = topology.corner_edge[order]
    same = np.flatnonzero(edges[1:] == edges[:-1])
    return order[same], order[same + 1]


def neighbour_pairs(topology: MeshTopology) -> np.ndarray:
    """(A, 2) int32 faces sharing an edge, each pair once, smaller index first, sorted."""
    first, second = edge_pairs(topology)
    face = topology.corner_face
    pairs = np.sort(np.stack([face[first], face[second]], 1), axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0).astype(np.int32)


def loose_parts(topology: MeshTopology) -> np.ndarray:
    """(F,) int32 component of each face, connected by shared vertices."""
    faces = len(topology.start)
    first_vertex = topology.corner_vertex[topology.start]
    links = np.stack([np.repeat(first_vertex, topology.size), topology.corner_vertex], 1)
    component = connected_components(topology.vertices, links)
    return _dense(component[first_vertex]) if faces else np.zeros(0, np.int32)


def uv_islands(topology: MeshTopology, uv: np.ndarray) -> np.ndarray:
    """(F,) int32 island of each face: faces whose shared edge has equal UVs on both sides.

    `uv` (C, 2) float32 of the active map.
    """
    first, second = edge_pairs(topology)
    following = topology.next_corner
    vertex = topology.corner_vertex
    opposite = vertex[first] != vertex[second]  # neighbours with equal winding run opposite ways
    at_start = np.where(opposite, following[second], second)
    at_end = np.where(opposite, second, following[second])
    quantised = np.round(uv * 2**16).astype(np.int64)
    joined = (quantised[first] == quantised[at_start]).all(1)
    joined &= (quantised[following[first]] == quantised[at_end]).all(1)
    face = topology.corner_face
    links = np.stack([face[first], face[second]], 1)[joined]
    return _dense(connected_components(len(topology.start), links))


def dominant_bone(
    topology: MeshTopology, vertex: np.ndarray, bone: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """(F,) int32 bone with the largest weight summed over a face's corners, -1 without weight.

    The weights are triples: `vertex` (W,), `bone` (W,), `weight` (W,); ties go to the lower bone.
    """
    faces = len(topology.start)
    result = np.full(faces, NONE, np.int32)
    useful = weight > 0
    vertex, bone, weight = vertex[useful], bone[useful], weight[useful]
    if not len(vertex) or not faces:
        return result
    order = np.argsort(vertex, kind="stable")
    vertex, bone, weight = vertex[order], bone[order], weight[order]
    count = np.bincount(vertex, minlength=topology.vertices)
    begin = np.concatenate([[0], np.cumsum(count)[:-1]])
    per_corner = count[topology.corner_vertex]
    entry = np.repeat(begin[topology.corner_vertex], per_corner) + _ramps(per_corner)
    face = np.repeat(topology.corner_face, per_corner).astype(np.int64)
    bones = int(bone.max()) + 1
    key, inverse = np.unique(face * bones + bone[entry], return_inverse=True)
    total = np.bincount(inverse, weights=weight[entry])
    key_face, key_bone = key // bones, key % bones
    best = np.lexsort((-key_bone, total, key_face))  # the last of each face is the strongest
    last = np.flatnonzero(np.diff(key_face[best], append=-1))
    result[key_face[best][last]] = key_bone[best][last]
    return result


def connected_components(nodes: int, links: np.ndarray) -> np.ndarray:
    """(nodes,) int32: the smallest node of each node's component; `links` (L, 2) ints.

    Minimum labels travel over the links, with pointer jumping: a few dozen passes at most.
    """
    label: np.ndarray = np.arange(nodes, dtype=np.int32)
    links = links[links[:, 0] != links[:, 1]]
    while len(links):
        low = np.minimum(label[links[:, 0]], label[links[:, 1]])
        high = np.maximum(label[links[:, 0]], label[links[:, 1]])
        np.minimum.at(label, high, low)
        while True:
            jumped = label[label]
            if (jumped == label).all():
                break
            label = jumped
        links = links[label[links[:, 0]] != label[links[:, 1]]]
    return label


def join_parts(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Concatenate per-object numberings (-1 = none) into one that never repeats a number."""
    shifted, start = [], 0
    for part in parts:
        shifted.append(np.where(part >= 0, part + start, NONE).astype(np.int32))
        start += int(part.max(initial=NONE)) + 1
    return np.concatenate(shifted) if shifted else np.zeros(0, np.int32)


def _dense(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_inverse=True)[1].astype(np.int32)


def _ramps(counts: np.ndarray) -> np.ndarray:
    """0..c-1 for every count, one after the other."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
