# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals from sight: regions of one image that look like one thing.

Sight answers element by element. Its most probable surfaces, their coarse groups, and both cut by
the regions of the body are outlines, and so are the borders it sees between parts.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ...job.capture_files import ViewImage
from ..masks import MaskSet
from ..sight.groups import group_members
from ..sight.sightings import Sightings
from .edges import edge_regions

SEEN_AREA = 24  # pixels: smaller pieces are the noise of single elements
BORDER_AREA = 64
BORDERS = (0.25, 0.5)  # probabilities of a border between parts at which regions are cut


def find_seen_masks(
    image: ViewImage, sightings: Sightings, bone: np.ndarray | None = None
) -> list[MaskSet]:
    """Connected regions of equal look, of several kinds; they overlap.

    Where `bone` (E,) int is not -1, bones cut the figure instead of the regions that sight tells:
    they know joints better.
    """
    element, silhouette = image.element[image.silhouette], image.silhouette
    shown = np.unique(element)
    looked = sightings.pixels[shown] > 0
    surface = sightings.surface[shown].astype(np.float32)  # (S, L)
    region = _best(sightings.region[shown].astype(np.float32), looked)
    if bone is not None:
        region = np.where(bone[shown] >= 0, sightings.region.shape[1] + bone[shown], region)
    group = _best(surface @ group_members(sightings.surfaces), looked)
    labels = [_best(surface, looked), group, region]
    labels += [combine(label, region) for label in labels[:2]]
    place = np.searchsorted(shown, element)  # (P,)
    sets = [MaskSet.from_labels(pieces(label[place], silhouette, SEEN_AREA)) for label in labels]
    border = np.zeros(silhouette.shape, np.float32)
    border[silhouette] = sightings.boundary[shown].astype(np.float32)[place]
    sets += [
        MaskSet.from_labels(edge_regions(border, silhouette, b, BORDER_AREA)[silhouette])
        for b in BORDERS
    ]
    return sets


def pieces(label: np.ndarray, silhouette: np.ndarray, minimum_area: int) -> np.ndarray:
    """(P,) int32: connected regions of equal label, -1 for no label or fewer pixels than that.

    `label` (P,) int, -1 = none, of the pixels of `silhouette` (h, w) bool in row-major order.
    """
    count = len(label)
    number = np.full(silhouette.shape, count)  # of the pixel; outside is one without a label
    number[silhouette] = np.arange(count)
    padded = np.append(label, -1)
    ends = [
        (number[:, 1:].ravel(), number[:, :-1].ravel()),
        (number[1:].ravel(), number[:-1].ravel()),
    ]
    linked = [(padded[a] == padded[b]) & (padded[a] >= 0) for a, b in ends]
    pairs = [np.concatenate([pair[i][k] for pair, k in zip(ends, linked, strict=True)])
             for i in range(2)]  # fmt: skip
    table = (np.ones(len(pairs[0]), bool), tuple(pairs))
    graph = sparse.coo_array(table, shape=(count, count)).tocsr()
    _, piece = connected_components(graph, directed=False)
    large = np.bincount(piece, minlength=1) >= minimum_area
    kept = large[piece] & (label >= 0)
    _, renumbered = np.unique(piece[kept], return_inverse=True)
    found = np.full(len(label), -1, np.int32)
    found[kept] = renumbered
    return found


def _best(probability: np.ndarray, looked: np.ndarray) -> np.ndarray:
    """(S,) int: the most probable column, -1 where not looked at."""
    return np.where(looked, probability.argmax(axis=1), -1)


def combine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(E,) int64: one label for each pair of values, -1 where either is -1."""
    pair = a.astype(np.int64) * (int(b.max(initial=0)) + 1) + b
    return np.where((a < 0) | (b < 0), -1, pair)
