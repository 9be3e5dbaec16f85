# SPDX-License-Identifier: GPL-3.0-or-later
"""4D mask fusion: from embeddings of single masks to scores of elements (paper section 3.4)."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from ..incidence import Incidence
from ..vectors import unit_rows

_ROWS_AT_ONCE = 1024  # bounds the n x n similarities of a masklet seen in thousands of images


def memory_attention(embeddings: np.ndarray, scale: float) -> np.ndarray:
    """Equation 6, `softmax(scale * Q Q^T) Q`: a masklet's masks listen to their like.

    `embeddings` (n, D) float, the unit embeddings of one masklet in all its images. Returns (n, D):
    every row is a convex combination of the rows given. scale = 1 is the equation as printed, on
    unit vectors nearly a plain mean; 10 to 25 keeps a minority of flipped limbs to itself.
    """
    attended = np.empty_like(embeddings)
    for start in range(0, len(embeddings), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        attended[rows] = softmax(scale * (embeddings[rows] @ embeddings.T), axis=-1) @ embeddings
    return attended


def remember(
    embeddings: dict[int, np.ndarray], masklets: dict[int, np.ndarray], scale: float
) -> None:
    """Eq. 6 inside every masklet, over all its frames and views; `embeddings` are replaced.

    `embeddings` (L, D) and `masklets` (L,) of every frame. Long sequences have millions of rows:
    they are never held twice.
    """
    lengths = [len(rows) for rows in embeddings.values()]
    ends = dict(zip(embeddings, np.cumsum(lengths), strict=True))
    first = next(iter(embeddings.values()))
    bank = np.empty((sum(lengths), first.shape[1]), first.dtype)
    for frame, rows in embeddings.items():
        embeddings[frame] = bank[ends[frame] - len(rows) : ends[frame]]
        embeddings[frame][:] = rows
    owner = np.concatenate([masklets[frame] for frame in embeddings])
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    for members in np.split(order, starts[1:]):
        bank[members] = unit_rows(memory_attention(bank[members], scale))


def classify(
    embeddings: np.ndarray, text: np.ndarray, logit_scale: float, thing: np.ndarray
) -> np.ndarray:
    """Logits P as probabilities: softmax over K things of the scaled cosine similarity.

    `embeddings` (L, D), `text` (C, D), all rows of unit length; `thing` (C,) int in 0..K-1, sorted,
    each present: the thing each row is a word for. Of a thing's words the most similar counts.
    Returns (L, K), rows sum to one.
    """
    similarity = embeddings @ text.T
    first = np.flatnonzero(np.diff(thing, prepend=-1))
    if len(first) < len(thing):
        similarity = np.maximum.reduceat(similarity, first, axis=1)
    return softmax(logit_scale * similarity, axis=-1)


def equalise(logits: np.ndarray) -> np.ndarray:
    """Equation 7: each class's logits times their own min-max normalisation over the masks.

    `logits` (L, K) of one frame. A class whose logits are all equal is left as it is: there is
    nothing to tell its masks apart by.
    """
    if not len(logits):
        return logits
    low, high = logits.min(axis=0), logits.max(axis=0)
    spread = high - low
    factor = np.where(spread > 0, (logits - low) / np.where(spread > 0, spread, 1), 1)
    return factor * logits


def lift(incidence: Incidence, logits: np.ndarray) -> np.ndarray:
    """Y = M P: scores (E, K) of elements from `logits` (L, K) of the masks that cover them.

    M (E, L), the pixels an element has in each mask, is kept as a product of two thin factors.
    """
    return incidence.pixels @ (incidence.member @ logits)
