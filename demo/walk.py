# SPDX-License-Identifier: GPL-3.0-or-later
"""A walk in place, forwards along -Y: planted feet by inverse kinematics, the rest by curves.

Phase 0 is the left heel striking, 0.5 the right. Everything is computed in armature space and
keyed on each frame, so the pose does not depend on how a Blender version interpolates.
"""

import bpy
import numpy as np
from mathutils import Matrix, Quaternion, Vector

from .body import Joints

STANCE = 0.60  # share of the cycle that a foot spends on the ground
STRIDE = 1.30  # metres travelled in a cycle
LEAD = 0.44  # share of the stance travel that lies in front of the hip
TOE_OFF_PITCH = np.radians(58.0)
STRIKE_PITCH = np.radians(-20.0)  # toes up
ARM_SWING = np.radians(21.0)


def _turn(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Matrix:
    """Rotation by degrees about the armature's axes: x first, then y, then z."""
    return (
        Matrix.Rotation(np.radians(z), 3, "Z")
        @ Matrix.Rotation(np.radians(y), 3, "Y")
        @ Matrix.Rotation(np.radians(x), 3, "X")
    )


def _wave(phase: float, at: float = 0.0, harmonic: int = 1) -> float:
    """Cosine that peaks at the given phase."""
    return float(np.cos(2 * np.pi * harmonic * (phase - at)))


def _hermite(t: float, a: float, b: float, slope_a: float, slope_b: float) -> float:
    return (
        (2 * t**3 - 3 * t**2 + 1) * a
        + (t**3 - 2 * t**2 + t) * slope_a
        + (3 * t**2 - 2 * t**3) * b
        + (t**3 - t**2) * slope_b
    )


def _on_ground(phase: float, heel: np.ndarray, ball: np.ndarray, ankle: np.ndarray) -> tuple:
    """Ankle (3,) and pitch of a foot in stance; the contact point moves back steadily."""
    travel = -LEAD * STRIDE * STANCE + STRIDE * phase
    down = np.clip(1.0 - phase / 0.09, 0.0, 1.0)
    up = np.clip((phase - 0.30) / (STANCE - 0.30), 0.0, 1.0)
    pitch = STRIKE_PITCH * down**1.4 + TOE_OFF_PITCH * up**1.9
    pivot = heel if pitch < 0 else ball
    offset = Matrix.Rotation(pitch, 3, "X") @ Vector(ankle - pivot)
    place = np.array(pivot) + np.array(offset)
    place[1] += travel
    return place, pitch


def _foot(phase: float, *points: np.ndarray) -> tuple[np.ndarray, float]:
    """Ankle place (3,) and pitch in radians (toes down positive) at a phase of this foot."""
    if phase < STANCE:
        return _on_ground(phase, *points)
    start, pitch_start = _on_ground(STANCE - 1e-6, *points)
    end, pitch_end = _on_ground(0.0, *points)
    before, pitch_before = _on_ground(STANCE - 0.02, *points)
    after, _ = _on_ground(0.02, *points)
    t, span = (phase - STANCE) / (1 - STANCE), 1 - STANCE
    slope_a, slope_b = (start - before) / 0.02 * span, (after - end) / 0.02 * span
    place = np.array(
        [_hermite(t, *values) for values in zip(start, end, slope_a, slope_b, strict=True)]
    )
    place[2] += 0.055 * np.sin(np.pi * t**0.8) ** 2
    pitch = _hermite(
        t, pitch_start, pitch_end, (pitch_start - pitch_before) / 0.02 * span * 0.5, 0.0
    )
    return place, pitch


def _aim(rest: np.ndarray, wanted: Vector, bend: Vector) -> Matrix:
    """Rotation that brings the rest direction onto the wanted one, keeping the bend axis."""

    def frame(along: Vector) -> Matrix:
        along = along.normalized()
        side = (bend - bend.dot(along) * along).normalized()
        return Matrix((side, along, side.cross(along))).transposed()

    return frame(wanted) @ frame(Vector(rest)).transposed()


def _leg(hip: Vector, ankle: Vector, thigh: np.ndarray, shin: np.ndarray, side: Vector) -> tuple:
    """Two-bone inverse kinematics, knee forwards: rotations of thigh and shin."""
    upper, lower = float(np.linalg.norm(thigh)), float(np.linalg.norm(shin))
    line = ankle - hip
    reach = min(line.length, 0.9985 * (upper + lower))
    line.normalize()
    cosine = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    forward = line.cross(side).normalized()  # the line points down and side is +X: this is -Y
    knee = upper * (cosine * line + (max(1.0 - cosine**2, 0.0) ** 0.5) * forward)
    return _aim(thigh, knee, side), _aim(shin, reach * line - knee, side)


def _pose(phase: float, joints: Joints) -> tuple[dict[str, Matrix], Vector]:
    """Armature-space rotations away from the rest pose, and how far the hips moved."""
    turns: dict[str, Matrix] = {}
    hips = Vector((0.014 * _wave(phase, 0.30), 0.0, -0.010 - 0.011 * _wave(phase, 0.04, 2)))
    pelvis = _turn(x=3.0, y=3.2 * _wave(phase, 0.13), z=-6.5 * _wave(phase))
    turns["spine"] = pelvis
    chest_yaw, chest_roll = 6.0 * _wave(phase), -1.6 * _wave(phase, 0.13)
    for share, bone in ((0.15, "spine.001"), (0.55, "spine.002"), (1.0, "spine.003")):
        yaw = (1 - share) * -6.5 * _wave(phase) + share * chest_yaw
        roll = (1 - share) * 3.2 * _wave(phase, 0.13) + share * chest_roll
        turns[bone] = _turn(x=3.0 - 0.5 * share, y=roll, z=yaw)
    nod = 1.0 * _wave(phase, 0.10, 2)
    turns["spine.004"] = _turn(x=2.0, z=0.55 * chest_yaw)
    turns["spine.005"] = _turn(x=3.5 + 0.5 * nod, z=0.25 * chest_yaw)
    turns["spine.006"] = _turn(x=5.0 + nod, z=0.1 * chest_yaw)
    root = Vector(joints["spine"][0])
    for side, own, sign in (("L", phase, 1.0), ("R", (phase + 0.5) % 1.0, -1.0)):
        rest_hip, ankle = Vector(joints[f"thigh.{side}"][0]), joints[f"foot.{side}"][0]
        hip = root + hips + pelvis @ (rest_hip - root)
        heel = np.array([ankle[0], ankle[1] + 0.058, 0.0])
        ball = np.array([ankle[0], joints[f"toe.{side}"][0][1], 0.0])
        place, pitch = _foot(own, heel, ball, ankle)
        place[0] -= sign * 0.026  # feet land closer to the line of travel than the hips are wide
        axis = Vector((1.0, 0.0, 0.0))
        thigh = joints[f"thigh.{side}"][1] - joints[f"thigh.{side}"][0]
        shin = joints[f"shin.{side}"][1] - joints[f"shin.{side}"][0]
        turns[f"thigh.{side}"], turns[f"shin.{side}"] = _leg(hip, Vector(place), thigh, shin, axis)
        turns[f"foot.{side}"] = Matrix.Rotation(pitch, 3, "X") @ _turn(z=sign * 5.0)
        flat = pitch if own < STANCE else pitch * max(0.0, 1 - (own - STANCE) / 0.30)
        toe = pitch - max(flat, 0.0)
        turns[f"toe.{side}"] = Matrix.Rotation(toe, 3, "X") @ _turn(z=sign * 5.0)
        _arm(turns, side, sign, _wave(phase, 0.5 if sign > 0 else 0.0), joints)
    return turns, hips


def _arm(turns: dict[str, Matrix], side: str, sign: float, forward: float, joints: Joints) -> None:
    """One arm; forward is 1 at the front of the swing and -1 at the back."""
    chest = turns["spine.003"]
    turns[f"shoulder.{side}"] = chest @ _turn(z=sign * -2.5 * forward, y=sign * 3.0)
    upper = joints[f"upper_arm.{side}"][1] - joints[f"upper_arm.{side}"][0]
    fore = joints[f"forearm.{side}"][1] - joints[f"forearm.{side}"][0]
    swing = ARM_SWING * forward - 0.04
    out = np.radians(14.0)
    hang = Vector((sign * np.sin(out), -np.sin(swing), -np.cos(swing)))
    bend = 0.30 + 0.17 * forward
    hand = Vector((sign * np.sin(np.radians(4.0)), -np.sin(swing + bend), -np.cos(swing + bend)))
    # Palms face the thighs: roll the whole arm about itself after aiming it.
    roll = Matrix.Rotation(sign * np.radians(25.0), 3, hang)
    aim_upper = Vector(upper).normalized().rotation_difference(hang.normalized()).to_matrix()
    turns[f"upper_arm.{side}"] = roll @ aim_upper
    carried = turns[f"upper_arm.{side}"] @ Vector(fore)
    correct = carried.normalized().rotation_difference(hand.normalized()).to_matrix()
    turns[f"forearm.{side}"] = correct @ turns[f"upper_arm.{side}"]
    lag = _turn(x=-5.0 + 6.0 * forward)
    turns[f"hand.{side}"] = lag @ turns[f"forearm.{side}"]


def _curl(side: str) -> dict[str, Quaternion]:
    """Relaxed fingers: constant rotations about each finger bone's own x axis."""
    angles = {
        "f_index": (2, 9, 6),
        "f_middle": (5, 12, 8),
        "f_ring": (8, 14, 9),
        "f_pinky": (9, 15, 10),
        "thumb": (0, 5, 6),
    }
    return {
        f"{finger}.0{k + 1}.{side}": Quaternion((1.0, 0.0, 0.0), np.radians(angle))
        for finger, bends in angles.items()
        for k, angle in enumerate(bends)
    }


def animate(rig: bpy.types.Object, joints: Joints, frames: int) -> None:
    """Keys frames 1 to frames + 1 of a looping walk on the rig's pose bones."""
    pose_bones = rig.pose.bones
    for side in "LR":
        for name, turn in _curl(side).items():
            pose_bones[name].rotation_quaternion = turn
            pose_bones[name].keyframe_insert("rotation_quaternion", frame=1)
    previous: dict[str, Quaternion] = {}
    for frame in range(frames + 1):
        turns, hips = _pose(frame % frames / frames, joints)
        for name, turn in turns.items():
            bone = pose_bones[name]
            rest = bone.bone.matrix_local.to_3x3()
            parent = _inherited(bone, turns)
            basis = (rest.inverted() @ parent.inverted() @ turn @ rest).to_quaternion()
            if name in previous and previous[name].dot(basis) < 0:
                basis.negate()
            previous[name] = bone.rotation_quaternion = basis
            bone.keyframe_insert("rotation_quaternion", frame=frame + 1)
        root = pose_bones["spine"]
        root.location = root.bone.matrix_local.to_3x3().inverted() @ hips
        root.keyframe_insert("location", frame=frame + 1)
    rig.animation_data.action.name = "Walk"


def _inherited(bone: bpy.types.PoseBone, turns: dict[str, Matrix]) -> Matrix:
    """The armature-space rotation a bone gets from its nearest posed ancestor."""
    parent = bone.parent
    while parent is not None:
        if parent.name in turns:
            return turns[parent.name]
        parent = parent.parent
    return Matrix.Identity(3)
