# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vision model saw of every element, pooled over all pixels that show it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...job.arrays import ArrayReader, check_shape, making_sense, save_arrays

_ARRAYS = ("surface", "region", "boundary", "pixels", "color")
_ALL_FRAMES = "elements.npz"  # constant topology: one answer for the whole sequence


@dataclass(frozen=True)
class Sightings:
    """Per element (E of them) the means over its pixels; 0 where none was looked at."""

    surface: np.ndarray  # (E, L) float16, probability of each surface
    region: np.ndarray  # (E, R) float16, probability of each body region
    boundary: np.ndarray  # (E,) float16, probability of a border between parts
    pixels: np.ndarray  # (E,) int32, how many pixels showed it
    color: np.ndarray  # (E, 3) uint8 sRGB
    surfaces: tuple[str, ...]  # L names
    regions: tuple[str, ...]  # R names, the last "none"

    @property
    def count(self) -> int:
        """E."""
        return len(self.pixels)


def save_sightings(folder: Path, sightings: Sightings, frame: int | None = None) -> None:
    """`frame` is None where all frames have the same elements. Raises JobError."""
    arrays: dict[str, np.ndarray] = {
        "surface": sightings.surface.astype(np.float16),
        "region": sightings.region.astype(np.float16),
        "boundary": sightings.boundary.astype(np.float16),
        "pixels": sightings.pixels.astype(np.int32),
        "color": sightings.color,
        "surfaces": np.array(sightings.surfaces, np.str_),
        "regions": np.array(sightings.regions, np.str_),
    }
    save_arrays(folder / (_ALL_FRAMES if frame is None else _frame_name(frame)), arrays)


def has_sightings(folder: Path) -> bool:
    """Whether the model has looked at anything here."""
    return (folder / _ALL_FRAMES).exists() or any(folder.glob("frame_*.npz"))


def load_sightings(folder: Path, frame: int | None, elements: int | None = None) -> Sightings:
    """What holds in `frame`, of so many elements; None where all frames have the same elements.

    Raises JobError when the file is missing or damaged.
    """
    together = folder / _ALL_FRAMES
    path = together if frame is None or together.exists() else folder / _frame_name(frame)
    with ArrayReader(path) as reader:
        arrays = {name: reader[name] for name in _ARRAYS}
        surfaces, regions = (
            tuple(map(str, reader.read(name, shape=(None,)))) for name in ("surfaces", "regions")
        )
    found = Sightings(**arrays, surfaces=surfaces, regions=regions)
    with making_sense(path):
        _check(found, found.count if elements is None else elements)
    return found


def _check(found: Sightings, count: int) -> None:
    """Raises ValueError unless everything is there for every one of `count` elements."""
    check_shape(found.pixels, (count,), "i")
    check_shape(found.surface, (count, len(found.surfaces)), "f")
    check_shape(found.region, (count, len(found.regions)), "f")
    check_shape(found.boundary, (count,), "f")
    check_shape(found.color, (count, 3), "u")


def _frame_name(frame: int) -> str:
    return f"frame_{frame:04d}.npz"
