# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parsing stages leave for one another in the job folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from ..job.arrays import ArrayReader, load_arrays, save_arrays
from .incidence import Incidence
from .masks import MaskSet


def save_proposals(folder: Path, proposals: dict[tuple[int, int], MaskSet]) -> None:
    """One file for each key image."""
    for number, ((frame, view), masks) in enumerate(proposals.items()):
        arrays = {
            "image": np.array([frame, view], np.int64),
            "atom": masks.atom,
            "member": masks.member,
        }
        save_arrays(folder / f"key_{number:04d}.npz", arrays)


def load_proposals(folder: Path) -> dict[tuple[int, int], MaskSet]:
    """Raises JobError when a file is damaged."""
    proposals = {}
    for path in sorted(folder.glob("key_*.npz")):
        arrays = load_arrays(path)
        frame, view = (int(i) for i in arrays["image"])
        member = arrays["member"]
        masklet = np.arange(member.shape[1], dtype=np.int32)
        proposals[frame, view] = MaskSet(masklet, arrays["atom"], member)
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


def load_frame_masks(folder: Path, frame: int) -> FrameMasks:
    """Raises JobError when the file is missing or damaged."""
    arrays = load_arrays(folder / f"masks_{frame:04d}.npz")
    pixels, member = (
        sparse.csr_array(
            (
                arrays[f"{name}_data"].astype(np.float32),
                arrays[f"{name}_indices"].astype(np.int32),
                arrays[f"{name}_indptr"],
            ),
            shape=tuple(arrays[f"{name}_shape"]),
        )
        for name in ("pixels", "member")
    )
    return FrameMasks(arrays["masklet"], Incidence(pixels, member))


def _narrow(values: np.ndarray) -> np.ndarray:
    """Whole numbers >= 0 in the smallest unsigned type that holds them."""
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))


def save_embeddings(folder: Path, frame: int, embeddings: np.ndarray) -> None:
    """`embeddings` (L, D) float32 unit rows of the frame's masks, after memory attention."""
    path = folder / f"embedding_{frame:04d}.npz"
    save_arrays(path, {"embedding": embeddings}, level=0)  # noise: packing costs more than it saves


def load_embeddings(folder: Path, frame: int) -> np.ndarray:
    """(L, D) float32. Raises JobError when the file is missing or damaged."""
    return load_arrays(folder / f"embedding_{frame:04d}.npz")["embedding"]


def save_nearest(folder: Path, nearest: dict[int, np.ndarray]) -> None:
    """For each topology, named by its first frame, the (E,) seen element nearest to each."""
    save_arrays(folder / "nearest.npz", {f"{frame}": array for frame, array in nearest.items()})


def load_nearest(folder: Path, frame: int) -> np.ndarray:
    """(E,) int32 of the topology named `frame`. Raises JobError when the file is damaged."""
    with ArrayReader(folder / "nearest.npz") as reader:
        return reader[f"{frame}"]
