# SPDX-License-Identifier: GPL-3.0-or-later
"""A view smaller, or turned in the picture: pixel by pixel, so that labels stay what they are."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from core.job.boxes import box_around

from .bank import NO_LABEL
from .figure import NO_SEGMENT
from .offsets import shown_larger, turned
from .shards import MAPS, View

_ROUNDING = 1e-6  # pixels: a quarter turn needs no more than it has


def thinned(view: View, side: float) -> View:
    """The view with its larger side at most `side` pixels: colouring more would be wasted."""
    shrink = max(view.piece.shape) / side
    if shrink <= 1:
        return view
    kept = [((np.arange(int(n / shrink)) + 0.5) * shrink).astype(int) for n in view.piece.shape]
    grid = np.ix_(*kept)
    maps = {name: getattr(view, name)[grid] for name in MAPS}
    return replace(shown_larger(view, 1 / shrink), **maps)


def rolled(view: View, degrees: float) -> View:
    """The view turned clockwise, pixel by pixel, and cropped to its silhouette again."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    height, width = view.piece.shape
    size = (
        math.ceil(height * abs(cosine) + width * abs(sine) - _ROUNDING),
        math.ceil(width * abs(cosine) + height * abs(sine) - _ROUNDING),
    )
    down = (np.arange(size[0]) - (size[0] - 1) / 2)[:, None]
    right = np.arange(size[1]) - (size[1] - 1) / 2
    rows = np.rint(cosine * down - sine * right + (height - 1) / 2).astype(np.intp)
    columns = np.rint(sine * down + cosine * right + (width - 1) / 2).astype(np.intp)
    outside = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    piece = np.where(outside, np.uint8(0), view.piece[rows, columns])
    if not piece.any():  # a speck between the pixels
        return view
    top, left, bottom, right_end = box_around(piece > 0)
    crop = (slice(top, bottom), slice(left, right_end))
    piece, rows, columns = piece[crop], rows[crop], columns[crop]
    maps = {name: getattr(view, name)[rows, columns] for name in MAPS}
    background = piece == 0
    maps["piece"] = piece
    maps["albedo"][background] = maps["normal"][background] = 0
    maps["surface"][background] = maps["zone"][background] = NO_LABEL
    maps["segment"][background] = NO_SEGMENT
    x, y, z = np.moveaxis(maps["normal"].astype(np.float32), 2, 0)
    unit = [cosine * x - sine * y, sine * x + cosine * y, z]
    maps["normal"] = np.rint(np.stack(unit, 2)).astype(np.int8)
    middle = (size[1] / 2 - left, size[0] / 2 - top)
    return replace(turned(view, cosine, sine, (width / 2, height / 2), middle), **maps)
