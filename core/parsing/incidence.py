# SPDX-License-Identifier: GPL-3.0-or-later
"""M, the pixels that each element has in each mask of a frame (paper section 3.4)."""

from __future__ import annotations

import numpy as np
from scipy import sparse


class Incidence:
    """M of one frame, elements x masks, as (elements x atoms pixel counts) (atoms x masks)."""

    def __init__(self, pixels: sparse.csr_array, member: sparse.csr_array) -> None:
        self.pixels = pixels  # (E, A) float32
        self.member = member  # (A, L) float32, 0 or 1

    def areas(self) -> np.ndarray:
        """(L,) float64 pixels of each mask, at least 1."""
        pixels = np.asarray(self.pixels.sum(axis=0), np.float64).ravel()  # (A,)
        return np.maximum(self.member.T @ pixels, 1)

    def without_empty_rows(self) -> tuple[np.ndarray, Incidence]:
        """(S,) elements that have pixels in this frame, in order, and M of these alone."""
        indptr = self.pixels.indptr
        elements = np.flatnonzero(np.diff(indptr))
        rows = (self.pixels.data, self.pixels.indices, np.append(indptr[elements], indptr[-1]))
        pixels = sparse.csr_array(rows, shape=(len(elements), self.pixels.shape[1]))
        return elements, Incidence(pixels, self.member)

    def seen(self) -> np.ndarray:
        """(E,) bool: elements that at least one mask covers in this frame."""
        covered = np.diff(self.member.indptr) > 0  # (A,)
        return np.asarray(self.pixels @ covered.astype(np.float32)).ravel() > 0
