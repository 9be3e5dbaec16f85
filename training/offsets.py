# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the joints are, asked of every pixel: the way from what it shows to both ends of its bone.

A pixel of a forearm is asked for the way to the elbow and to the wrist, in three dimensions, and
how sure it is. Heatmaps of joints would have to tell left from right and each joint from its
neighbours, say nothing of joints that lie hidden, and give each view a point that must be matched
and triangulated over views. Ways need none of this: the capture knows the place in space of every
element, so an element's answers from all views that show it, and those of all elements of a limb,
are points in space about the same joint; the sure ones weigh more, and hidden joints are told by
what is seen beside them. A skeleton is fitted to these clouds.

Ways are along the camera's axes (right, down, forward), in pixels of the picture at the pixel's own
distance: they turn, mirror and grow with the picture. Perspective is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .figure import NO_SEGMENT

if TYPE_CHECKING:
    from .shards import View

ENDS = 6  # numbers that say both ways
UNIT = 32.0  # pixels of the network's input: what a way of 1 is
FARTHEST = 4.0  # units; what lies farther is not asked for
DEPTH_STEP = 1 / 16  # pixels: what depths are counted in


def ways(view: View, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """(..., 6) float32 pixels of the view from each of its pixels to both ends of its bone.

    `rows`, `columns` (...) int; NaN where a pixel belongs to no bone.
    """
    segment = view.segment[rows, columns]
    known = segment != NO_SEGMENT
    ends = view.bones[np.where(known, segment, 0)]  # (..., 2, 3)
    depth = view.depth[rows, columns].astype(np.float32) * np.float32(DEPTH_STEP)
    grown = view.focal / (view.focal + depth) if view.focal else np.ones_like(depth)
    here = np.stack(
        [(columns + 0.5 - view.center[0]) / grown, (rows + 0.5 - view.center[1]) / grown, depth], -1
    )
    way = (ends - here[..., None, :]) * grown[..., None, None]
    way = way.reshape(*way.shape[:-2], ENDS).astype(np.float32)
    return np.where(known[..., None], way, np.float32(np.nan))


def shown_larger(view: View, scale: float) -> View:
    """What is told of joints, for a picture of the view `scale` times as large; maps stay."""
    return replace(
        view,
        bones=view.bones * np.float32(scale),
        center=(view.center[0] * scale, view.center[1] * scale),
        focal=view.focal * scale,
    )


def turned(
    view: View, cosine: float, sine: float, old: tuple[float, float], new: tuple[float, float]
) -> View:
    """What is told of joints, for a picture turned clockwise about a point; maps stay.

    `old` and `new` are (x, y) of that point in pixels, before and after.
    """
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    bones = view.bones.copy()
    bones[..., :2] = view.bones[..., :2] @ turn.T
    x, y = turn @ (np.array(view.center) - old) + new
    return replace(view, bones=bones, center=(float(x), float(y)))
