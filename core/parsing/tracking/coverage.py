# SPDX-License-Identifier: GPL-3.0-or-later
"""Mask validation: what the tracked masks leave uncovered becomes masks too (paper section 3.3)."""

from __future__ import annotations

import cv2
import numpy as np


def find_uncovered(silhouette: np.ndarray, union: np.ndarray) -> np.ndarray:
    """Equation 4, `S and not M`: silhouette pixels in no mask. All (h, w) bool."""
    return silhouette & ~union


def open_mask(mask: np.ndarray, radius: int) -> np.ndarray:
    """`mask` without what is thinner than 2 * radius + 1 pixels: rims, not parts."""
    if radius <= 0 or not mask.any():
        return mask
    padded = np.pad(mask, radius).astype(np.uint8)  # outside the crop is background
    size = 2 * radius + 1
    kernel = np.ones((size, size), np.uint8)
    result = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)
    return result[radius:-radius, radius:-radius].astype(bool)


def connected_components(mask: np.ndarray, minimum_area: int = 1) -> list[np.ndarray]:
    """Equation 5: the 8-connected pieces of `mask` (h, w) bool, disjoint, largest first.

    Pieces under `minimum_area` pixels are dropped; with 1 the pieces cover the mask.
    """
    if not mask.any():
        return []
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), None, None, None, 8
    )
    areas = stats[1:, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")
    return [labels == i + 1 for i in order[: int((areas >= minimum_area).sum())]]
