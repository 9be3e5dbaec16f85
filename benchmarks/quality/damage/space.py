# SPDX-License-Identifier: GPL-3.0-or-later
"""An embedding space that behaves like CLIP's where it matters here, with known directions.

A mask's embedding is a part that all masks share, one that says what is in it, and noise; their
shares of the squared length are COMMON, CONTENT and NOISE. So two masks of a class have a cosine of
COMMON + CONTENT = 0.89 and two of different classes of COMMON = 0.65, which we chose to resemble
crops of one person. A word lies in the direction of its class, and the scale makes the logits of
right and wrong words differ by about 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.parsing.vectors import unit_rows

COMMON, CONTENT, NOISE = 0.65, 0.24, 0.11
LOGIT_SCALE = 10.0
DIMENSIONS = 64
ELSE = 0.25  # how much of "something else" is what all masks share


class Space:
    """Directions of K classes, and the words for them. The words implement `TextSide`."""

    def __init__(self, classes: Sequence[str], seed: int) -> None:
        self.classes = tuple(classes)
        size = max(DIMENSIONS, len(classes) + 2)
        square = np.random.default_rng(seed).normal(size=(size, size))
        basis = np.linalg.qr(square)[0].astype(np.float32)
        self._common, self._other, self._directions = basis[0], basis[1], basis[2:][: len(classes)]

    @property
    def dimensions(self) -> int:
        return len(self._common)

    def embed(self, content: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """(N, D) float32 unit rows from `content` (N, K), how much of each class a mask says, and
        `noise` (N, D), unit rows. Without content a mask says nothing."""
        says = unit_rows(content @ self._directions)
        whole = np.sqrt(COMMON) * self._common + np.sqrt(CONTENT) * says + np.sqrt(NOISE) * noise
        return unit_rows(whole).astype(np.float32)

    @property
    def logit_scale(self) -> float:
        return LOGIT_SCALE

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """The directions of the classes called so; synonyms do not count."""
        rows = [self.classes.index(words[0]) for words in names]
        return self._directions[rows], np.arange(len(rows), dtype=np.int32)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """'something else', which votes, and 'all of it', which does not."""
        something = ELSE * self._common + np.sqrt(1 - ELSE**2) * self._other
        everything = self._directions.sum(axis=0)
        return unit_rows(np.stack([something, everything])), np.array([True, False])

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        return np.zeros(len(names), np.int8)  # left and right have directions of their own

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        return {}

    def guessed(self, names: Sequence[Sequence[str]]) -> Sequence[str]:
        return ()

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"directions": self._directions}
