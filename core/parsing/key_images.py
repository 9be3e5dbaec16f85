# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images are given to the proposer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..job.choices import choose
from ..job.spec import ParsingSettings
from .images import Images

CANDIDATES = 24  # frames looked at; neighbours in time show nearly the same


def key_images(images: Images, settings: ParsingSettings) -> list[tuple[int, int]]:
    """The (frame, view) of every key image, frame by frame."""
    if images.constant_topology:
        frames = key_frames(images, settings.key_frames)
    elif any(row.follows_pixels for row in choose(settings, ("tracker",))):
        frames = evenly_spaced(images.frames, settings.key_frames)
    else:
        frames = images.frames  # elements of one topology say nothing of another
    views = range(min(images.view_count, settings.key_views or images.view_count))
    return [(frame, view) for frame in frames for view in views]


def evenly_spaced(frames: Sequence[int], count: int) -> tuple[int, ...]:
    """`count` of the frames, or all of fewer, the first among them."""
    count = min(count, len(frames))
    return tuple(frames[i * len(frames) // count] for i in range(count))


def key_frames(images: Images, count: int) -> tuple[int, ...]:
    """The first frame and, greedily, those that show the most surface not seen in the ones before.

    For constant topology. Stops early when no candidate shows anything new.
    """
    step = max(1, -(-len(images.frames) // CANDIDATES))
    candidates = list(images.frames[::step])
    if count <= 1 or len(candidates) == 1:
        return images.frames[:1]
    visible = {frame: _visible(images, frame) for frame in candidates}
    chosen = [candidates[0]]
    seen = visible[candidates[0]]
    while len(chosen) < count:
        gain = {f: int((visible[f] & ~seen).sum()) for f in candidates if f not in chosen}
        best = max(gain, key=lambda f: (gain[f], -f), default=None)
        if best is None or not gain[best]:
            break
        chosen.append(best)
        seen |= visible[best]
    return tuple(sorted(chosen))


def _visible(images: Images, frame: int) -> np.ndarray:
    """(E,) bool, elements that any view of the frame shows."""
    seen = np.zeros(images.manifest.element_count, bool)
    for view in range(images.view_count):
        element_map = images.element_map(frame, view)
        seen[element_map[element_map >= 0]] = True
    return seen
