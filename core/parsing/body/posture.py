# SPDX-License-Identifier: GPL-3.0-or-later
"""Left and right for bodies without bones, from predicted regions.

For scans, and meshes without a rig. Whether it stands, lies or turns a cartwheel: *up* is from the
trunk to the head, *across* is where the trunk is widest, and faces and toes say which of its two
directions is the left. Limbs belong to the side of the trunk that is nearer along the surface,
wherever they are held, segment by segment; a piece that hangs on nothing along the surface belongs
as a whole to what is nearest in space and to the side it lies on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ...job.capture_files import Facts
from ..ontology.ontology import BODY_REGIONS, LEFT, NO_SIDE, RIGHT
from ..vectors import weighted_quantiles
from .nearest import nearest_seen

_HEAD, _TORSO, _PELVIS, _LOWER_LEG, _FOOT = (
    BODY_REGIONS.index(name) for name in ("head", "torso", "pelvis", "lower leg", "foot")
)
# Segment after segment: a boot hangs on a leg, not on the trunk, where they are loose parts.
_LIMBS = tuple(
    tuple(BODY_REGIONS.index(name) for name in limb)
    for limb in (("upper arm", "forearm", "hand"), ("thigh", "lower leg", "foot"))
)
_WIDER = 1.3  # variance across a trunk, over that from front to back, from which it tells
_FLANK = 0.4  # of the trunk's half width: farther out is one of its sides
_CLEAR = 0.15  # of a head's or foot's size: a face or toes that lean out less say nothing
_LEAST = 20  # elements of a trunk
_NO_AREA = 1e-12  # square metres


def limb_sides(facts: Facts, region: np.ndarray, front: np.ndarray) -> np.ndarray:
    """(E,) int8: 0 none, 1 left, 2 right, for elements whose `region` (E,) is of an arm or a leg.

    `region` are indices of BODY_REGIONS, -1 for none. `front` (E,) float says of elements of the
    head how much they look like its front (face, skin) and not like its back (hair). Without face
    and toes an upright figure faces -Y; nothing tells the sides of another one, or of one without
    a trunk.
    """
    side = np.full(facts.count, NO_SIDE, np.int8)
    trunk = (region == _TORSO) | (region == _PELVIS)
    if trunk.sum() < _LEAST:
        return side
    left = _find_left(facts, region, front, trunk)
    if left is None:
        return side
    lateral = facts.centroid.astype(np.float64) @ left
    low, middle, high = weighted_quantiles(
        lateral[trunk], facts.area[trunk].astype(np.float64), (0.05, 0.5, 0.95)
    )
    lateral -= middle
    flank = trunk & (np.abs(lateral) > _FLANK * (high - low) / 2)
    if not flank.any():
        return side
    facts = replace(facts, object=np.zeros_like(facts.object))  # a bare hand hangs on its sleeve
    piece = _pieces(facts, region)
    belongs = np.where(flank, lateral, 0.0)
    for limb in _LIMBS:
        known = flank
        for segment in limb:
            here = region == segment
            if not here.any():
                continue
            source = nearest_seen(facts, known)[here]
            attached = np.isin(facts.loose_part[here], facts.loose_part[known])
            lean = belongs[source] + np.where(attached, 0, lateral[here])
            belongs[here] = np.where(attached, lean, _together(lean, piece[here], facts.area[here]))
            known = here
            side[here & (belongs > 0)] = LEFT
            side[here & (belongs < 0)] = RIGHT
    return side


def _pieces(facts: Facts, region: np.ndarray) -> np.ndarray:
    """(E,) int32: connected elements of one region."""
    a, b = facts.neighbours[(region[facts.neighbours[:, 0]] == region[facts.neighbours[:, 1]])].T
    table = (np.ones(len(a), bool), (a, b))
    graph = sparse.coo_array(table, shape=(facts.count, facts.count))
    return connected_components(graph, directed=False)[1]


def _together(values: np.ndarray, piece: np.ndarray, area: np.ndarray) -> np.ndarray:
    """The mean of each piece, by area, at all of its elements."""
    weight = np.maximum(area, _NO_AREA)
    whole = np.maximum(np.bincount(piece, weight), _NO_AREA)
    return (np.bincount(piece, weight * values) / whole)[piece]


def _find_left(
    facts: Facts, region: np.ndarray, front: np.ndarray, trunk: np.ndarray
) -> np.ndarray | None:
    """(3,) unit vector to the body's left; None when nothing tells."""
    centroid = facts.centroid.astype(np.float64)
    area = np.maximum(facts.area, _NO_AREA).astype(np.float64)
    head = region == _HEAD
    centre = np.average(centroid[trunk], axis=0, weights=area[trunk])
    up = np.array([0.0, 0.0, 1.0])
    if head.any():
        up = _unit(np.average(centroid[head], axis=0, weights=area[head]) - centre)
    faces = _across(_face(centroid, area, front, head), up) + _across(
        _toes(facts, region, centroid, area), up
    )
    if np.linalg.norm(faces) < _CLEAR:
        if up[2] < np.sqrt(0.5):
            return None
        faces = _across(np.array([0.0, -1.0, 0.0]), up)
    seen = _unit(np.cross(up, faces))
    flat = centroid[trunk] - centre
    flat -= np.outer(flat @ up, up)
    spread, axes = np.linalg.eigh(np.cov(flat.T, aweights=area[trunk]))
    if spread[2] < _WIDER * spread[1]:
        return seen
    return np.asarray(axes[:, 2] if axes[:, 2] @ seen > 0 else -axes[:, 2])


def _face(
    centroid: np.ndarray, area: np.ndarray, front: np.ndarray, head: np.ndarray
) -> np.ndarray:
    """(3,) from the head's middle to its face, in sizes of the head; 0 where no face is seen."""
    if head.sum() < 3:
        return np.zeros(3)
    place, weight = centroid[head], area[head]
    middle = np.average(place, axis=0, weights=weight)
    size = np.sqrt(np.average(((place - middle) ** 2).sum(axis=1), weights=weight))
    excess = front[head] - np.average(front[head], weights=weight)
    total = float(np.abs(excess) @ weight)
    if total <= 1e-9 * weight.sum() or size <= 0:
        return np.zeros(3)
    moment = (excess * weight) @ (place - middle) / total
    return moment / size * min(1.0, 4 * total / weight.sum())  # a faint difference is no face


def _toes(facts: Facts, region: np.ndarray, centroid: np.ndarray, area: np.ndarray) -> np.ndarray:
    """(3,) from ankles to toes, in sizes of a foot; 0 without feet and legs."""
    foot, leg = region == _FOOT, region == _LOWER_LEG
    if foot.sum() < 3 or leg.sum() < 3:
        return np.zeros(3)
    ankle = nearest_seen(facts, leg)[foot]
    reach = (centroid[foot] - centroid[ankle]) * (ankle >= 0)[:, None]
    size = np.sqrt(np.average((reach**2).sum(axis=1), weights=area[foot]))
    return np.average(reach, axis=0, weights=area[foot]) / max(size, 1e-9)


def _across(vector: np.ndarray, up: np.ndarray) -> np.ndarray:
    return vector - (vector @ up) * up


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12))
