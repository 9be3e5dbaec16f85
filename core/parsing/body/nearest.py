# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels for elements no camera saw: those of the nearest seen element along the surface."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from ...job.capture_files import Facts


def nearest_seen(facts: Facts, seen: np.ndarray) -> np.ndarray:
    """(E,) int32: for each element the seen element nearest along the surface; itself if seen.

    Distances run between centroids of neighbouring elements. A loose part without any seen element
    takes the seen element nearest in space, of its own object if there is one. All -1 when nothing
    is seen.
    """
    count = facts.count
    source = np.where(seen, np.arange(count), -1).astype(np.int32)
    if seen.all() or not seen.any():
        return source
    a, b = facts.neighbours.T
    length = np.linalg.norm(facts.centroid[a] - facts.centroid[b], axis=1)
    graph = sparse.coo_array((np.maximum(length, 1e-9), (a, b)), shape=(count, count)).tocsr()
    _, _, origin = dijkstra(
        graph, directed=False, indices=np.flatnonzero(seen), min_only=True, return_predecessors=True
    )
    source = np.where(origin >= 0, origin, source).astype(np.int32)
    for object_index in np.unique(facts.object[source < 0]):
        mine = facts.object == object_index
        _take_nearest_in_space(source, facts.centroid, (source < 0) & mine, seen & mine)
    _take_nearest_in_space(source, facts.centroid, source < 0, seen)
    return source


def _take_nearest_in_space(
    source: np.ndarray, centroid: np.ndarray, missing: np.ndarray, seen: np.ndarray
) -> None:
    if missing.any() and seen.any():
        candidates = np.flatnonzero(seen)
        _, nearest = cKDTree(centroid[candidates]).query(centroid[missing])
        source[missing] = candidates[nearest]
