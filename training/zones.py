# SPDX-License-Identifier: GPL-3.0-or-later
"""Which zone of the body each face lies in, and which bone it belongs to, told at rest.

A face's region is what its maker says: bones and labelled data draw its borders, and those stay
where they are. Zones divide the region by the figure's own measures, so that they mean the same
on an infant, a knight and a doll with a huge head: front and back by the middle of the body at
that height, lengths by the bones, the head by its own box.
"""

from __future__ import annotations

import numpy as np

from .bank import NO_LABEL, REGION_OF_ZONE, ZONES_OF, region_index, surface_index
from .bank import zone_index as zone
from .figure import NO_SEGMENT, SEGMENTS, Figure, Zones
from .wardrobe.measure import segment_of_joints

_SLICES = 14  # along a part of the body, each with a middle of its own
_CHEST = 0.45  # of the way from waist to neck, where the belly ends
_SHOULDER = 0.38  # of the upper arm
_TOES = 0.68  # of the foot's bone, where no joint tells
_HAIRLINE = 0.5  # height on the head, -1..1
_FINGERS = ("Index", "Middle", "Ring", "Pinky", "HandFinger", "Thumb")


def zones_of(figure: Figure) -> Zones:
    """The zones of a figure, from its regions and its rest pose; those it has, if it has any."""
    if figure.zones is not None:
        return figure.zones
    centre = _centres(figure)
    segment = _segments(figure, centre)
    told = np.full(len(figure.faces), NO_LABEL, np.uint8)
    for name, zones in ZONES_OF.items():
        told[figure.region == region_index(name)] = zone(zones[0])
    for name, divide in _DIVISIONS.items():
        own = np.flatnonzero(figure.region == region_index(name))
        if len(own):
            told[own] = divide(figure, own, centre[own], segment[own])
    return Zones(told, segment)


def region_of(zones: np.ndarray) -> np.ndarray:
    """The region (...) uint8 of each zone; NO_LABEL stays."""
    return _REGION[zones]


def _segments(figure: Figure, centre: np.ndarray) -> np.ndarray:
    """The bone of a face's region: on the side of the joint that moves it, or, as with skirts,
    where none of the region does, on the side where it is at rest.
    """
    moved = segment_of_joints(figure.skeleton)[_strongest(figure, np.arange(len(figure.faces)))]
    segment = np.full(len(figure.faces), NO_SEGMENT, np.uint8)
    for name, sides in _SIDES.items():
        own = figure.region == region_index(name)
        beside = np.where(centre[:, 0] > 0, sides[0], sides[-1])
        segment[own] = np.where(np.isin(moved, sides), moved, beside)[own]
    return segment


def _centres(figure: Figure) -> np.ndarray:
    corners = figure.faces >= 0
    points = figure.vertices[np.where(corners, figure.faces, 0)] * corners[..., None]
    return np.asarray(points.sum(1) / corners.sum(1, keepdims=True))


