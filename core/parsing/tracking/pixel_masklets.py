# SPDX-License-Identifier: GPL-3.0-or-later
"""Masklets as masks in every image: what a tracker of pixels gives."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ...files.reading import damaged
from ...job.arrays import load_arrays, making_sense, save_arrays
from ..masks import MOST_MASKLETS, MaskSet, stack

ImageKey = tuple[int, int]  # (frame, view)
_MASK_ARRAYS = ("masklet", "atom", "member")  # of one image in a file


class Journey(Protocol):
    """Follows masks from the image they begin in through the images after it."""

    def reach(self, key: ImageKey) -> list[tuple[ImageKey, MaskSet]]:
        """Go on to an image, if it lies ahead.

        Returns the images passed, the last included, in which something was found, with the masks
        of all that began in images before.
        """
        ...

    def begin(self, key: ImageKey, masks: MaskSet) -> None:
        """Follow these masks of the image reached last from here on.

        Raises ValueError for another image.
        """
        ...


@dataclass(frozen=True)
class PackedMasks:
    """A `MaskSet` in a few kilobytes: neighbouring pixels mostly lie in the same atom."""

    masklet: np.ndarray  # (N,) int32
    shape: tuple[int, int]  # (A, N) of the membership
    member: bytes  # its bits
    narrow: np.dtype  # unsigned, of the atoms as they were compressed
    atom: bytes

    @classmethod
    def of(cls, masks: MaskSet) -> PackedMasks:
        atom = narrow(masks.atom, len(masks.member))
        member = np.packbits(masks.member).tobytes()
        shape = (len(masks.member), masks.count)
        return cls(masks.masklet, shape, member, atom.dtype, zlib.compress(atom.tobytes(), 1))

    def unpacked(self) -> MaskSet:
        atom = np.frombuffer(zlib.decompress(self.atom), self.narrow).astype(np.int32)
        atoms, masks = self.shape
        bits = np.unpackbits(np.frombuffer(self.member, np.uint8), count=atoms * masks)
        return MaskSet(self.masklet, atom, bits.reshape(self.shape).astype(bool))


class ImageMasklets:
    """The mask of each masklet in each image. Implements `Masklets`.

    Masklets that `extend` adds are followed by `journey` as images are asked for in their order;
    until then it has nothing to do.
    """

    def __init__(self, frames: Sequence[int], view_count: int, journey: Journey) -> None:
        self._frames = tuple(frames)
        self._view_count = view_count
        self._journey = journey
        self._folder = Path()  # that the masks were restored from
        self._packed: dict[ImageKey, PackedMasks] = {}
        self.count = 0

    def add(self, key: ImageKey, masks: MaskSet) -> None:
        """Masks in an image of masklets that have none there yet."""
        if not masks.count:
            return
        if key in self._packed:
            masks = joined(self._packed[key].unpacked(), masks)
        self._packed[key] = PackedMasks.of(masks)
        self.count = max(self.count, int(masks.masklet.max()) + 1)

    def at(self, key: ImageKey, pixels: int) -> MaskSet:
        """The masks of an image whose silhouette has so many pixels.

        Raises JobError where masks from a file have other pixels.
        """
        if key in self._packed:
            masks = self._packed[key].unpacked()
            if len(masks.atom) != pixels:
                raise damaged(self._folder / _file_name(key[0]))
            return masks
        return MaskSet.from_pixels(np.zeros((0, pixels), bool))

    def masks(self, frame: int, view: int, element_map: np.ndarray) -> MaskSet:
        self._catch_up((frame, view))
        return self.at((frame, view), int((element_map >= 0).sum()))

    def extend(
        self, frame: int, view: int, element_map: np.ndarray, components: list[np.ndarray]
    ) -> int:
        self._catch_up((frame, view))
        silhouette = element_map >= 0
        visible = [pixels for c in components if (pixels := c[silhouette]).any()]
        if not visible:
            return 0
        new = numbered(MaskSet.from_pixels(np.array(visible)), self.count)
        self.add((frame, view), new)
        self._journey.begin((frame, view), new)
        return new.count

    def save(self, folder: Path) -> list[Path]:
        paths = []
        for frame in self._frames:
            arrays = {"masklet_count": np.array(self.count, np.int64)}
            for view in range(self._view_count):
                if (frame, view) in self._packed:
                    masks = self._packed[frame, view].unpacked()
                    atom = narrow(masks.atom, len(masks.member))
                    for name, array in zip(
                        _MASK_ARRAYS, (masks.masklet, atom, masks.member), strict=True
                    ):
                        arrays[f"{name}_{view:02d}"] = array
            path = folder / _file_name(frame)
            save_arrays(path, arrays)
            paths.append(path)
        return paths

    def restore(self, folder: Path) -> None:
        """Take in what `save` wrote. Raises JobError when a file is missing or damaged."""
        self._folder = folder
        for frame in self._frames:
            path = folder / _file_name(frame)
            arrays = load_arrays(path)
            with making_sense(path):
                for view in range(self._view_count):
                    if f"masklet_{view:02d}" in arrays:
                        masklet, atom, member = (arrays[f"{a}_{view:02d}"] for a in _MASK_ARRAYS)
                        self.add((frame, view), MaskSet.whole(member, atom, masklet))
                count = int(arrays["masklet_count"])
                if not self.count <= count <= MOST_MASKLETS:
                    raise ValueError("another number of masklets")
                self.count = count

    def _catch_up(self, key: ImageKey) -> None:
        for passed, masks in self._journey.reach(key):
            self.add(passed, masks)


def numbered(masks: MaskSet, first: int) -> MaskSet:
    """The same masks as masklets `first`, `first` + 1 and so on."""
    return MaskSet(np.arange(first, first + masks.count, dtype=np.int32), masks.atom, masks.member)


def joined(first: MaskSet, second: MaskSet) -> MaskSet:
    """The masks of both, over the same pixels, with the masklets they belong to."""
    both = stack([first, second])
    return MaskSet(np.concatenate([first.masklet, second.masklet]), both.atom, both.member)


def narrow(atom: np.ndarray, count: int) -> np.ndarray:
    """Labels below `count` in the smallest unsigned type that holds them."""
    return atom.astype(np.min_scalar_type(max(count - 1, 0)))


def _file_name(frame: int) -> str:
    return f"masks_{frame:04d}.npz"
