# SPDX-License-Identifier: GPL-3.0-or-later
"""The captured images as the pipeline goes through them (eq. 1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import numpy as np

from ..job.capture_files import CaptureFiles, Facts, Manifest, ViewImage
from ..job.spec import Travel

Item = TypeVar("Item")


class Images:
    """The captured image sequence, one image in memory at a time."""

    def __init__(self, files: CaptureFiles, travel: Travel = "serpentine") -> None:
        self._files = files
        self._travel = travel
        self._facts: tuple[int, Facts] | None = None

    @property
    def manifest(self) -> Manifest:
        return self._files.manifest

    @property
    def frames(self) -> tuple[int, ...]:
        return self.manifest.frames

    @property
    def view_count(self) -> int:
        return len(self.manifest.views)

    @property
    def constant_topology(self) -> bool:
        return self.manifest.topology == "constant"

    def order(self) -> Iterator[tuple[int, int]]:
        """Equation 1: the (frame, view) of all T x V images, as the setting `travel` says."""
        return image_order(self.frames, self.view_count, self._travel)

    def image(self, frame: int, view: int) -> ViewImage:
        return self._files.view(frame, view)

    def element_map(self, frame: int, view: int) -> np.ndarray:
        """(h, w) int32 crop, -1 = background."""
        return self._files.element_map(frame, view)

    def facts(self, frame: int) -> Facts:
        key = self.frames[0] if self.constant_topology else frame
        if self._facts is None or self._facts[0] != key:
            self._facts = (key, self._files.facts(key))
        return self._facts[1]


def image_order(
    frames: Sequence[int], view_count: int, travel: Travel = "serpentine"
) -> Iterator[tuple[int, int]]:
    """Equation 1: the (frame, view) pairs in the order in which masks travel.

    "serpentine" is one journey, frame by frame; every other frame goes round the character the
    other way, so that each step changes either the view or the time and never jumps. Masks cross
    V - 1 changes of view in every frame.

    "orbit_first" goes round the first frame once, then through time in each view by itself. A mask
    crosses V - 1 changes of view in all, which are what turns left into right, but a part that
    comes up later is found in each view separately.
    """
    if travel == "orbit_first":
        yield from ((frames[0], view) for view in range(view_count))
        for view in range(view_count):
            yield from ((frame, view) for frame in frames[1:])
        return
    for position, frame in enumerate(frames):
        views = range(view_count)
        for view in views if position % 2 == 0 else reversed(views):
            yield frame, view


class Progress(Protocol):
    """Yields the items given, reporting each; raises CancelledError between them after Cancel."""

    def __call__(self, items: Sequence[Item]) -> Iterator[Item]: ...
