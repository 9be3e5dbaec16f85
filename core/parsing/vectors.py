# SPDX-License-Identifier: GPL-3.0-or-later
"""Unit rows and softmax."""

from __future__ import annotations

import numpy as np


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """`vectors` (n, D) with every non-zero row scaled to length one."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis, safe for large logits."""
    exponential = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponential / exponential.sum(axis=-1, keepdims=True)
