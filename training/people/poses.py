# SPDX-License-Identifier: GPL-3.0-or-later
"""Poses that any rigged figure can take, and a figure's vertices in them.

A pose does not know the figure. It says how each segment is turned, in the figure's axes, from the
standard pose: arms straight out to the sides with palms down, legs straight down. A figure whose
arms rest elsewhere is first brought there: by the smallest rotation that takes the rest direction
of upper arm, forearm, thigh and lower leg to the standard one. Hands follow their forearms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..figure import SEGMENTS, Figure, Skeleton
from .bvh import read_bvh
from .rotations import MIRROR, about_axis, partly, turning

# Where the limbs point in the standard pose.
STANDARD: Mapping[str, tuple[float, float, float]] = {
    "upper arm l": (1, 0, 0), "forearm l": (1, 0, 0),
    "upper arm r": (-1, 0, 0), "forearm r": (-1, 0, 0),
    "thigh l": (0, 0, -1), "lower leg l": (0, 0, -1),
    "thigh r": (0, 0, -1), "lower leg r": (0, 0, -1),
}  # fmt: skip
# A segment that a pose leaves out moves with this one.
_ABOVE: Mapping[str, str] = {
    "torso": "pelvis", "neck": "torso", "head": "neck",
    **{f"{a} {s}": f"{b} {s}" for s in "lr" for a, b in (
        ("forearm", "upper arm"), ("hand", "forearm"),
        ("lower leg", "thigh"), ("foot", "lower leg"),
    )},
    **{f"upper arm {s}": "torso" for s in "lr"}, **{f"thigh {s}": "pelvis" for s in "lr"},
}  # fmt: skip
_FINGER = re.compile(r"(Index|Middle|Ring|Pinky|Finger|Thumb)\d")
_SHOULDER_SHARE, _SHOULDER_LIMIT = 0.22, 22.0  # of the arm's movement; degrees


@dataclass(frozen=True)
class Pose:
    """Rotations of SEGMENTS from the standard pose, in the axes of the figure."""

    rotations: Mapping[str, np.ndarray]  # segment -> (3, 3); left out: moves with the one above
    curl: tuple[float, float] = (0.0, 0.0)  # degrees a finger joint is bent: left, right
    name: str = ""
    rest_arms: bool = False  # arms stay as they are at rest, whatever that is

    def rotation(self, segment: str) -> np.ndarray:
        """(3, 3) of a segment, given or inherited."""
        while segment not in self.rotations:
            if segment not in _ABOVE:
                return np.eye(3)
            segment = _ABOVE[segment]
        return np.asarray(self.rotations[segment])


def mirrored(pose: Pose) -> Pose:
    """Left and right exchanged."""
    return replace(
        pose,
        rotations={_other_side(s): MIRROR @ r @ MIRROR for s, r in pose.rotations.items()},
        curl=(pose.curl[1], pose.curl[0]),
        name=f"{pose.name} mirrored",
    )


def motion_poses(folder: Path, step: int = 1) -> list[Pose]:
    """Every `step`-th frame of every .bvh file in the folder, each turned to face -Y.

    Named "file:frame". Raises ValueError for a file that is no BVH.
    """
    return [p for path in sorted(folder.glob("*.bvh")) for p in clip_poses(path, step)]


def clip_poses(path: Path, step: int = 1) -> list[Pose]:
    """Poses of one .bvh file; see motion_poses."""
    clip = read_bvh(path)
    joint = {s: _first(clip.names, n) for s, n in _CLIP_JOINTS.items()}
    to_standard = {}
    for segment, direction in STANDARD.items():
        at = joint[segment]
        if at is None:
            raise ValueError(f"{path.name} has no joint for the {segment}")
        to_standard[segment] = turning(clip.tips[at] - clip.heads[at], np.array(direction))
    poses = []
    for frame in range(0, len(clip.rotations), step):
        turned = clip.rotations[frame]  # (J, 3, 3)
        found: dict[str, np.ndarray] = {}
        for segment in SEGMENTS:
            at = joint[segment]
            if at is None:
                continue
            limb = segment if segment in STANDARD else segment.replace("hand", "forearm")
            align = to_standard.get(limb, np.eye(3))
            found[segment] = turned[at] @ align.T
        heading = found["pelvis"][:, 0]
        angle = np.degrees(np.arctan2(heading[1], heading[0]))
        facing = about_axis(np.array([0.0, 0, 1]), -angle)
        poses.append(Pose({s: facing @ r for s, r in found.items()}, name=f"{path.stem}:{frame}"))
    return poses


_CLIP_JOINTS: Mapping[str, tuple[str, ...]] = {
    "pelvis": ("Hips",), "torso": ("Spine1", "Spine"), "neck": ("Neck1", "Neck"),
    "head": ("Head",),
    **{f"{segment} {side[0].lower()}": (side + joint,)
       for side in ("Left", "Right")
       for segment, joint in (
           ("upper arm", "Arm"), ("forearm", "ForeArm"), ("hand", "Hand"),
           ("thigh", "UpLeg"), ("lower leg", "Leg"), ("foot", "Foot"),
       )},
}  # fmt: skip


def joint_rotations(skeleton: Skeleton, pose: Pose) -> np.ndarray:
    """(J, 3, 3) float64: how each joint is turned from its rest."""
    turned: dict[int, np.ndarray] = {}
    for segment, joints in skeleton.segments.items():
        rotation = _on(skeleton, pose, segment)
        chain = _chain(skeleton, joints)
        if segment in ("torso", "neck"):  # the bend is spread over the joints
            base = pose.rotation(_ABOVE[segment])
            step = base.T @ rotation
            for place, joint in enumerate(chain, start=1):
                turned[joint] = base @ partly(step, place / len(chain))
        else:
            turned[joints[0]] = rotation
    for side in "lr":
        arm = skeleton.segments[f"upper arm {side}"][0]
        shoulder = int(skeleton.parents[arm])
        if shoulder >= 0 and shoulder not in turned:
            torso = pose.rotation("torso")
            moved = partly(torso.T @ turned[arm], _SHOULDER_SHARE, _SHOULDER_LIMIT)
            turned[shoulder] = torso @ moved
    result = np.empty((len(skeleton.names), 3, 3))
    for joint, parent in enumerate(skeleton.parents):
        if joint in turned:
            result[joint] = turned[joint]
        else:
            result[joint] = result[parent] if parent >= 0 else np.eye(3)
            if any(pose.curl):
                result[joint] = result[joint] @ _curl(skeleton, pose, joint)
    return result


def posed_joints(skeleton: Skeleton, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """((J, 3, 3) rotations, (J, 3) heads in metres) of the joints in a pose; the root stays."""
    rotations = joint_rotations(skeleton, pose)
    heads = skeleton.heads.astype(float)
    places = heads.copy()
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            places[joint] = places[parent] + rotations[parent] @ (heads[joint] - heads[parent])
    return rotations, places


def posed_bones(skeleton: Skeleton, pose: Pose) -> np.ndarray:
    """(16, 2, 3) float32 metres: where the bones of SEGMENTS start and end in a pose.

    A bone ends where the next one of its limb begins, the outermost ones at their tips.
    """
    rotations, places = posed_joints(skeleton, pose)
    following = {above: segment for segment, above in _ABOVE.items() if " " not in segment}
    following |= {a: s for s, a in _ABOVE.items() if s[-2:] in (" l", " r") and s[-2:] == a[-2:]}
    bones = np.empty((len(SEGMENTS), 2, 3), np.float32)
    for index, segment in enumerate(SEGMENTS):
        joints = skeleton.segments[segment]
        bones[index, 0] = places[joints[0]]
        if segment in following:
            bones[index, 1] = places[skeleton.segments[following[segment]][0]]
        else:
            last = joints[-1]
            tip = (skeleton.tails[last] - skeleton.heads[last]).astype(float)
            bones[index, 1] = places[last] + rotations[last] @ tip
    return bones


def posed(figure: Figure, pose: Pose) -> np.ndarray:
    """(V, 3) float32 metres: the figure's vertices in a pose, by linear blend skinning."""
    rotations, places = posed_joints(figure.skeleton, pose)
    heads = figure.skeleton.heads.astype(float)
    move = np.empty((len(heads), 12), np.float32)
    move[:, :9] = rotations.reshape(-1, 9)
    move[:, 9:] = places - np.einsum("jab,jb->ja", rotations, heads)
    blended = figure.weights[:, :1] * move[figure.joints[:, 0]]
    for k in range(1, figure.joints.shape[1]):
        used = np.flatnonzero(figure.weights[:, k])
        blended[used] += figure.weights[used, k, None] * move[figure.joints[used, k]]
    v = figure.vertices
    result = blended[:, 9:].copy()
    for axis in range(3):
        result += blended[:, axis:9:3] * v[:, axis : axis + 1]
    return result


