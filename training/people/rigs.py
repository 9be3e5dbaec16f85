# SPDX-License-Identifier: GPL-3.0-or-later
"""Skeletons of the two rigs, which share the joint names of motion capture ("LeftForeArm")."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from ..bank import NO_LABEL, region_index
from ..figure import SEGMENTS, Skeleton

Ends = tuple[str | None, np.ndarray, np.ndarray]  # parent, (3,) head, (3,) tail

# Segment -> the joints it may have, first to last. Those that branch off (collar bones, eyes,
# fingers) stand before the last one, whose tail is the end of the segment.
_FINGERS = tuple(f + i for f in ("Thumb", "Index", "Ring", "Pinky", "Middle") for i in "123")
_SEGMENT_JOINTS: Mapping[str, tuple[str, ...]] = {
    "pelvis": ("Hips",),
    "torso": ("LowerBack", "Spine", "LeftShoulder", "RightShoulder", "Spine1", "Spine2"),
    "neck": ("Neck", "Neck1"),
    "head": ("Head", "LeftEye", "RightEye", "HeadEnd"),
    **{
        f"{segment} {side[0].lower()}": tuple(joint.format(side) for joint in joints)
        for side in ("Left", "Right")
        for segment, joints in {
            "upper arm": ("{}Arm",),
            "forearm": ("{}ForeArm",),
            "hand": (
                "{}Hand", "{}FingerBase",
                *("{}Hand" + f for f in _FINGERS),
                "{}Thumb", "{}HandFinger1",
            ),
            "thigh": ("{}UpLeg",),
            "lower leg": ("{}Leg",),
            "foot": ("{}Foot", "{}ToeBase"),
        }.items()
    },
}  # fmt: skip
_SEGMENT_OF = {joint: segment for segment, js in _SEGMENT_JOINTS.items() for joint in js}
_CROTCH = 0.13  # of the leg's length below the hip joint
_RENAMED = {"LThumb": "LeftThumb", "RThumb": "RightThumb"}
_JOINED_ON = {"pelvis": "torso", "torso": "neck", "neck": "head"}  # ends where the next begins


class BoneTable:
    """Bones of a file, and which joint of the figure each of them belongs to.

    Bones that no pose turns (ends of chains, hip joints without movement) are merged into the
    nearest kept ancestor, so that all figures of a rig have the same joints.
    """

    def __init__(self, bones: Mapping[str, Ends]) -> None:
        self._bones = {_RENAMED.get(n, n): ends for n, ends in bones.items()}
        self.names = self._ordered()
        self._place = {name: index for index, name in enumerate(self.names)}

    def __contains__(self, name: str) -> bool:
        return _RENAMED.get(name, name) in self._bones

    def index(self, name: str) -> int:
        """The joint that a bone moves with. Raises KeyError for an unknown bone."""
        kept = self._kept(_RENAMED.get(name, name))
        return self._place[kept] if kept else 0

    def skeleton(self, vertices: np.ndarray) -> Skeleton:
        """The joints at rest; the head ends at the highest of the (V, 3) vertices near it."""
        parents = [self._kept(self._bones[n][0]) for n in self.names]
        heads = np.array([self._bones[n][1] for n in self.names], np.float32)
        tails = np.array([self._bones[n][2] for n in self.names], np.float32)
        segments = {
            s: tuple(self._place[n] for n in _SEGMENT_JOINTS[s] if n in self._place)
            for s in SEGMENTS
        }
        for segment, following in _JOINED_ON.items():
            tails[segments[segment][-1]] = heads[segments[following][0]]
        top = segments["head"]
        near = np.abs(vertices[:, :2] - heads[top[0], :2]).max(axis=1) < 0.25
        crown = vertices[near, 2].max() if near.any() else tails[top[-1], 2]
        tails[top[-1]] = (*heads[top[0], :2], crown)
        return Skeleton(
            names=self.names,
            parents=np.array([self._place[p] if p else -1 for p in parents], np.int32),
            heads=heads,
            tails=tails,
            segments=segments,
        )

    def _kept(self, name: str | None) -> str | None:
        while name is not None and name not in _SEGMENT_OF:
            name = self._bones[name][0]
        return name

    def _ordered(self) -> tuple[str, ...]:
        """Kept joints, parents first."""

        def depth(name: str) -> int:
            parent = self._bones[name][0]
            return 0 if parent is None else depth(parent) + 1

        kept = [n for n in self._bones if n in _SEGMENT_OF]
        return tuple(sorted(kept, key=lambda n: (depth(n), n)))


def strongest(
    count: int, vertex: np.ndarray, joint: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """((V, 4) int16 joints, (V, 4) float32 weights) of the four strongest influences.

    From (N,) entries; entries of one vertex and joint add up. A vertex without any follows joint 0.
    """
    from scipy.sparse import coo_array

    table = coo_array((weight, (vertex, joint)), shape=(count, int(joint.max()) + 5))
    dense = table.toarray().astype(np.float32)
    joints = np.argpartition(-dense, 3, axis=1)[:, :4].astype(np.int16)
    weights = np.take_along_axis(dense, joints.astype(np.int64), axis=1)
    order = np.argsort(-weights, axis=1, kind="stable")
    joints, weights = np.take_along_axis(joints, order, 1), np.take_along_axis(weights, order, 1)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(
        total > 0, weights / np.maximum(total, 1e-12), np.array([1, 0, 0, 0], np.float32)
    )
    joints = np.where(weights > 0, joints, 0)
    return joints.astype(np.int16), weights.astype(np.float32)


def joint_regions(skeleton: Skeleton) -> np.ndarray:
    """(J,) uint8 region of each joint, NO_LABEL where it belongs to no segment."""
    region = np.full(len(skeleton.names), NO_LABEL, np.uint8)
    for segment, joints in skeleton.segments.items():
        region[list(joints)] = region_index(re.sub(" [lr]$", "", segment))
    return region


def regions_of_faces(
    vertices: np.ndarray,
    faces: np.ndarray,
    joints: np.ndarray,
    weights: np.ndarray,
    skeleton: Skeleton,
) -> np.ndarray:
    """(F,) uint8: region of the segment with the largest weight summed over a face's corners.

    What hangs between the legs (a skirt) moves with the pelvis, but is at the thighs.
    """
    region = joint_regions(skeleton)
    kinds = int(region[region != NO_LABEL].max()) + 1
    of_vertex = np.zeros((len(joints) + 1, kinds), np.float32)  # last row: for a missing corner
    rows = np.arange(len(joints))
    for k in range(joints.shape[1]):
        known = region[joints[:, k]] != NO_LABEL
        of_vertex[rows[known], region[joints[known, k]]] += weights[known, k]
    found = of_vertex[faces].sum(axis=1).argmax(axis=1).astype(np.uint8)
    hip, ankle = (skeleton.bone(s)[0][2] for s in ("thigh l", "foot l"))
    crotch = hip - _CROTCH * (hip - ankle)
    hanging = (found == region_index("pelvis")) & (vertices[faces[:, :3], 2].mean(axis=1) < crotch)
    found[hanging] = region_index("thigh")
    return found
