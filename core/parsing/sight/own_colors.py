# SPDX-License-Identifier: GPL-3.0-or-later
"""Re-weights uncertain elements with per-character colour histograms.

The vision model knows people in general. Of this one it has seen more: a trouser leg that points
upwards has the colours of the one that does not. Every group of surfaces has a histogram of its
colours over all elements and frames, and an element's answer is weighed by how its own colour is
shared out among them: the colour models of GrabCut (Rother, Kolmogorov and Blake, 2004), as
histograms. Groups and not surfaces, so that a picture on a shirt becomes no other garment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from scipy import ndimage

from .groups import group_members
from .sightings import Sightings, load_sightings, save_sightings

ROUNDS = 3  # of learning; each from what the one before has settled
_BINS = 32  # along each axis of Lab
_LOW, _HIGH = (0.0, -64.0, -64.0), (100.0, 64.0, 64.0)
_BLUR = 1.0  # bins: a standard deviation
_SURE = 2.0  # power of a share by which it teaches
_LEAST = 1e-3  # share of a colour that every group keeps


@dataclass(frozen=True)
class Appearance:
    """The colours of each group of surfaces of one character."""

    surfaces: tuple[str, ...]
    shares: np.ndarray  # (colours, G) float32: how much of a colour, were all groups equally large

    @classmethod
    def learnt(cls, surfaces: tuple[str, ...], seen: Iterable[Sightings]) -> Appearance:
        """From what was seen, by its pixels and by how sure it is."""
        members = group_members(surfaces)  # (L, G)
        mass = np.zeros((members.shape[1], _BINS**3))  # pixels
        for sightings in seen:
            share = (sightings.surface.astype(np.float32) @ members) ** _SURE  # (E, G)
            total = share.sum(axis=1, keepdims=True)
            share *= sightings.pixels[:, None] / np.where(total > 0, total, 1)
            cells = _cells(sightings.color)
            for group, weight in enumerate(share.T):
                mass[group] += np.bincount(cells, weight, _BINS**3)
        cube = mass.reshape(-1, _BINS, _BINS, _BINS)
        density = ndimage.gaussian_filter(cube, (0, _BLUR, _BLUR, _BLUR)).reshape(mass.shape)
        density /= np.maximum(density.sum(axis=1, keepdims=True), 1e-9)
        whole = density.sum(axis=0)
        shares = density / np.where(whole > 0, whole, 1) + _LEAST
        return cls(surfaces, shares.T.astype(np.float32))

    def settle_doubtful(self, sightings: Sightings) -> Sightings:
        """With every answer weighed by the element's colour. Rows keep their sums."""
        surface = sightings.surface.astype(np.float32)
        weighed = surface * (self.shares[_cells(sightings.color)] @ group_members(self.surfaces).T)
        total = weighed.sum(axis=1, keepdims=True)
        weighed *= surface.sum(axis=1, keepdims=True) / np.where(total > 0, total, 1)
        return replace(sightings, surface=weighed.astype(np.float16))


def settle_by_colors(
    folder: Path, frames: Sequence[int | None], before_each: Callable[[], None]
) -> None:
    """Sightings in `folder` are replaced by settled ones; the frame None is that of all frames.

    Frames are read once in every round, one at a time; `before_each` may raise to end that.
    Raises JobError as reading and writing do.
    """

    def seen() -> Iterator[Sightings]:
        for frame in frames:
            before_each()
            yield load_sightings(folder, frame)

    surfaces = next(seen()).surfaces
    appearance = Appearance.learnt(surfaces, seen())
    for _ in range(ROUNDS - 1):
        appearance = Appearance.learnt(surfaces, map(appearance.settle_doubtful, seen()))
    for frame, sightings in zip(frames, seen(), strict=True):
        save_sightings(folder, appearance.settle_doubtful(sightings), frame)


def _cells(color: np.ndarray) -> np.ndarray:
    """(E,) intp, the cell of Lab in which each colour (E, 3) uint8 sRGB lies."""
    if not len(color):
        return np.zeros(0, np.intp)
    lab = cv2.cvtColor(color[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    low, high = np.array(_LOW, np.float32), np.array(_HIGH, np.float32)
    cell = np.clip(((lab - low) / (high - low) * _BINS).astype(np.intp), 0, _BINS - 1)
    return np.ravel_multi_index(tuple(cell.T), (_BINS, _BINS, _BINS))