def _on(skeleton: Skeleton, pose: Pose, segment: str) -> np.ndarray:
    """A segment's rotation from the figure's own rest."""
    arm = segment.split()[0] in ("upper", "forearm", "hand")
    if pose.rest_arms and arm:
        return pose.rotation("torso")
    limb = segment.replace("hand", "forearm")
    if limb not in STANDARD:
        return pose.rotation(segment)
    joint = skeleton.segments[limb][0]
    following = next(s for s, above in _ABOVE.items() if above == limb)
    end = skeleton.segments[following][0]
    rest = skeleton.heads[end] - skeleton.heads[joint]
    return pose.rotation(segment) @ turning(rest, np.array(STANDARD[limb]))


def _chain(skeleton: Skeleton, joints: Sequence[int]) -> list[int]:
    """The joints of a segment between its first and its last one."""
    chain, joint = [joints[-1]], joints[-1]
    while joint != joints[0]:
        joint = int(skeleton.parents[joint])
        chain.insert(0, joint)
    return chain


def _curl(skeleton: Skeleton, pose: Pose, joint: int) -> np.ndarray:
    """Bends a finger's joint towards the palm."""
    name = skeleton.names[joint]
    if not _FINGER.search(name):
        return np.eye(3)
    side = "l" if name.startswith("L") else "r"
    degrees = pose.curl["lr".index(side)] * (0.4 if "Thumb" in name else 1.0)
    hand = skeleton.segments[f"hand {side}"]
    thumb = [j for j in hand if "Thumb" in skeleton.names[j]]
    along = skeleton.tails[hand[-1]] - skeleton.heads[hand[0]]
    if not thumb:
        return np.eye(3)
    palm = np.cross(along, skeleton.tails[thumb[-1]] - skeleton.heads[hand[0]])
    palm = palm if side == "l" else -palm
    finger = skeleton.tails[joint] - skeleton.heads[joint]
    return about_axis(np.cross(finger, palm), degrees)


def _other_side(segment: str) -> str:
    if segment.endswith((" l", " r")):
        return segment[:-1] + ("r" if segment.endswith("l") else "l")
    return segment


def _first(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(n) for n in wanted if n in names), None)
