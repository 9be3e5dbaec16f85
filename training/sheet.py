# SPDX-License-Identifier: GPL-3.0-or-later
"""A contact sheet of augmented views with their targets, to be looked at before training."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.errors import InputError
from core.parsing.sight.preparation import STRIDE

from .augment import WAYS_STRIDE, Augmentation, Sample, augmented
from .bank import NO_LABEL
from .offsets import UNIT
from .shards import load_shard

_COLORS = np.random.default_rng(7).integers(40, 256, (256, 3)).astype(np.uint8)
_COLORS[NO_LABEL] = 0


def save_sheet(views: Path, out: Path, count: int, seed: int) -> None:
    """`count` samples, each with colour, normals, surfaces, zones, borders and bones side by side.

    Raises InputError when there are no views.
    """
    paths = sorted(views.rglob("*.npz"))
    if not paths:
        raise InputError(f"{views} holds no views", "Render some first")
    rng = np.random.default_rng(seed)
    strips: list[np.ndarray] = []
    while len(strips) < count:
        shard = load_shard(paths[rng.integers(len(paths))])
        if not shard.views:
            continue
        view = shard.views[int(rng.integers(len(shard.views)))]
        strips.append(strip(augmented(view, Augmentation(), rng)[0]))
    columns = max(1, round(len(strips) ** 0.5 * 0.6))
    blank = np.zeros_like(strips[0])
    strips += [blank] * (-len(strips) % columns)
    rows = [np.hstack(strips[i : i + columns]) for i in range(0, len(strips), columns)]
    cv2.imwrite(str(out), np.vstack(rows)[..., ::-1])


def strip(sample: Sample) -> np.ndarray:
    """(h, 6 w, 3) uint8 RGB."""
    image = np.moveaxis(sample.image, 0, 2)[::2, ::2]
    inside = image[..., 6:] > 0
    color = (np.clip(image[..., :3] + 0.5, 0, 1) * 255 * inside).astype(np.uint8)
    normal = ((image[..., 3:6] * 0.5 + 0.5) * 255 * inside).astype(np.uint8)
    border = np.repeat(((sample.boundary == 1) * np.uint8(255))[..., None], 3, 2)
    return np.hstack(
        [color, normal, _COLORS[sample.surface], _COLORS[sample.zone], border, _bones(sample)]
    )


def _bones(sample: Sample) -> np.ndarray:
    """(h, w, 3) uint8: a line between the ends of the bone that pixels name, here and there."""
    picture = np.zeros((*sample.surface.shape, 3), np.uint8)
    picture[sample.surface != NO_LABEL] = 60
    step = WAYS_STRIDE / STRIDE
    for row, column in np.argwhere(np.isfinite(sample.ways[0]))[::17]:
        here = (np.array([column, row]) + 0.5) * step
        way = sample.ways[:, row, column] * UNIT / STRIDE
        ends = [np.rint(here + way[k : k + 2]).astype(int).tolist() for k in (0, 3)]
        cv2.line(
            picture,
            ends[0],
            ends[1],
            _COLORS[sample.zone[int(row * step), int(column * step)]].tolist(),
        )
        cv2.circle(picture, ends[0], 1, (255, 255, 255), -1)
    return picture
