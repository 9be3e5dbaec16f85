# SPDX-License-Identifier: GPL-3.0-or-later
"""Overlapping masks of one image, kept as atoms.

An atom is a region that no mask's border crosses: every one of its pixels belongs to the same
masks. Hundreds of overlapping masks become one small integer per pixel and a little table of who
is in whom, which is all that embedding and lifting need; pixels are unrolled only for models.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..job.arrays import check_range, check_shape

MOST_MASKLETS = 2**30  # so that numbers of new ones stay within int32


@dataclass(frozen=True)
class MaskSet:
    """The masks of one image over its P silhouette pixels (row-major order of the crop)."""

    masklet: np.ndarray  # (N,) int32, the masklet each mask belongs to
    atom: np.ndarray  # (P,) int32, atom of each silhouette pixel
    member: np.ndarray  # (A, N) bool, which masks an atom lies in

    @classmethod
    def from_pixels(cls, masks: np.ndarray, masklet: np.ndarray | None = None) -> MaskSet:
        """From (N, P) bool masks over silhouette pixels."""
        if masklet is None:
            masklet = np.arange(len(masks), dtype=np.int32)
        atom, member = unique_rows(np.ascontiguousarray(masks.T))
        return cls(masklet.astype(np.int32), atom, member)

    @classmethod
    def whole(
        cls, member: np.ndarray, atom: np.ndarray, masklet: np.ndarray | None = None
    ) -> MaskSet:
        """From arrays of a file. Raises ValueError when they do not fit together."""
        check_shape(member, (None, None), "b")
        if masklet is None:
            masklet = np.arange(member.shape[1], dtype=np.int32)
        check_range(check_shape(masklet, (member.shape[1],), "iu"), 0, MOST_MASKLETS)
        check_range(check_shape(atom, (None,), "iu"), 0, len(member))
        return cls(masklet.astype(np.int32), atom.astype(np.int32), member)

    @classmethod
    def from_labels(cls, labels: np.ndarray) -> MaskSet:
        """From (P,) int labels, one mask for each value >= 0; -1 lies in no mask."""
        values, atom = renumber(labels + 1, int(labels.max(initial=-1)) + 2)
        member = np.eye(len(values), dtype=bool)[:, values > 0]
        return cls(np.arange(member.shape[1], dtype=np.int32), atom, member)

    @property
    def count(self) -> int:
        return self.member.shape[1]

    def pixels(self) -> np.ndarray:
        """(N, P) bool masks over silhouette pixels."""
        return self.member[self.atom].T

    def areas(self) -> np.ndarray:
        """(N,) int64 pixels of each mask."""
        return np.bincount(self.atom, minlength=len(self.member)) @ self.member

    def covered(self) -> np.ndarray:
        """(P,) bool, pixels in at least one mask: the union of eq. 4."""
        return np.asarray(self.member.any(axis=1))[self.atom]

    def select(self, keep: np.ndarray) -> MaskSet:
        """Only the masks where `keep` (N,) bool is true."""
        return MaskSet(self.masklet[keep], self.atom, self.member[:, keep])

    def without_duplicates(self) -> MaskSet:
        """Of masks with the same pixels, only the first."""
        present = np.bincount(self.atom, minlength=len(self.member)) > 0
        _, first = np.unique(np.packbits(self.member[present].T, axis=1), axis=0, return_index=True)
        keep = np.zeros(self.count, bool)
        keep[first] = True
        return self.select(keep)


def stack(sets: list[MaskSet]) -> MaskSet:
    """The masks of several sets over the same pixels as one set, numbered anew."""
    if not sets:
        raise ValueError("no mask sets to stack")
    atom, member = sets[0].atom, sets[0].member
    for other in sets[1:]:
        pair = atom.astype(np.int64) * len(other.member) + other.atom
        values, atom = renumber(pair, len(member) * len(other.member))
        mine, theirs = np.divmod(values, len(other.member))
        member = np.concatenate([member[mine], other.member[theirs]], axis=1)
    return MaskSet(np.arange(member.shape[1], dtype=np.int32), atom, member)


def renumber(labels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(values present, index of each label among them (P,) int32) for labels in 0..count-1.

    What `np.unique` gives with `return_inverse`, without sorting where a table is affordable.
    """
    if count > 64 * len(labels):
        values, inverse = np.unique(labels, return_inverse=True)
        return values, inverse.astype(np.int32)
    present = np.bincount(labels, minlength=count) > 0
    index = np.cumsum(present, dtype=np.int32) - 1
    return np.flatnonzero(present), index[labels]


def unique_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(index (R,) int32, unique (A, N) bool): `unique[index]` is `rows` (R, N) bool again."""
    if rows.shape[1] == 0 or not len(rows):
        return np.zeros(len(rows), np.int32), np.zeros((min(1, len(rows)), rows.shape[1]), bool)
    packed = np.packbits(rows, axis=1)
    keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return index.astype(np.int32), rows[first]
