# SPDX-License-Identifier: GPL-3.0-or-later
"""Masklets as sets of elements: exact in every view and frame that shares the topology."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy import sparse

from ...job.arrays import check_range, check_shape, load_arrays, making_sense, save_arrays
from ..masks import MOST_MASKLETS, MaskSet, renumber, unique_rows


class SurfaceMasklets:
    """Which elements each masklet holds. Implements `Masklets`.

    A character of constant topology has one set of elements for all frames, kept under frame None;
    a sequence has one for every frame, and a masklet may have elements in several of them.
    """

    def __init__(self, element_counts: dict[int | None, int]) -> None:
        self._element_counts = element_counts
        self._elements: dict[int | None, list[np.ndarray]] = {k: [] for k in element_counts}
        self._ids: dict[int | None, list[int]] = {k: [] for k in element_counts}
        self._covered = {k: np.zeros(n, bool) for k, n in element_counts.items()}
        self._atoms: dict[int | None, tuple[np.ndarray, np.ndarray]] = {}
        self.count = 0

    def new_masklet(self) -> int:
        self.count += 1
        return self.count - 1

    def add(self, frame: int, elements: np.ndarray, masklet: int) -> None:
        """Give `masklet` these elements (indices) in the topology of `frame`."""
        key = self._key(frame)
        self._elements[key].append(np.asarray(elements, np.int32))
        self._ids[key].append(masklet)
        self._covered[key][elements] = True
        self._atoms.pop(key, None)

    def elements(self, frame: int) -> list[tuple[int, np.ndarray]]:
        """(masklet, element indices) of the topology of `frame`."""
        key = self._key(frame)
        return list(zip(self._ids[key], self._elements[key], strict=True))

    def masks(self, frame: int, view: int, element_map: np.ndarray) -> MaskSet:
        key = self._key(frame)
        element = element_map[element_map >= 0]
        atom_of_element, member = self._atoms_of(key)
        atoms, atom = renumber(atom_of_element[element], len(member))
        visible = member[atoms]  # (A, N) for what this image shows
        present = visible.any(axis=0)
        ids = np.asarray(self._ids[key], np.int32)
        return MaskSet(ids[present], atom, visible[:, present])

    def extend(
        self, frame: int, view: int, element_map: np.ndarray, components: list[np.ndarray]
    ) -> int:
        added = 0
        visible = np.bincount(element_map[element_map >= 0])
        for component in components:
            inside = np.bincount(element_map[component], minlength=len(visible))
            new = (2 * inside >= visible) & (inside > 0)
            new &= ~self._covered[self._key(frame)][: len(new)]
            if new.any():
                self.add(frame, np.flatnonzero(new), self.new_masklet())
                added += 1
        return added

    def save(self, folder: Path) -> list[Path]:
        paths = []
        for key, sets in self._elements.items():
            path = folder / _file_name(key)
            lengths = np.array([len(s) for s in sets], np.int64)
            arrays = {
                "element": np.concatenate(sets) if sets else np.zeros(0, np.int32),
                "length": lengths,
                "masklet": np.array(self._ids[key], np.int32),
                "element_count": np.array(self._element_counts[key], np.int64),
                "masklet_count": np.array(self.count, np.int64),
            }
            save_arrays(path, arrays)
            paths.append(path)
        return paths

    @classmethod
    def load(cls, folder: Path, element_counts: dict[int | None, int]) -> SurfaceMasklets:
        """Raises JobError when a file is missing or damaged, or of other elements."""
        masklets = cls(element_counts)
        for key in element_counts:
            path = folder / _file_name(key)
            arrays = load_arrays(path)
            with making_sense(path):
                masklets._take(key, arrays)
        return masklets

    def _take(self, key: int | None, arrays: Mapping[str, np.ndarray]) -> None:
        """What `save` wrote of a topology. Raises ValueError when it does not fit together."""
        count, end = self._element_counts[key], int(arrays["masklet_count"])
        element = check_range(check_shape(arrays["element"], (None,), "i"), 0, count)
        length = check_range(check_shape(arrays["length"], (None,), "i"), 0, count + 1)
        masklet = check_range(check_shape(arrays["masklet"], length.shape, "i"), 0, end)
        if end > MOST_MASKLETS:
            raise ValueError("too many masklets")
        if int(arrays["element_count"]) != count or length.sum() != len(element):
            raise ValueError("other elements")
        self._elements[key] = np.split(element, np.cumsum(length)[:-1]) if len(length) else []
        self._ids[key] = masklet.tolist()
        self._covered[key][element] = True
        self.count = end

    def _key(self, frame: int) -> int | None:
        return None if None in self._element_counts else frame

    def _atoms_of(self, key: int | None) -> tuple[np.ndarray, np.ndarray]:
        """(atom of each element (E,) int32, member (A, N) bool), of the last topology asked for."""
        if key not in self._atoms:
            count = len(self._ids[key])
            lengths = [len(s) for s in self._elements[key]]
            rows = np.concatenate(self._elements[key]) if count else np.zeros(0, np.int32)
            columns = np.repeat(np.arange(count), lengths)
            dense = np.zeros((self._element_counts[key], count), bool)
            dense[rows, columns] = True
            self._atoms = {key: unique_rows(dense)}
        return self._atoms[key]


def _file_name(key: int | None) -> str:
    return "surface.npz" if key is None else f"surface_{key:04d}.npz"


def element_pixels(element_map: np.ndarray, element_count: int) -> np.ndarray:
    """(E,) int64 pixels each element shows in one image."""
    return np.bincount(element_map[element_map >= 0], minlength=element_count)


def pixels_in_masks(
    element_map: np.ndarray, masks: MaskSet, element_count: int
) -> sparse.csc_array:
    """(E, N) float32 pixels of each element inside each mask of one image."""
    element = element_map[element_map >= 0]
    ones = np.ones(len(element), np.float32)
    by_atom = sparse.coo_array(
        (ones, (element, masks.atom)), shape=(element_count, len(masks.member))
    ).tocsr()
    return sparse.csc_array(by_atom @ sparse.csr_array(masks.member.astype(np.float32)))
