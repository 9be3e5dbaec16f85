# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions bounded by colour and normal edges: what an eye would outline without knowing names."""

from __future__ import annotations

import cv2
import numpy as np

from ...job.capture_files import ViewImage


def edge_strength(image: ViewImage) -> np.ndarray:
    """(h, w) float32 >= 0: how sharply colour (Lab) or normal changes at a pixel, ~1 = a seam."""
    lab = cv2.cvtColor(cv2.medianBlur(image.color, 3), cv2.COLOR_RGB2LAB).astype(np.float32)
    normal = image.normal.astype(np.float32)
    return np.maximum(_gradient(lab) / 28.0, _gradient(normal) / 110.0)


def edge_regions(
    strength: np.ndarray, silhouette: np.ndarray, threshold: float, minimum_area: int
) -> np.ndarray:
    """(h, w) int32: silhouette split along edges stronger than `threshold`; -1 elsewhere.

    `strength` (h, w) is that of `edge_strength`. Flat areas are the seeds and a watershed over the
    strength gives every seam pixel to one of them. Regions under `minimum_area` pixels are -1.
    """
    flat = (silhouette & (strength < threshold)).astype(np.uint8)
    _, seeds, stats, _ = cv2.connectedComponentsWithStats(flat, None, None, None, 4)
    small = stats[:, cv2.CC_STAT_AREA] < minimum_area
    small[0] = True
    markers = np.where(small[seeds], 0, seeds + 1).astype(np.int32)
    markers[~silhouette] = 1  # background keeps the flood inside
    relief = np.clip(strength / (4 * threshold), 0, 1)
    relief = np.repeat((relief * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    cv2.watershed(relief, markers)
    regions = np.where(silhouette & (markers > 1), markers, -1)
    return _largest_labels(regions, minimum_area)


def _gradient(channels: np.ndarray) -> np.ndarray:
    """(h, w) float32 largest Sobel magnitude over the channels of an (h, w, C) image."""
    across = cv2.Sobel(channels, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(channels, cv2.CV_32F, 0, 1, ksize=3)
    return np.sqrt(across**2 + down**2).max(axis=2) / 4


def _largest_labels(regions: np.ndarray, minimum_area: int) -> np.ndarray:
    count = np.bincount(regions.ravel() + 1)  # first the pixels outside, which are -1
    keep = (count >= minimum_area) & (count > 0)
    keep[0] = False
    renumbered = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    return renumbered[regions + 1]
