# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels that agree with their neighbours: a Potts model on the surface, solved by graph cuts.

The energy is `sum_i unary[i, l_i] + sum_ij weight_ij [l_i != l_j]`, and its solver is the expansion
move of Boykov, Veksler and Zabih, "Fast approximate energy minimization via graph cuts" (2001).
"""

from __future__ import annotations

import maxflow
import numpy as np

from ...job.capture_files import Facts
from ...job.label_files import UNLABELLED
from .decision import decide


def decide_smoothly(
    shares: np.ndarray,
    parts: int,
    threshold: float,
    facts: Facts,
    smoothing: float,
    before: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """`labelling.decide` with a price: (label (E,) int16, confidence (E,) float16).

    A border of usual length between neighbours of different label costs `smoothing`, in shares of
    an element's evidence, and so does departing from `before` (E,) int16, the labels of the frame
    before. Being unlabelled is a label like the others; its evidence is that of the columns after
    the first `parts`, or `threshold` where this is more. Elements without evidence take no part
    and stay unlabelled. With `smoothing` 0 this is `decide`.
    """
    label, confidence = decide(shares, parts, threshold)
    evident = np.flatnonzero(shares.any(axis=1))
    others = np.maximum(shares[evident, parts:].max(axis=1, initial=0), threshold)
    votes = np.column_stack([shares[evident, :parts], others])
    if before is not None:
        votes[np.arange(len(evident)), before[evident]] += smoothing  # -1 is the last column
    index = np.full(len(shares), -1)
    index[evident] = np.arange(len(evident))
    pairs = index[facts.neighbours]
    inside = (pairs >= 0).all(axis=1)
    weight = smoothing * border_lengths(facts)[inside]
    chosen = alpha_expansion(-votes, pairs[inside], weight)
    label[evident] = np.where(chosen < parts, chosen, UNLABELLED)
    labelled = np.flatnonzero(label >= 0)
    confidence[labelled] = shares[labelled, label[labelled]]
    return label, confidence


def border_lengths(facts: Facts) -> np.ndarray:
    """(A,) float64, length of the edge each pair of neighbours shares; 1 is the median.

    Taken from areas and the distance of centroids: for two rectangles or two triangles the edge is
    in proportion to the sum of the areas over the distance. An element that is much longer than
    wide is thus bound to those along its long sides.
    """
    if not len(facts.neighbours):
        return np.zeros(0)
    a, b = facts.neighbours.T
    distance = np.linalg.norm(facts.centroid[a] - facts.centroid[b], axis=1).astype(np.float64)
    area = facts.area[a].astype(np.float64) + facts.area[b]
    length = np.divide(area, distance, out=np.zeros(len(area)), where=distance > 0)
    usual = np.median(length)
    return length / usual if usual > 0 else np.ones(len(length))


def potts_energy(
    unary: np.ndarray, pairs: np.ndarray, weight: np.ndarray, label: np.ndarray
) -> float:
    """The energy of `label` (E,) int; the other arguments are as for `alpha_expansion`."""
    a, b = pairs.T
    own = unary[np.arange(len(unary)), label].sum()
    return float(own + weight[label[a] != label[b]].sum())


def alpha_expansion(unary: np.ndarray, pairs: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(E,) int64, labels of low Potts energy: at most twice the lowest, with two labels the lowest.

    `unary` (E, K) float, the cost of each of K >= 1 labels for each element; `pairs` (A, 2) int,
    neighbours, no element its own; `weight` (A,) float >= 0, the cost of a border between them.
    Starts at the cheapest label of every element, the first of several, and leaves that only where
    the energy falls: without weights it is the answer. Raises ValueError for a negative weight.
    """
    unary, weight = np.asarray(unary, np.float64), np.asarray(weight, np.float64)
    if (weight < 0).any():
        raise ValueError("weights of borders are not negative")
    label = unary.argmin(axis=1)
    if unary.shape[1] < 2:
        return label
    a, b = pairs.T
    count = len(unary)
    pull = np.bincount(a, weight, count) + np.bincount(b, weight, count)
    best, second = np.partition(unary, 1, axis=1)[:, :2].T
    free = second - best < pull  # the others keep their label whatever their neighbours say
    if not free.any():
        return label
    own = unary[free]
    index = np.cumsum(free) - 1
    for inner, outer in ((a, b), (b, a)):
        rim = free[inner] & ~free[outer]
        np.subtract.at(own, (index[inner[rim]], label[outer[rim]]), weight[rim])
    both = free[a] & free[b]
    label[free] = _expand(own, index[pairs[both]], weight[both], label[free])
    return label


def _expand(
    unary: np.ndarray, pairs: np.ndarray, weight: np.ndarray, label: np.ndarray
) -> np.ndarray:
    """`label` after expansion moves to one label after the other, until none lowers the energy."""
    energy = potts_energy(unary, pairs, weight, label)
    classes = unary.shape[1]
    alpha = unchanged = 0
    while unchanged < classes:
        moved = _expansion_move(unary, pairs, weight, label, alpha)
        lower = potts_energy(unary, pairs, weight, moved)
        if lower < energy:
            label, energy, unchanged = moved, lower, 0
        unchanged += 1
        alpha = (alpha + 1) % classes
    return label


def _expansion_move(
    unary: np.ndarray, pairs: np.ndarray, weight: np.ndarray, label: np.ndarray, alpha: int
) -> np.ndarray:
    """The best labelling in which every element keeps its label or takes `alpha`.

    A binary problem, x_i = 1 for `alpha`. The cost of a pair is C00 = w [l_i != l_j],
    C01 = w [l_i != alpha], C10 = w [l_j != alpha], C11 = 0, which is
    C00 + (C10 - C00) x_i - C10 x_j + (C01 + C10 - C00) (1 - x_i) x_j: terms of the elements and the
    capacity of an edge, which a metric never makes negative.
    """
    elements = np.arange(len(unary))
    a, b = pairs.T
    differ = weight * (label[a] != label[b])
    first, second = weight * (label[a] != alpha), weight * (label[b] != alpha)
    change = unary[:, alpha] - unary[elements, label]  # what taking alpha costs
    change += np.bincount(a, second - differ, len(unary)) - np.bincount(b, second, len(unary))
    graph = maxflow.GraphFloat(len(unary), len(pairs))
    graph.add_nodes(len(unary))
    if len(pairs):
        graph.add_edges(a, b, first + second - differ, np.zeros(len(pairs)))
    graph.add_grid_tedges(elements, np.maximum(change, 0), np.maximum(-change, 0))
    graph.maxflow()
    return np.where(graph.get_grid_segments(elements), alpha, label)
