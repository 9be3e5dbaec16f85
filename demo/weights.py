# SPDX-License-Identifier: GPL-3.0-or-later
"""Skinning weights as a function of place, so that every layer of clothing moves with the body.

Each joint hands over from parent to child across a plane, smoothly over a width; limbs are told
from the trunk by which field is nearer. Nothing depends on the mesh, hence two surfaces lying on
each other deform alike.
"""

from itertools import pairwise

import numpy as np

from .body import FINGERS, Joints, arm, torso
from .fields import cone, reflect, smoothstep

SPINE = [  # bone, hand-over half width in metres, backward tilt of the plane
    ("spine.001", 0.06, 0.0),
    ("spine.002", 0.07, 0.0),
    ("spine.003", 0.07, 0.0),
    ("spine.004", 0.030, 0.50),
    ("spine.005", 0.025, 0.50),
    ("spine.006", 0.022, 0.60),
]
MAX_INFLUENCES = 4


def above(points: np.ndarray, joint: np.ndarray, tilt: float) -> np.ndarray:
    """Signed height (N,) over a joint plane; tilt lowers the plane towards the front."""
    return points[:, 2] - joint[2] - tilt * (points[:, 1] - joint[1])


def beyond(points: np.ndarray, joints: Joints, bone: str) -> np.ndarray:
    """Signed distance (N,) past the joint at the head of a bone, along the bone."""
    head, tail = joints[bone]
    axis = tail - head
    return (points - head) @ axis / np.linalg.norm(axis)


def _across(points: np.ndarray, joints: Joints, parent: str, bone: str) -> np.ndarray:
    """Like `beyond`, along the bisector of two bones: the plane in which a joint bends."""
    a = joints[parent][1] - joints[parent][0]
    b = joints[bone][1] - joints[bone][0]
    axis = a / np.linalg.norm(a) + b / np.linalg.norm(b)
    return (points - joints[bone][0]) @ axis / np.linalg.norm(axis)


def _arm(points: np.ndarray, joints: Joints, share: np.ndarray, out: dict) -> None:
    """Splits the share of the left arm over its bones."""
    fore = smoothstep(-0.05, 0.05, _across(points, joints, "upper_arm.L", "forearm.L"))
    palm = smoothstep(-0.024, 0.022, beyond(points, joints, "hand.L"))
    out["upper_arm.L"] = share * (1 - fore)
    out["forearm.L"] = share * fore * (1 - palm)
    hand = share * fore * palm
    out["hand.L"] = hand.copy()
    chains = {f: [f"{f}.0{k}.L" for k in (1, 2, 3)] for f in (*FINGERS, "thumb")}
    distance = np.stack(
        [
            np.min([cone(points, *joints[b], 0.009, 0.008) for b in chain], axis=0)
            for chain in chains.values()
        ]
    )
    nearest = distance.argmin(0)
    for index, chain in enumerate(chains.values()):
        width = 0.012 if chain[0].startswith("thumb") else 0.009
        past = [smoothstep(-width, width, beyond(points, joints, chain[0]))]
        past += [
            smoothstep(-0.006, 0.006, _across(points, joints, a, b)) for a, b in pairwise(chain)
        ]
        mine = hand * (nearest == index)
        if index == 4:  # the ball of the thumb lies in the palm: fade out with distance
            mine = mine * smoothstep(0.020, 0.004, distance[index])
        rest = mine * past[0]
        out["hand.L"] -= rest
        for k, bone in enumerate(chain):
            going = past[k + 1] if k < 2 else 0.0
            out[bone] = rest * (1 - going)
            rest = rest * going


def _leg(points: np.ndarray, joints: Joints, share: np.ndarray, out: dict) -> None:
    """Splits the share of the left leg over its bones."""
    shin = smoothstep(-0.065, 0.065, beyond(points, joints, "shin.L"))
    ankle = joints["foot.L"][0]
    foot = smoothstep(-0.03, 0.03, ankle[2] + 0.005 - points[:, 2])
    ball = joints["toe.L"][0]
    toe = smoothstep(-0.03, 0.03, ball[1] + 0.01 - points[:, 1]) * (points[:, 2] < 0.2)
    out["thigh.L"] = share * (1 - shin)
    out["shin.L"] = share * shin * (1 - foot)
    out["foot.L"] = share * shin * foot * (1 - toe)
    out["toe.L"] = share * shin * foot * toe


def weights_at(points: np.ndarray, joints: Joints) -> tuple[list[str], np.ndarray]:
    """Bone names and weights (N, bones) float64 at points (N, 3); rows sum to 1, four at most."""
    p = reflect(points)
    out: dict[str, np.ndarray] = {}
    spare = joints["upper_arm.L"][0]
    nearer = torso(p, joints) - arm(p, joints)
    # On top of the shoulder both fields overlap: there the joint plane decides.
    outward = (p - spare) @ np.array([0.94, 0.0, -0.34])
    in_arm = smoothstep(-0.045, 0.06, np.minimum(nearer, outward + 0.035))
    in_arm = np.maximum(in_arm, 1.0 * (p[:, 0] > 0.34)) * (p[:, 0] > 0.10)
    _arm(p, joints, in_arm, out)
    trunk = 1 - in_arm
    groin = joints["thigh.L"][0][2] - 0.050 + 0.40 * (p[:, 0] - 0.098)
    in_leg = trunk * smoothstep(-0.085, 0.080, groin - p[:, 2])
    width = 0.004 + 0.036 * smoothstep(0.93, 1.01, p[:, 2])
    own = 0.5 + 0.5 * np.sign(p[:, 0] / width) * smoothstep(0.0, 1.0, np.abs(p[:, 0]) / width)
    legs: dict[str, np.ndarray] = {}
    _leg(p, joints, in_leg, legs)
    trunk = trunk - in_leg
    girdle = (
        trunk * smoothstep(0.02, 0.15, p[:, 0]) * smoothstep(1.42, 1.58, p[:, 2]) * (p[:, 2] < 1.72)
    )
    girdle = 0.8 * girdle * smoothstep(1.72, 1.64, p[:, 2])
    out["shoulder.L"] = girdle
    rest = trunk - girdle
    previous = "spine"
    for bone, width, tilt in SPINE:
        past = smoothstep(-width, width, above(p, joints[bone][0], tilt))
        out[previous] = rest * (1 - past)
        rest, previous = rest * past, bone
    out[previous] = rest
    left = points[:, 0] >= 0
    names, columns = [], []
    for bone, value in out.items():
        if bone.endswith(".L"):
            names += [bone, bone[:-1] + "R"]
            columns += [value * left, value * ~left]
        else:
            names.append(bone)
            columns.append(value)
    for bone, value in legs.items():
        names += [bone, bone[:-1] + "R"]
        columns += [value * np.where(left, own, 1 - own), value * np.where(left, 1 - own, own)]
    return names, _strongest(np.stack(columns, 1))


def _strongest(weights: np.ndarray) -> np.ndarray:
    """Keeps the largest MAX_INFLUENCES weights of each row and makes rows sum to 1."""
    cut = np.sort(weights, 1)[:, -MAX_INFLUENCES][:, None]
    weights = np.where((weights >= cut) & (weights > 1e-3), weights, 0.0)
    return weights / weights.sum(1, keepdims=True)
