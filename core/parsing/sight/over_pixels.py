# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums over the pixels of many views, element by element."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from ...job.boxes import Box
from ...job.capture_files import ViewImage
from .network import Sighting
from .sightings import Sightings

_MOST_WAITING = 500_000  # pixels; a view has 20 000 to 100 000


class ElementSums:
    """What was seen of each of E elements so far: E x (L + R + 1) float32 in memory.

    A few views are gathered and added together: going through all elements costs more than the
    view does.
    """

    def __init__(self, element_count: int, surfaces: int, regions: int) -> None:
        self._split = (surfaces, surfaces + regions)
        self._sum = np.zeros((element_count, surfaces + regions + 1), np.float32)
        self._weight = np.zeros(element_count, np.float32)
        self._pixels = np.zeros(element_count, np.int64)
        self._colors = np.zeros((3, element_count), np.float32)
        self._element: list[np.ndarray] = []  # per view, (P,) what each pixel shows
        self._color: list[np.ndarray] = []  # per view, (P, 3) uint8
        self._counted: list[np.ndarray] = []  # per view, (P,) how much its answer counts
        self._row: list[np.ndarray] = []  # per view, (P,) the row of its answer among all waiting
        self._answer: list[np.ndarray] = []  # per view, (C, L + R + 1)

    def add(
        self,
        image: ViewImage,
        sighting: Sighting,
        part: Box | None = None,
        weight: float = 1.0,
    ) -> None:
        """One view, or the box `part` of it, each pixel of which counts `weight`.

        Without `part`, all that the sighting shows.
        """
        top, left, bottom, right = part or sighting.placement.box
        rows, columns = np.nonzero(image.element[top:bottom, left:right] >= 0)
        rows, columns = rows + top, columns + left
        cells, row = _compact(sighting.cells(rows, columns), sighting.boundary.size)
        answers = (sighting.surface, sighting.region, sighting.boundary[..., None])
        each = [a.reshape(-1, a.shape[-1])[cells] for a in answers]
        self._row.append(row + sum(map(len, self._answer)))
        self._answer.append(np.concatenate(each, axis=1))
        self._element.append(image.element[rows, columns])
        self._color.append(image.color[rows, columns])
        self._counted.append(np.full(len(rows), weight, np.float32))
        if sum(map(len, self._element)) > _MOST_WAITING:
            self._add_waiting()

    def sightings(self, surfaces: tuple[str, ...], regions: tuple[str, ...]) -> Sightings:
        """The means."""
        self._add_waiting()
        weight = np.where(self._weight > 0, self._weight, 1)
        mean = self._sum / weight[:, None]
        surface, region, boundary = np.split(mean, self._split, axis=1)
        return Sightings(
            surface=surface.astype(np.float16),
            region=region.astype(np.float16),
            boundary=boundary[:, 0].astype(np.float16),
            pixels=np.minimum(self._pixels, np.iinfo(np.int32).max).astype(np.int32),
            color=np.rint(self._colors / weight).astype(np.uint8).T,
            surfaces=surfaces,
            regions=regions,
        )

    def _add_waiting(self) -> None:
        if not self._element:
            return
        element, row = np.concatenate(self._element), np.concatenate(self._row)
        answer = np.concatenate(self._answer)
        shape = (len(self._pixels), len(answer))
        counted = np.concatenate(self._counted)
        self._sum += sparse.coo_array((counted, (element, row)), shape=shape).tocsr() @ answer
        for channel, colors in zip(self._colors, np.concatenate(self._color).T, strict=True):
            channel += np.bincount(element, counted * colors, minlength=len(channel))
        self._weight += np.bincount(element, counted, minlength=len(self._pixels))
        self._pixels += np.bincount(element, minlength=len(self._pixels))
        for waiting in (self._element, self._color, self._counted, self._row, self._answer):
            waiting.clear()


def _compact(number: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers below `count` that occur, in order, and the place of each of `number` in them."""
    occurs = np.zeros(count, bool)
    occurs[number] = True
    found = np.flatnonzero(occurs)
    place = np.zeros(count, np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return found, place[number]