def _ahead(height: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(N,) bool: before the middle of the slice; `depth` grows backwards."""
    low, high = float(height.min()), float(height.max()) + 1e-6
    slices = np.minimum(((height - low) / (high - low) * _SLICES).astype(int), _SLICES - 1)
    places, middles = [], []
    for index in range(_SLICES):
        here = slices == index
        if here.any():
            places.append(low + (index + 0.5) / _SLICES * (high - low))
            middles.append(np.percentile(depth[here], (3, 97)).mean())
    return np.asarray(depth < np.interp(height, places, middles))


def _head(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    skin = np.isin(figure.surface[own], [surface_index(n) for n in ("skin", "mouth", "eye")])
    ground = centre[skin] if skin.sum() > 20 else centre
    low, high = ground.min(0), ground.max(0)
    x, back, up = ((centre - (low + high) / 2) / np.maximum((high - low) / 2, 1e-4)).T
    front = (back < 0.0) & (up < _HAIRLINE)
    told = np.where(front, zone("face"), zone("scalp"))
    cheeks = abs(x[skin & (back < -0.15)])
    if len(cheeks) > 10:  # ears are what sticks out beside the face
        out = abs(x) > 1.1 * np.percentile(cheeks, 98)
        beside = (abs(back - 0.2) < 0.4) & (abs(up + 0.08) < 0.46)
        told[skin & out & beside] = zone("ear")
    names = np.array([name == "beard" for name in figure.pieces])
    hair = (figure.surface[own] == surface_index("hair")) & ~names[figure.piece[own]]
    told[hair] = zone("scalp")
    return told


def _neck(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return np.where(_ahead(centre[:, 2], centre[:, 1]), zone("throat"), zone("nape"))


def _torso(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    waist, neck = (float(end[2]) for end in figure.skeleton.bone("torso"))
    upper = centre[:, 2] > waist + _CHEST * (neck - waist)
    front = np.where(upper, zone("chest"), zone("belly"))
    behind = np.where(upper, zone("upper back"), zone("lower back"))
    return np.where(_ahead(centre[:, 2], centre[:, 1]), front, behind)


def _pelvis(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    return np.where(_ahead(centre[:, 2], centre[:, 1]), zone("groin"), zone("buttock"))


def _upper_arm(
    figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray
) -> np.ndarray:
    near = _along(figure, centre, segment) < _SHOULDER
    return np.where(near, zone("shoulder"), zone("arm above the elbow"))


def _thigh(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    front = _ahead(centre[:, 2], centre[:, 1])
    return np.where(front, zone("front of the thigh"), zone("back of the thigh"))


def _lower_leg(
    figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray
) -> np.ndarray:
    return np.where(_ahead(centre[:, 2], centre[:, 1]), zone("shin"), zone("calf"))


def _hand(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Fingers where there are joints of fingers; without them a hand has two faces only."""
    told = np.empty(len(own), np.uint8)
    for index in np.unique(segment):
        here = segment == index
        start, end = figure.skeleton.bone(SEGMENTS[index])
        palm = np.cross(end - start, [0.0, -1.0, 0.0])  # at rest palms face down, thumbs forward
        palm = palm if SEGMENTS[index].endswith(" l") else -palm
        inward = (centre[here] - np.median(centre[here], axis=0)) @ palm > 0
        told[here] = np.where(inward, zone("palm"), zone("back of the hand"))
    names = figure.skeleton.names
    fingers = [j for j, name in enumerate(names) if any(f in name for f in _FINGERS)]
    told[np.isin(_strongest(figure, own), fingers)] = zone("finger")
    return told


def _foot(figure: Figure, own: np.ndarray, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    along = _along(figure, centre, segment)
    toes = [j for j, name in enumerate(figure.skeleton.names) if "Toe" in name]
    toe = np.isin(_strongest(figure, own), toes) if toes else along > _TOES
    told = np.where(toe, zone("toe"), zone("instep"))
    corners = figure.vertices[figure.faces[own][:, :3]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    down = normal[:, 2] < -0.6 * np.linalg.norm(normal, axis=1)
    low, ankle = float(centre[:, 2].min()), float(figure.skeleton.bone("foot l")[0][2])
    told[down & (centre[:, 2] < low + 0.4 * max(ankle - low, 1e-3))] = zone("sole")
    return told


def _along(figure: Figure, centre: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """(N,) 0 at the start of the segment's bone, 1 at its end."""
    bones = np.stack([np.stack(figure.skeleton.bone(name)) for name in SEGMENTS])[segment]
    axis = bones[:, 1] - bones[:, 0]
    length = np.maximum((axis * axis).sum(1), 1e-8)
    return np.asarray(((centre - bones[:, 0]) * axis).sum(1) / length)


def _strongest(figure: Figure, own: np.ndarray) -> np.ndarray:
    """(N,) the joint with the largest weight at the corners of each of these faces."""
    corner = figure.faces[own][:, :3]
    best = figure.weights[corner, 0].argmax(1)
    first = corner[np.arange(len(own)), best]
    strongest = figure.weights[first].argmax(1)
    return np.asarray(figure.joints[first, strongest])


_DIVISIONS = {
    "head": _head, "neck": _neck, "torso": _torso, "pelvis": _pelvis, "upper arm": _upper_arm,
    "hand": _hand, "thigh": _thigh, "lower leg": _lower_leg, "foot": _foot,
}  # fmt: skip
# Region -> its segments, the left one first.
_SIDES = {
    name: [i for i, s in enumerate(SEGMENTS) if s.removesuffix(" l").removesuffix(" r") == name]
    for name in ZONES_OF
    if name != "none"
}
_REGION = np.full(256, NO_LABEL, np.uint8)
_REGION[: len(REGION_OF_ZONE)] = REGION_OF_ZONE
