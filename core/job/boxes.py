# SPDX-License-Identifier: GPL-3.0-or-later
"""The box around what an image shows."""

from __future__ import annotations

import numpy as np

Box = tuple[int, int, int, int]  # first row, first column, then the first of each outside


def box_around(mask: np.ndarray) -> Box:
    """The smallest box that holds all of `mask` (H, W) bool. Raises ValueError when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise ValueError("the mask is empty")
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
