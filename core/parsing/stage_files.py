# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parsing stages leave for one another in the job folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from ..files.reading import damaged
from ..job.arrays import (
    ArrayReader,
    check_range,
    check_shape,
    load_arrays,
    making_sense,
    save_arrays,
)
from .images import Images
from .incidence import Incidence
from .masks import MOST_MASKLETS, MaskSet


def save_proposals(folder: Path, proposals: dict[tuple[int, int], MaskSet]) -> None:
    """One file for each key image."""
    for number, ((frame, view), masks) in enumerate(proposals.items()):
        arrays = {
            "image": np.array([frame, view], np.int64),
            "atom": masks.atom,
            "member": masks.member,
        }
        save_arrays(folder / f"key_{number:04d}.npz", arrays)


def load_proposals(folder: Path, images: Images) -> dict[tuple[int, int], MaskSet]:
    """Those of the key images among `images`. Raises JobError when a file is damaged."""
    proposals = {}
    for path in sorted(folder.glob("key_*.npz")):
        arrays = load_arrays(path)
        with making_sense(path):
            frame, view = (int(i) for i in arrays["image"])
            if frame not in images.frames or not 0 <= view < images.view_count:
                raise ValueError("no image of the capture")
            masks = MaskSet.whole(arrays["member"], arrays["atom"])
        if len(masks.atom) != (images.element_map(frame, view) >= 0).sum():
            raise damaged(path)
        proposals[frame, view] = masks
    return proposals


@dataclass(frozen=True)
class FrameMasks:
    """The L masks of one frame, over all its views."""

    masklet: np.ndarray  # (L,) int32
    incidence: Incidence  # M of the frame


class FrameMasksBuilder:
    """Gathers the masks of a frame view by view."""

    def __init__(self, element_count: int) -> None:
        self._element_count = element_count
        self._pixels: list[sparse.csr_array] = []  # per view, (E, A) pixel counts
        self._member: list[sparse.csr_array] = []  # per view, (A, N)
        self._masklet: list[np.ndarray] = []

    def add(self, element_map: np.ndarray, masks: MaskSet) -> None:
        element = element_map[element_map >= 0]
        shape = (self._element_count, len(masks.member))
        ones = np.ones(len(element), np.float32)
        self._pixels.append(sparse.coo_array((ones, (element, masks.atom)), shape=shape).tocsr())
        self._member.append(sparse.csr_array(masks.member.astype(np.float32)))
        self._masklet.append(masks.masklet)

    def build(self) -> FrameMasks:
        """All masks added so far; at least one view must have been."""
        pixels = sparse.hstack(self._pixels, format="csr")
        member = sparse.block_diag(self._member, format="csr")
        incidence = Incidence(sparse.csr_array(pixels), sparse.csr_array(member))
        return FrameMasks(np.concatenate(self._masklet), incidence)


def save_frame_masks(folder: Path, frame: int, masks: FrameMasks) -> None:
    """Pixel counts and indices are mostly small; narrow types are read in half the time."""
    arrays = {"masklet": masks.masklet}
    for name, matrix in (("pixels", masks.incidence.pixels), ("member", masks.incidence.member)):
        arrays[f"{name}_data"] = _narrow(matrix.data)
        arrays[f"{name}_indices"] = _narrow(matrix.indices)
        arrays[f"{name}_indptr"] = matrix.indptr.astype(np.int32)
        arrays[f"{name}_shape"] = np.array(matrix.shape, np.int64)
    save_arrays(folder / f"masks_{frame:04d}.npz", arrays)


def load_frame_masks(folder: Path, frame: int, elements: int) -> FrameMasks:
    """The masks of a frame with so many elements.

    Raises JobError when the file is missing or damaged.
    """
    path = folder / f"masks_{frame:04d}.npz"
    arrays = load_arrays(path)
    with making_sense(path):
        pixels, member = (_sparse(arrays, name) for name in ("pixels", "member"))
        masklet = check_shape(arrays["masklet"], (member.shape[1],), "i")
        check_range(masklet, 0, MOST_MASKLETS)
        if pixels.shape != (elements, member.shape[0]):
            raise ValueError("pixels of other elements or atoms")
    return FrameMasks(masklet, Incidence(pixels, member))


def _sparse(arrays: Mapping[str, np.ndarray], name: str) -> sparse.csr_array:
    """Raises ValueError for indices that would lead scipy out of its arrays."""
    rows, columns = (int(n) for n in check_shape(arrays[f"{name}_shape"], (2,), "i"))
    indices = check_range(check_shape(arrays[f"{name}_indices"], (None,), "iu"), 0, columns)
    indptr = check_range(check_shape(arrays[f"{name}_indptr"], (rows + 1,), "i"), 0, 2**31)
    data = check_shape(arrays[f"{name}_data"], indices.shape, "iuf")
    if indptr[0] != 0 or indptr[-1] != len(indices) or (np.diff(indptr) < 0).any():
        raise ValueError("rows that do not follow one another")
    values = (data.astype(np.float32), indices.astype(np.int32), indptr)
    return sparse.csr_array(values, shape=(rows, columns))


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers >= 0 in the smallest unsigned type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def save_embeddings(folder: Path, frame: int, embeddings: np.ndarray) -> None:
    """`embeddings` (L, D) float32 unit rows of the frame's masks, after memory attention."""
    path = folder / f"embedding_{frame:04d}.npz"
    save_arrays(path, {"embedding": embeddings}, level=0)  # noise: packing costs more than it saves


def load_embeddings(folder: Path, frame: int, shape: tuple[int, int]) -> np.ndarray:
    """(L, D) float32 of this shape. Raises JobError when the file is missing or damaged."""
    with ArrayReader(folder / f"embedding_{frame:04d}.npz") as reader:
        return reader.read("embedding", "float32", shape)


def save_nearest(folder: Path, nearest: dict[int, np.ndarray]) -> None:
    """For each topology, named by its first frame, the (E,) seen element nearest to each."""
    save_arrays(folder / "nearest.npz", {f"{frame}": array for frame, array in nearest.items()})


def load_nearest(folder: Path, frame: int, elements: int) -> np.ndarray:
    """(E,) int32 of the topology named `frame`. Raises JobError when the file is damaged."""
    with ArrayReader(folder / "nearest.npz") as reader:
        nearest = reader.read(f"{frame}", "", (elements,))
        with making_sense(reader.path):
            return check_range(nearest, -1, elements)
