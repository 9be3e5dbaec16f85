# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a model's masks are worth keeping: no duplicates, no crumbs.

The measures of Segment Anything (Kirillov et al. 2023, appendix B). Boxes are (m, 4): the first
column, first row, last column and last row of a mask, so that a mask of one pixel has no area.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...job.boxes import box_around


def distinct_boxes(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Greedy non-maximum suppression: indices of boxes (m, 4), the best of `scores` (m,) first.

    A box goes when its IoU with a better one that stays is more than `overlap`. Of equal scores
    the first is the better. (`torchvision.ops.nms` rounds otherwise where an IoU is exactly
    `overlap`, as those of small boxes often are.)
    """
    waiting = np.argsort(-scores, kind="stable")
    edges: np.ndarray = boxes.astype(np.float64).T  # (4, N)
    left, top, right, bottom = edges
    area = (right - left) * (bottom - top)
    kept = []
    while len(waiting):
        best, rest = waiting[0], waiting[1:]
        kept.append(best)
        across = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        down = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        shared = np.maximum(across, 0) * np.maximum(down, 0)
        waiting = rest[shared <= overlap * (area[best] + area[rest] - shared)]
    return np.array(kept, np.int64)


def without_small_regions(mask: np.ndarray, minimum_area: int) -> np.ndarray:
    """`mask` (h, w) bool with holes below `minimum_area` pixels closed, then islands removed."""
    if not mask.any():
        return mask
    top, left, below, beside = box_around(mask)
    # A margin joins what is open to the outside, so that it is no hole, however small the box.
    rows = slice(max(top - 1, 0), below + 1)
    columns = slice(max(left - 1, 0), beside + 1)
    part = mask[rows, columns]
    outside = np.ones(mask.shape, bool)
    outside[top:below, left:beside] = False
    closed = part | _small_regions(~part, minimum_area, keep=outside[rows, columns])
    cleaned = np.zeros_like(mask)
    cleaned[rows, columns] = closed & ~_small_regions(closed, minimum_area)
    return cleaned


def _small_regions(
    mask: np.ndarray, minimum_area: int, keep: np.ndarray | None = None
) -> np.ndarray:
    """(h, w) bool: 8-connected regions of `mask` below an area that do not touch `keep`."""
    _, label, statistics, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), 8)
    small = statistics[:, cv2.CC_STAT_AREA] < minimum_area
    small[0] = False  # what is not in the mask
    if keep is not None:
        small[label[keep]] = False
    return small[label]
