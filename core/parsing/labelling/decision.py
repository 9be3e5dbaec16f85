# SPDX-License-Identifier: GPL-3.0-or-later
"""From scores of elements to labels: evidence shared out, threshold, filling."""

from __future__ import annotations

import numpy as np

from ...job.label_files import UNLABELLED


def evidence_shares(scores: np.ndarray) -> np.ndarray:
    """Rows of `scores` (E, K) >= 0 divided by their sums; rows without evidence stay zero."""
    total = scores.sum(axis=1, keepdims=True)
    return scores / np.where(total > 0, total, 1)


def decide(shares: np.ndarray, parts: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """(label (E,) int16, confidence (E,) float16) from evidence shares (E, parts + others).

    The columns after the first `parts` are evidence for none of them. An element is UNLABELLED
    when it has no evidence, when another column wins, or when the winning share is below
    `threshold` (tau).
    """
    best = shares.argmax(axis=1)
    confidence = shares[np.arange(len(shares)), best]
    labelled = (best < parts) & (confidence >= threshold) & (confidence > 0)
    label = np.where(labelled, best, UNLABELLED).astype(np.int16)
    return label, confidence.astype(np.float16)


def fill_unseen(
    label: np.ndarray, confidence: np.ndarray, nearest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Unseen elements take the label of their `nearest` (E,) seen one, with confidence 0.

    `nearest` is an element's own index where it was seen and -1 where nothing is near.
    """
    borrowed = (nearest >= 0) & (nearest != np.arange(len(nearest)))
    source = np.where(borrowed, nearest, np.arange(len(nearest)))
    return label[source], np.where(borrowed, np.float16(0), confidence)
