# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a closer look is worth while: eyes and collars are a pixel or two of a whole figure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...job.boxes import Box
from .network import Sighting
from .preparation import STRIDE

CLOSEST = 5.0  # times the size of the whole figure; more is not worth the pixels
ENOUGH = 80  # input pixels of a head in which its parts can be told
WORTH = 1.25  # times as close at least; less shows nothing new
_SHARPEST = 1.25  # input pixels to one that was captured; more are no sharper
_LEAST = 12  # output pixels of a head


def head_to_look_at(
    sighting: Sighting, regions: Sequence[str], silhouette: np.ndarray
) -> tuple[Box, float] | None:
    """The head's box in the view, and how many input pixels one of the view should take there.

    None where no head is seen, or one so large that its parts were seen already.
    """
    if "head" not in regions:
        return None
    found = _largest(sighting.region.argmax(axis=2) == regions.index("head"))
    if found is None:
        return None
    place = sighting.placement
    now = place.size[0] / (place.box[2] - place.box[0])  # input pixels to one of the view
    tall = (found[2] - found[0]) * STRIDE
    scale = min(now * min(CLOSEST, ENOUGH / tall), _SHARPEST)
    if scale < WORTH * now:
        return None
    box = [0, 0, 0, 0]
    for axis in range(2):
        for end in (axis, axis + 2):
            at = place.box[axis] + (found[end] * STRIDE - place.corner[axis]) / now
            box[end] = int(np.clip(round(at), 0, silhouette.shape[axis]))
    top, left, bottom, right = box
    if not silhouette[top:bottom, left:right].any():
        return None
    return (top, left, bottom, right), scale


def _largest(mask: np.ndarray) -> Box | None:
    """The box of the largest connected patch of a mask (h, w)."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count < 2:
        return None
    x, y, width, height, area = stats[1 + stats[1:, cv2.CC_STAT_AREA].argmax()].tolist()
    return (y, x, y + height, x + width) if area >= _LEAST else None
