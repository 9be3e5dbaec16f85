# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit rows and weighted quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """`vectors` (n, D) with every non-zero row scaled to length one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, shares: Sequence[float]
) -> np.ndarray:
    """The `values` (n,) below which `shares` of the sum of `weights` (n,) lie, one for each share.

    `np.quantile` takes weights from numpy 2 on, which Blender below 5 does not have.
    """
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    at = np.searchsorted(total, total[-1] * np.asarray(shares, np.float64))
    return np.asarray(values[order[np.minimum(at, len(order) - 1)]])
