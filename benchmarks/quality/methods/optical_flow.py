# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels carried from one image of a camera to the next by dense optical flow."""

from __future__ import annotations

import cv2
import numpy as np

MARGIN = 16  # pixels around what either image shows


def carried_labels(
    previous: np.ndarray,
    label: np.ndarray,
    current: np.ndarray,
    silhouette: np.ndarray,
    checked: bool = True,
) -> np.ndarray:
    """(H, W) int16: for each pixel of `current` the label of where it was in `previous`.

    `previous`, `current` (H, W, 3) uint8 sRGB; `label` (H, W) int16 of `previous`, -1 = none;
    `silhouette` (H, W) bool of `current`. -1 outside it, where a pixel comes from outside the
    image, and, if `checked`, where the flow back does not return: the consistency check of Sundaram
    et al. (2010).
    """
    found = np.full(label.shape, -1, np.int16)
    box = _box((label >= 0) | silhouette)
    before, now = (cv2.cvtColor(image[box], cv2.COLOR_RGB2GRAY) for image in (previous, current))
    flow = dense_flow(now, before)
    target = _targets(flow)
    sampled = _sample(label[box], target)
    if checked:
        sampled[~_returns(flow, dense_flow(before, now), target)] = -1
    found[box] = np.where(silhouette[box], sampled, -1)
    return found


def dense_flow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(H, W, 2) float32 pixels (x, y) from each pixel of `first` (H, W) uint8 to its in `second`.

    Dense inverse search (Kroeger et al. 2016).
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return np.asarray(search.calc(first, second, None))


def _box(shown: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns of (H, W) bool that hold what is true, and a margin."""

    def span(inside: np.ndarray) -> slice:
        where = np.flatnonzero(inside)
        if not len(where):
            return slice(0, len(inside))
        return slice(max(0, int(where[0]) - MARGIN), int(where[-1]) + 1 + MARGIN)

    return span(np.asarray(shown.any(axis=1))), span(np.asarray(shown.any(axis=0)))


def _targets(flow: np.ndarray) -> np.ndarray:
    """(H, W, 2) int64 row and column that each pixel flows to."""
    rows, columns = np.indices(flow.shape[:2])
    moved = np.stack([rows + flow[..., 1], columns + flow[..., 0]], axis=-1)
    return np.rint(moved).astype(np.int64)


def _sample(label: np.ndarray, target: np.ndarray) -> np.ndarray:
    row, column = target[..., 0], target[..., 1]
    inside = (row >= 0) & (row < label.shape[0]) & (column >= 0) & (column < label.shape[1])
    found = np.full(label.shape, -1, np.int16)
    found[inside] = label[row[inside], column[inside]]
    return found


def _returns(flow: np.ndarray, back: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(H, W) bool: |f + b|^2 < 0.01 (|f|^2 + |b|^2) + 0.5, with b the flow back at the target."""
    height, width = flow.shape[:2]
    there = back[np.clip(target[..., 0], 0, height - 1), np.clip(target[..., 1], 0, width - 1)]
    astray = np.sum((flow + there) ** 2, axis=-1)
    length = np.sum(flow**2, axis=-1) + np.sum(there**2, axis=-1)
    return astray < 0.01 * length + 0.5
