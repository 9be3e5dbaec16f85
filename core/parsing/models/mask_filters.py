# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a model's masks are worth keeping: scores, borders of crops, duplicates, crumbs.

The measures of Segment Anything (Kirillov et al. 2023, appendix B). Boxes are (m, 4): the first
column, first row, last column and last row of a mask, so that a mask of one pixel has no area.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch

CROP_EDGE = 20  # pixels: a mask that ends so close to a crop's border is cut off by it


def stability(logits: torch.Tensor, offset: float) -> torch.Tensor:
    """(m,) float32: IoU of the masks that `logits` (m, h, w) give above `offset` and -`offset`.

    0 for logits without anything above either.
    """
    inside = (logits > offset).sum(dim=(1, 2))
    around = (logits > -offset).sum(dim=(1, 2))
    return inside / around.clamp(min=1)


def boxes_of(masks: torch.Tensor) -> torch.Tensor:
    """(m, 4) int64: the boxes of `masks` (m, h, w) bool, none of them empty."""
    columns, rows = masks.any(dim=1), masks.any(dim=2)
    first = [side.int().argmax(dim=1) for side in (columns, rows)]
    last = [side.shape[1] - 1 - side.flip(1).int().argmax(dim=1) for side in (columns, rows)]
    return torch.stack([*first, *last], dim=1)


def near_crop_edge(boxes: np.ndarray, crop: tuple[int, ...], image: tuple[int, ...]) -> np.ndarray:
    """(m,) bool: `boxes` that end at a border of the crop which is none of the image.

    `crop` and `image` are left, top, right, bottom in the same pixels.
    """
    at_crop = np.abs(boxes - np.array(crop)) <= CROP_EDGE
    at_image = np.abs(boxes - np.array(image)) <= CROP_EDGE
    return np.any(at_crop & ~at_image, axis=1)


def distinct_boxes(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Greedy non-maximum suppression: indices of boxes (m, 4), the best of `scores` (m,) first.

    A box goes when its IoU with a better one that stays is more than `overlap`. Of equal scores
    the first is the better.
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
    left, top, right, bottom = box_of(mask)
    height, width = mask.shape
    # A margin joins what is open to the outside, so that it is no hole, however small the box.
    rows = slice(max(top - 1, 0), min(bottom + 2, height))
    columns = slice(max(left - 1, 0), min(right + 2, width))
    part = mask[rows, columns]
    outside = np.ones(mask.shape, bool)
    outside[top : bottom + 1, left : right + 1] = False
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


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    """The box of a mask (h, w) that is not empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])
