# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a point of a body lies, told in the body's own terms, and the heights a tailor takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.bank import surface_index
from training.figure import SEGMENTS, Figure, Skeleton

LEGS = tuple(
    SEGMENTS.index(f"{part} {side}") for side in "lr" for part in ("thigh", "lower leg", "foot")
)
TRUNK = tuple(SEGMENTS.index(name) for name in ("pelvis", "torso"))
NECK, HEAD = SEGMENTS.index("neck"), SEGMENTS.index("head")


@dataclass(frozen=True)
class Measures:
    """Heights (Z) and widths of an upright body, in metres."""

    sole: float
    ankle: float
    knee: float
    crotch: float
    hip: float
    waist: float
    armpit: float
    neck: float
    chin: float
    top: float
    shoulder: float  # |x| of the shoulder joint
    neck_radius: float
    neck_y: float
    head_center: np.ndarray  # (3,)
    head_radius: np.ndarray  # (3,) half extents of the head

    @property
    def unit(self) -> float:
        """One for a grown person; lengths given in metres are multiplied by it."""
        return (self.neck - self.sole) / 1.45


def segment_of_joints(skeleton: Skeleton) -> np.ndarray:
    """(J,) int16: the segment of each joint; joints of none take their parent's."""
    segment = np.full(len(skeleton.names), -1, np.int16)
    for index, name in enumerate(SEGMENTS):
        segment[list(skeleton.segments[name])] = index
    for joint, parent in enumerate(skeleton.parents):
        if segment[joint] < 0:
            segment[joint] = segment[parent] if parent >= 0 else 0
    return segment


def strongest_segment(figure: Figure) -> np.ndarray:
    """(V,) int16: the segment with the largest summed weight of each vertex."""
    of_joint = segment_of_joints(figure.skeleton)
    sums = np.zeros((len(figure.vertices), len(SEGMENTS)), np.float32)
    rows = np.repeat(np.arange(len(sums)), 4)
    np.add.at(sums, (rows, of_joint[figure.joints].ravel()), figure.weights.ravel())
    return sums.argmax(1).astype(np.int16)


def located(
    skeleton: Skeleton, points: np.ndarray, segment: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """((N,) along, (N,) angle in radians) of (N, 3) points on the bones of their segments."""
    bones = np.stack([np.stack(skeleton.bone(name)) for name in SEGMENTS])  # (16, 2, 3)
    axis = bones[:, 1] - bones[:, 0]
    length = np.maximum(np.linalg.norm(axis, axis=1), 1e-4)
    offset = points - bones[segment, 0]
    along = np.einsum("ij,ij->i", offset, axis[segment]) / (length**2)[segment]
    front = np.array([0.0, -1.0, 0.0])
    side = np.cross(axis / length[:, None], front)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-4)
    ahead = np.cross(side, axis / length[:, None])
    angle = np.arctan2(
        np.einsum("ij,ij->i", offset, ahead[segment]), np.einsum("ij,ij->i", offset, side[segment])
    )
    return along.astype(np.float32), angle.astype(np.float32)


def measured(figure: Figure, segment: np.ndarray) -> Measures:
    """The measures of a figure; `segment` (V,) as of `strongest_segment`."""
    skeleton, points = figure.skeleton, figure.vertices
    used = np.zeros(len(points), bool)
    bare = figure.faces[figure.surface == surface_index("skin")]
    bare = bare if len(bare) else figure.faces
    used[bare[bare >= 0]] = True

    def start(name: str) -> np.ndarray:
        return (skeleton.bone(f"{name} l")[0] + skeleton.bone(f"{name} r")[0] * [-1, 1, 1]) / 2

    neck, head = skeleton.bone("neck")[0], skeleton.bone("head")[0]
    hip, shoulder = start("thigh"), start("upper arm")
    trunk = float(neck[2] - hip[2])
    sole = float(points[used, 2].min())
    middle = used & np.isin(segment, (*TRUNK, *LEGS)) & (abs(points[:, 0]) < 0.02 * trunk / 0.55)
    middle &= points[:, 2] > start("lower leg")[2]
    crotch = float(points[middle, 2].min()) if middle.sum() > 2 else float(hip[2] - 0.15 * trunk)
    crotch = float(np.clip(crotch, hip[2] - 0.3 * trunk, hip[2] - 0.02 * trunk))
    neck_points = points[used & (segment == NECK)]
    radius = 0.11 * trunk
    if len(neck_points) > 5:
        low = neck_points[neck_points[:, 2] > neck[2] - 0.02 * trunk]
        low = low if len(low) > 3 else neck_points
        radius = float(np.percentile(abs(low[:, 0]), 80))
    head_points = points[used & (segment == HEAD)]
    if not len(head_points):
        head_points = np.stack(skeleton.bone("head"))
    low, high = head_points.min(0), head_points.max(0)
    return Measures(
        sole=sole,
        ankle=float(start("foot")[2]),
        knee=float(start("lower leg")[2]),
        crotch=crotch,
        hip=float(hip[2]),
        waist=float(hip[2] + 0.3 * trunk),
        armpit=float(min(shoulder[2] - 0.2 * trunk, neck[2] - 0.22 * trunk)),
        neck=float(neck[2]),
        chin=float(low[2] * 0.7 + head[2] * 0.3),
        top=float(high[2]),
        shoulder=float(abs(shoulder[0])),
        neck_radius=radius,
        neck_y=float(neck[1]),
        head_center=((low + high) / 2).astype(np.float32),
        head_radius=np.maximum((high - low) / 2, 0.02).astype(np.float32),
    )
