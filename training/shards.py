# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered figures as files: one .npz for each figure, with all its views.

A view is kept raw, cropped to the silhouette: albedo, normals and part maps. Light, colours and
backgrounds are made when training, anew each time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import JobError
from core.job.arrays import ArrayReader, load_arrays, save_arrays

from .bank import NO_LABEL, REGIONS, SURFACES

MAPS = ("albedo", "normal", "surface", "region", "piece")


@dataclass(frozen=True)
class View:
    """One camera's look at a figure, cropped to the silhouette."""

    albedo: np.ndarray  # (h, w, 3) uint8 sRGB, 0 outside
    normal: np.ndarray  # (h, w, 3) int8, camera axes (right, down, forward), times 127
    surface: np.ndarray  # (h, w) uint8 into bank.SURFACES or NO_LABEL
    region: np.ndarray  # (h, w) uint8 into bank.REGIONS or NO_LABEL
    piece: np.ndarray  # (h, w) uint8, 0 = background, 1 = body, ...: what is recoloured as one
    near: bool = False  # shows the head and what is around it, not the whole figure

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
    views: tuple[View, ...]


def save_shard(path: Path, shard: Shard) -> None:
    """Writes atomically. Raises JobError when the disk is full."""
    about = {
        "name": shard.name,
        "family": shard.family,
        "person": shard.person,
        "garments": list(shard.garments),
        "surfaces": list(SURFACES),
        "regions": list(REGIONS),
        "near": [bool(view.near) for view in shard.views],
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), np.uint8)}
    for index, view in enumerate(shard.views):
        arrays |= {f"{name}_{index:03d}": getattr(view, name) for name in MAPS}
    save_arrays(path, arrays)


def load_shard(path: Path) -> Shard:
    """Labels follow this version's bank by name. Raises JobError for a damaged file."""
    arrays = load_arrays(path)
    about = json.loads(arrays["about"].tobytes())
    surface = _translation(about["surfaces"], SURFACES)
    region = _translation(about["regions"], REGIONS)
    views = []
    for index in range((len(arrays) - 1) // len(MAPS)):
        maps = {name: arrays[f"{name}_{index:03d}"] for name in MAPS}
        maps["surface"], maps["region"] = surface[maps["surface"]], region[maps["region"]]
        views.append(View(**maps, near=about["near"][index]))
    return Shard(
        about["name"], about["family"], about["person"], tuple(about["garments"]), tuple(views)
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
