# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered figures as files: one .npz for each figure, with all its views.

A view is kept raw, cropped to the silhouette: albedo, normals, depth and part maps, and the ends
of all bones. Light, colours and backgrounds are made when training, anew each time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np

from core.errors import JobError
from core.job.arrays import ArrayReader, save_arrays

from .bank import NO_LABEL, SURFACES, ZONES
from .zones import region_of

MAPS = ("albedo", "normal", "surface", "zone", "segment", "piece", "depth")


@dataclass(frozen=True)
class View:
    """One camera's look at a figure, cropped to the silhouette."""

    albedo: np.ndarray  # (h, w, 3) uint8 sRGB, 0 outside
    normal: np.ndarray  # (h, w, 3) int8, camera axes (right, down, forward), times 127
    surface: np.ndarray  # (h, w) uint8 into bank.SURFACES or NO_LABEL
    zone: np.ndarray  # (h, w) uint8 into bank.ZONES or NO_LABEL
    segment: np.ndarray  # (h, w) uint8 into figure.SEGMENTS or NO_SEGMENT: whose bone it has
    piece: np.ndarray  # (h, w) uint8, 0 = background, 1 = body, ...: what is recoloured as one
    depth: np.ndarray  # (h, w) int16 in offsets.DEPTH_STEP pixels behind the plane of `center`
    bones: np.ndarray  # (16, 2, 3) float32 pixels, camera axes, from `center`: ends of SEGMENTS
    center: tuple[float, float]  # (x, y) pixels in this picture where the camera's axis meets it
    focal: float = 0.0  # pixels from the camera to the plane of `center`; 0 is orthographic
    near: bool = False  # shows a head or hand and what is around it, not the whole figure

    @property
    def region(self) -> np.ndarray:
        """(h, w) uint8 into bank.REGIONS or NO_LABEL."""
        return region_of(self.zone)

    @property
    def silhouette(self) -> np.ndarray:
        """(h, w) bool."""
        return self.piece > 0


@dataclass(frozen=True)
class Shard:
    """All views of one figure."""

    name: str
    family: str
    person: str
    garments: tuple[str, ...]
    views: Sequence[View]


class StoredViews(Sequence[View]):
    """The views of a shard, read from its file whenever they are asked for."""

    def __init__(self, path: Path, about: Mapping[str, Any]) -> None:
        self._path, self._about = path, about
        self._surface = _translation(about["surfaces"], SURFACES)
        self._zone = _translation(about["zones"], ZONES)

    def __len__(self) -> int:
        return len(self._about["near"])

    @overload
    def __getitem__(self, index: int) -> View: ...
    @overload
    def __getitem__(self, index: slice) -> list[View]: ...
    def __getitem__(self, index: int | slice) -> View | list[View]:
        """Raises JobError for a damaged file, IndexError as sequences do."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        with ArrayReader(self._path) as reader:
            maps = {name: reader[f"{name}_{index:03d}"] for name in (*MAPS, "bones")}
        maps["surface"], maps["zone"] = self._surface[maps["surface"]], self._zone[maps["zone"]]
        x, y, focal = self._about["lens"][index]
        return View(**maps, center=(x, y), focal=focal, near=self._about["near"][index])


def save_shard(path: Path, shard: Shard) -> None:
    """Writes atomically. Raises JobError when the disk is full."""
    about = {
        "name": shard.name,
        "family": shard.family,
        "person": shard.person,
        "garments": list(shard.garments),
        "surfaces": list(SURFACES),
        "zones": list(ZONES),
        "near": [bool(view.near) for view in shard.views],
        "lens": [[*map(float, view.center), float(view.focal)] for view in shard.views],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for index, view in enumerate(shard.views):
        arrays |= {f"{name}_{index:03d}": getattr(view, name) for name in (*MAPS, "bones")}
    save_arrays(path, arrays)


def load_shard(path: Path) -> Shard:
    """What a file holds; labels follow this version's bank by name, views are read when used.

    Raises JobError for a damaged file, and for one of an earlier version.
    """
    with ArrayReader(path) as reader:
        about = json.loads(reader["about"].tobytes())
    if "zones" not in about:
        raise JobError(f"{path} was made by an earlier version", "Render it anew")
    return Shard(
        about["name"],
        about["family"],
        about["person"],
        tuple(about["garments"]),
        StoredViews(path, about),
    )


def is_whole(path: Path) -> bool:
    """Whether a shard is there; shards are written atomically, so one that opens is whole."""
    try:
        with ArrayReader(path) as reader:
            return "about" in reader.names()
    except JobError:
        return False


def _translation(written: Sequence[str], ours: Sequence[str]) -> np.ndarray:
    """(256,) uint8 from the indices of a file to today's; names that are gone have no label."""
    table = np.full(256, NO_LABEL, np.uint8)
    for index, name in enumerate(written):
        if name in ours:
            table[index] = ours.index(name)
    return table
