# SPDX-License-Identifier: GPL-3.0-or-later
"""Superpoints: small pieces of surface of one colour that hardly bend."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components, dijkstra

from core.job.capture_files import Facts, ViewImage

CELL = 1 / 32  # of the character's extent: about the size of a superpoint
NORMAL_COST = 1.0  # cells a way is longer where normals turn by a right angle
COLOR_COST = 4.0  # and where a channel of the colour (0..1) changes by one


def superpoints(facts: Facts, appearance: np.ndarray) -> np.ndarray:
    """(E,) int32, the superpoint of each element.

    As supervoxels (Papon et al. 2013): seeds lie evenly, one in each cell of a grid for each piece
    of connected surface, and an element belongs to the seed it is nearest to. The way along the
    surface is longer where colours or normals change, so that borders fall there. `appearance`
    (E, 6) is that of `element_appearance`.
    """
    count = facts.count
    a, b = facts.neighbours.T
    size = CELL * max(float(np.linalg.norm(np.ptp(facts.centroid, axis=0))), 1e-9)
    length = np.linalg.norm(facts.centroid[a] - facts.centroid[b], axis=1) / size
    change = np.nan_to_num(appearance[a] - appearance[b])  # nothing is known of what is not seen
    length += NORMAL_COST * np.sum(change[:, :3] ** 2, axis=1) / 2
    length += COLOR_COST * np.linalg.norm(change[:, 3:], axis=1)
    shape = (count, count)
    graph = sparse.coo_array((np.maximum(length, 1e-9), (a, b)), shape=shape).tocsr()
    _, piece = connected_components(graph, directed=False)
    seeds = _seeds(np.floor(facts.centroid / size).astype(np.int64), piece, facts.centroid / size)
    _, _, origin = dijkstra(
        graph, directed=False, indices=seeds, min_only=True, return_predecessors=True
    )
    return np.unique(origin, return_inverse=True)[1].astype(np.int32)


def element_appearance(images: Iterable[ViewImage], count: int) -> np.ndarray:
    """(E, 6) float64: mean normal (unit vectors) and colour (0..1) of each element's pixels.

    nan for elements without any.
    """
    total, pixels = np.zeros((count, 6)), np.zeros(count)
    for image in images:
        element = image.element[image.silhouette]
        pixels += np.bincount(element, minlength=count)
        for column, values in enumerate(
            [*np.moveaxis(image.normal / 127.0, -1, 0), *np.moveaxis(image.color / 255.0, -1, 0)]
        ):
            total[:, column] += np.bincount(element, values[image.silhouette], count)
    with np.errstate(invalid="ignore"):
        return total / pixels[:, None]


def _seeds(cell: np.ndarray, piece: np.ndarray, position: np.ndarray) -> np.ndarray:
    """(S,) int: in each occupied cell, for each piece in it, the element nearest to its centre."""
    off = np.linalg.norm(position - cell - 0.5, axis=1)
    order = np.argsort(off, kind="stable")
    key = np.column_stack([cell, piece])[order]
    _, first = np.unique(key, axis=0, return_index=True)
    return np.sort(order[first])
