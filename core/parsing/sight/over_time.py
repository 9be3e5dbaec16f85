# SPDX-License-Identifier: GPL-3.0-or-later
"""What was seen of elements, shared with those nearby in space and time.

Where topology changes, nothing but place connects the elements of one frame with those of the next.
A frame judged alone flickers; the mean over the neighbours within a small distance in the frames
before and after does so less, and is right more often. Doubt is settled so, not what is sure: a
small part would else be outvoted by what surrounds it. Single mistakes that are sure are left to
the masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from ...job.capture_files import Facts
from ..body.nearest import nearest_seen
from .sightings import Sightings

REACH = 3  # frames before and after
DECAY = 0.8  # of the weight, for each frame away
NEIGHBOURS = 4  # elements of each frame that are asked
ALIKE = 6.0  # power of the likeness of two answers by which they count for each other
RADIUS = 0.02  # of the character's height: farther elements are others,
WIDTHS = 1.5  # unless elements are large: so many of their widths
ENOUGH = 8.0  # pixels from which an element's own answer counts fully


@dataclass(frozen=True)
class _Moment:
    """One frame's answers and where they are."""

    tree: cKDTree
    centroid: np.ndarray  # (E, 3) float32 metres
    answers: np.ndarray  # (E, L + R) float32
    root: np.ndarray  # (E, L) float32, square roots of the surfaces' probabilities
    trust: np.ndarray  # (E,) float32 0..1, by the pixels that were seen
    radius: float  # metres
    sightings: Sightings


class PooledInTime:
    """`sightings_of(frame)`, each the mean over near elements of near frames.

    Borders between parts and pixel counts stay those of the frame itself. Frames should be asked in
    order: the last few are kept.
    """

    def __init__(
        self,
        sightings_of: Callable[[int], Sightings],
        facts_of: Callable[[int], Facts],
        frames: Sequence[int],
        reach: int = REACH,
    ) -> None:
        self._sightings_of, self._facts_of = sightings_of, facts_of
        self._frames, self._reach = list(frames), reach
        self._kept: dict[int, _Moment] = {}

    def __call__(self, frame: int) -> Sightings:
        """Raises ValueError for a frame that is not among the frames."""
        at = self._frames.index(frame)
        window = range(max(0, at - self._reach), min(len(self._frames), at + self._reach + 1))
        moments = {i: self._moment(i) for i in window}
        self._kept = moments
        here = moments[at]
        if not here.sightings.count:
            return here.sightings
        total = np.zeros_like(here.answers)
        weight = np.zeros(len(total), np.float32)
        for i, moment in moments.items():
            near = _near(here, moment) * np.float32(DECAY ** abs(i - at))
            total += near @ moment.answers
            weight += np.asarray(near.sum(axis=1)).ravel()
        known = weight > 0
        mean = np.where(known[:, None], total / np.where(known, weight, 1)[:, None], 0)
        surface, region = np.split(mean, [here.sightings.surface.shape[1]], axis=1)
        return replace(here.sightings, surface=surface, region=region)

    def _moment(self, index: int) -> _Moment:
        if index in self._kept:
            return self._kept[index]
        frame = self._frames[index]
        sightings, facts = self._sightings_of(frame), self._facts_of(frame)
        centroid = facts.centroid
        answers = np.concatenate([sightings.surface, sightings.region], axis=1).astype(np.float32)
        trust = np.minimum(sightings.pixels / ENOUGH, 1).astype(np.float32)
        radius = 1e-9
        if facts.count:
            width = np.sqrt(facts.area.mean(dtype=np.float64))
            radius = max(RADIUS * np.ptp(centroid, axis=0).max(), WIDTHS * width, radius)
        root = np.sqrt(answers[:, : sightings.surface.shape[1]])
        return _Moment(cKDTree(centroid), centroid, answers, root, trust, float(radius), sightings)


def on_unlooked(sightings: Sightings, facts: Facts) -> Sightings:
    """Elements that were not looked at take what was seen of the nearest along the surface."""
    looked = sightings.pixels > 0
    if looked.all() or not looked.any():
        return sightings
    source = nearest_seen(facts, looked)
    return replace(sightings, surface=sightings.surface[source], region=sightings.region[source])


def _near(here: _Moment, other: _Moment) -> sparse.csr_array:
    """(E, E') float32 weights of the other moment's elements at each of those here."""
    shape = (len(here.centroid), len(other.centroid))
    asked = min(NEIGHBOURS, shape[1])
    if not asked:
        return sparse.csr_array(shape, dtype=np.float32)
    distance, index = other.tree.query(here.centroid, asked, distance_upper_bound=here.radius)
    distance, index = distance.reshape(shape[0], -1), index.reshape(shape[0], -1)
    near = np.isfinite(distance)
    weight = np.exp(-2 * (distance[near] / here.radius) ** 2)  # the radius is two deviations
    # Bhattacharyya coefficient, 1 = the same answer: an eye is not outvoted by the face around it.
    mine, theirs = here.root[np.nonzero(near)[0]], other.root[index[near]]
    weight *= np.einsum("pl,pl->p", mine, theirs) ** ALIKE
    starts = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    table = (weight.astype(np.float32) * other.trust[index[near]], index[near], starts)
    return sparse.csr_array(table, shape=shape)
