# SPDX-License-Identifier: GPL-3.0-or-later
"""Which side of the body an element is on: left and right for words such as "left ear".

Bones that are named after a side decide for what they move. The others (spine, head, none) are
divided by the character's median plane, which the sided bones give wherever the character faces.
Without such bones it faces -Y, so that its left is +X.
"""

from __future__ import annotations

from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from ...job.capture_files import Facts, Names
from ..images import Images
from ..ontology.ontology import LEFT, NO_SIDE, RIGHT, Ontology
from ..vectors import weighted_quantiles
from .bones import BonePlace, read_bones
from .upright import body_regions

_DEAD_ZONE = 0.004  # of the character's extent on either side of the plane: neither left nor right

_last: WeakKeyDictionary[Images, tuple[int, np.ndarray]] = WeakKeyDictionary()


def element_sides(images: Images, frame: int) -> np.ndarray:
    """(E,) int8: 0 none, 1 left, 2 right, for each element of the topology that `frame` has."""
    key = images.frames[0] if images.constant_topology else frame
    if images not in _last or _last[images][0] != key:
        _last[images] = (key, sides_of(images.facts(frame), images.manifest.names))
    return _last[images][1]


def sides_of(facts: Facts, names: Names) -> np.ndarray:
    """(E,) int8: 0 none, 1 left, 2 right."""
    concept, side = _find_movers(facts, names)
    if not facts.count:
        return side
    region = np.where(concept >= 0, Ontology.load().region[concept], -1)
    pairs = _pairs(facts, concept, side)
    if len(pairs):
        axes = {r: _axis(pairs[pairs[:, 0] == r, 1:]) for r in set(pairs[:, 0].astype(int))}
        everywhere = _axis(pairs[:, 1:])
    else:
        region, limb_side = body_regions(facts.centroid, facts.area)
        if np.all(region < 0):
            return side  # it does not stand: nothing tells where its left is
        side = np.where(side > 0, side, limb_side)
        axes, everywhere = {}, np.array([1.0, 0.0, 0.0])

    extent = np.linalg.norm(np.ptp(facts.centroid, axis=0))  # metres
    for r in np.unique(region[side == NO_SIDE]):
        here = (region == r) & (side == NO_SIDE)
        lateral = facts.centroid @ axes.get(int(r), everywhere)
        # A head that leans over has its own middle; what is nowhere on the body has the body's.
        body = here if r >= 0 else np.ones_like(here)
        lateral -= _middle(lateral[body], facts.area[body])
        side[here & (lateral > _DEAD_ZONE * extent)] = LEFT
        side[here & (lateral < -_DEAD_ZONE * extent)] = RIGHT
    return side


def _find_movers(facts: Facts, names: Names) -> tuple[np.ndarray, np.ndarray]:
    """(concept (E,) int32 of what each element's bone moves, -1 unknown; its side (E,) int8)."""
    places = [*_bone_places(names.bones, names.bone_parent), BonePlace(-1, NO_SIDE)]
    concept = np.array([place.concept for place in places], np.int32)
    side = np.array([place.side for place in places], np.int8)
    return concept[facts.bone], side[facts.bone]  # -1, no bone, is the last place


@lru_cache(maxsize=1)
def _bone_places(names: tuple[str, ...], parents: tuple[int, ...]) -> tuple[BonePlace, ...]:
    """A sequence asks for the same bones in every frame."""
    return read_bones(names, parents, Ontology.load())


def _pairs(facts: Facts, concept: np.ndarray, side: np.ndarray) -> np.ndarray:
    """(n, 4) float64, one row for each thing that bones of both sides move.

    The region of the body and the vector in metres from the right one's centroid to the left one's.
    """
    rows = []
    for thing in np.unique(concept[(side > 0) & (concept >= 0)]):
        left, right = (np.flatnonzero((concept == thing) & (side == s)) for s in (LEFT, RIGHT))
        if len(left) and len(right):
            across = _centre(facts, left) - _centre(facts, right)
            rows.append([Ontology.load().region[thing], *across])
    return np.array(rows).reshape(-1, 4)


def _centre(facts: Facts, elements: np.ndarray) -> np.ndarray:
    weights = np.maximum(facts.area[elements], 1e-12)  # square metres
    return np.average(facts.centroid[elements], axis=0, weights=weights)


def _axis(across: np.ndarray) -> np.ndarray:
    """(3,) unit vector to the left, from vectors (n, 3) from right to left, n > 0.

    The median: a limb that is swung forward or over the middle does not turn it.
    """
    lengths = np.linalg.norm(across, axis=1, keepdims=True)
    middle = np.median(across / np.maximum(lengths, 1e-12), axis=0)
    return middle / max(float(np.linalg.norm(middle)), 1e-12)


def _middle(values: np.ndarray, weights: np.ndarray) -> float:
    """Halfway between the weighted 10th and 90th percentile.

    Unlike the median it lies between two legs, and little at one side hardly moves it.
    """
    return float(weighted_quantiles(values, weights.astype(np.float64), (0.1, 0.9)).mean())
