# SPDX-License-Identifier: GPL-3.0-or-later
"""Random poses within what joints can do, and the mixture that training draws from.

Arms are set by where the hand is: positions are from the shoulder, in lengths of a straight arm, in
the axes of the torso, for the left arm (x outwards, y backwards, z up); the right arm mirrors them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from .poses import Pose, mirrored
from .rotations import MIRROR, about, about_axis, partly, unit

Random = np.random.Generator

# Name -> (hand, where the elbow points, how far the hand strays).
_REACHES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...], float]] = {
    "hanging": ((0.14, -0.06, -0.95), (0.3, 0.9, 0), 0.05),
    "a little out": ((0.4, -0.05, -0.86), (0.3, 0.9, 0), 0.08),
    "straight out": ((0.98, -0.05, 0.0), (0, 0.9, -0.4), 0.10),
    "on the hip": ((0.12, -0.08, -0.70), (1, 0.5, -0.1), 0.04),
    "crossed": ((-0.42, -0.34, -0.32), (0.7, -0.2, -0.8), 0.05),
    "on the belly": ((-0.25, -0.32, -0.55), (0.9, 0.2, -0.6), 0.06),
    "up": ((0.2, -0.05, 0.93), (0.9, -0.2, 0), 0.10),
    "waving": ((0.5, -0.2, 0.55), (0.6, 0.2, -0.8), 0.10),
    "forward": ((0.0, -0.95, 0.05), (0.5, 0, -0.9), 0.12),
    "to the face": ((-0.22, -0.42, 0.22), (0.5, -0.4, -0.9), 0.05),
    "behind the head": ((-0.10, 0.08, 0.42), (0.9, -0.3, 0.4), 0.03),
    "behind the back": ((-0.10, 0.26, -0.60), (0.6, 0.8, -0.2), 0.04),
    "carrying": ((0.02, -0.55, -0.40), (0.4, 0.3, -0.9), 0.08),
    "swung forward": ((0.05, -0.60, -0.62), (0.3, 0.7, -0.6), 0.10),
    "swung back": ((0.15, 0.48, -0.80), (0.3, 0.9, 0.1), 0.08),
}
_EASY = ("hanging", "a little out", "on the hip", "carrying", "on the belly")


def random_pose(rng: Random) -> Pose:
    """A plausible pose: standing with any gesture, walking, sitting, kneeling, bending, jumping,
    turning a cartwheel.
    """
    kinds: Sequence[tuple[Callable[[Random], Pose], float]] = (
        (_standing, 0.42), (_striding, 0.20), (_sitting, 0.13), (_kneeling, 0.07),
        (_squatting, 0.08), (_leaping, 0.10), (_cartwheel, 0.06),
    )  # fmt: skip
    chances = np.array([share for _, share in kinds])
    pose = kinds[rng.choice(len(kinds), p=chances / chances.sum())][0](rng)
    pose = replace(pose, curl=(float(rng.uniform(0, 55)), float(rng.uniform(0, 55))))
    return mirrored(pose) if rng.random() < 0.5 else pose


def rest_pose(rng: Random) -> Pose:
    """Near rest: T- or A-pose, or the figure's own, with every joint a few degrees off."""
    if rng.random() < 0.4:
        rotations = {s: _jitter(rng, 4) for s in ("torso", "head")}
        return Pose(rotations, name="rest", rest_arms=True)
    rotations = _body(rng, lean=3, head=8)
    down = rng.choice([0.0, rng.uniform(20, 55)])
    for side, sign in (("l", 1), ("r", -1)):
        arm = rotations["torso"] @ about("y", sign * down) @ _jitter(rng, 3)
        rotations |= {f"upper arm {side}": arm, f"forearm {side}": arm @ _jitter(rng, 3)}
        leg = about("y", -sign * rng.uniform(0, 12)) @ _jitter(rng, 2)
        rotations |= {f"thigh {side}": leg, f"lower leg {side}": leg, f"foot {side}": np.eye(3)}
    return Pose(rotations, name="T" if down == 0 else "A")


def draw_pose(rng: Random, motions: Sequence[Pose]) -> Pose:
    """Half from motions (each clip as likely as another), 35 % random, 15 % near rest."""
    kind = rng.random()
    if kind < 0.5 and motions:
        clips: dict[str, list[Pose]] = {}
        for pose in motions:
            clips.setdefault(pose.name.split(":")[0], []).append(pose)
        frames = list(clips.values())[rng.integers(len(clips))]
        drawn = frames[rng.integers(len(frames))]
        drawn = replace(drawn, curl=(float(rng.uniform(0, 50)), float(rng.uniform(0, 50))))
        return mirrored(drawn) if rng.random() < 0.5 else drawn
    return random_pose(rng) if kind < 0.85 else rest_pose(rng)


def sitting_pose(rng: Random) -> Pose:
    """On a chair, whichever way the arms are."""
    pose = _sitting(rng)
    return replace(pose, curl=(float(rng.uniform(0, 55)), float(rng.uniform(0, 55))))


def tumbled(pose: Pose, rng: Random) -> Pose:
    """The whole figure turned in some direction, as in a somersault or a cartwheel."""
    turned = Rotation.random(random_state=rng).as_matrix()
    segments = {"pelvis", *pose.rotations}
    rotations = {s: turned @ pose.rotation(s) for s in segments}
    return replace(pose, rotations=rotations, name=f"{pose.name} tumbled")


def _standing(rng: Random) -> Pose:
    rotations = _body(rng, lean=14, head=35)
    for side in "lr":
        flex = rng.uniform(-6, 12)
        rotations |= _leg(side, flex, rng.uniform(0, 14), rng.uniform(0, 18), max(flex, 0) + 3)
    if rng.random() < 0.25:  # the weight on one leg
        rotations |= _leg("l", rng.uniform(10, 30), rng.uniform(0, 10), 10, rng.uniform(20, 50))
    both = str(rng.choice(list(_REACHES)))
    for side in "lr":
        other = str(rng.choice(_EASY if rng.random() < 0.5 else list(_REACHES)))
        rotations |= _arm(rng, side, both if rng.random() < 0.6 else other, rotations["torso"])
    return Pose(rotations, name=f"standing, {both}")


def _striding(rng: Random) -> Pose:
    pace = rng.uniform(0.4, 1.6)  # 1: a fast walk; more: a run
    rotations = _body(rng, lean=4 + 8 * pace, head=15)
    twist = about("z", -10 * pace)
    rotations["torso"] = rotations["torso"] @ twist
    rotations |= _leg("l", 28 * pace, 2, 4, rng.uniform(2, 25) * pace)
    rotations |= _leg("r", -17 * pace, 2, 4, rng.uniform(15, 60) * pace)
    ahead = "carrying" if pace > 1.1 else "swung forward"
    rotations |= _arm(rng, "l", "swung back", rotations["torso"])
    rotations |= _arm(rng, "r", ahead, rotations["torso"])
    return Pose(rotations, name="striding")


def _sitting(rng: Random) -> Pose:
    rotations = _body(rng, lean=18, head=30)
    for side in "lr":
        flex = rng.uniform(70, 100)
        rotations |= _leg(side, flex, 0, rng.uniform(-3, 28), flex + rng.uniform(-35, 20))
        reach = str(rng.choice(["carrying", "on the belly", "hanging", "swung forward", "crossed"]))
        rotations |= _arm(rng, side, reach, rotations["torso"])
    return Pose(rotations, name="sitting")


def _kneeling(rng: Random) -> Pose:
    rotations = _body(rng, lean=20, head=25)
    upright = rng.uniform(-5, 60)
    rotations |= _leg("l", upright, 4, 8, upright + rng.uniform(80, 100), 45)
    if rng.random() < 0.5:  # on one knee
        rotations |= _leg("r", rng.uniform(80, 105), 2, 8, rng.uniform(80, 110))
    else:
        rotations |= _leg("r", upright, 4, 8, upright + rng.uniform(80, 100), 45)
    for side in "lr":
        rotations |= _arm(rng, side, str(rng.choice(_EASY)), rotations["torso"])
    return Pose(rotations, name="kneeling")


def _squatting(rng: Random) -> Pose:
    rotations = _body(rng, lean=10, head=20)
    forward = about("x", rng.uniform(10, 45))
    for segment in ("pelvis", "torso", "head"):
        rotations[segment] = forward @ rotations[segment]
    depth = rng.uniform(25, 105)
    for side in "lr":
        stray = rng.uniform(-12, 12)
        rotations |= _leg(side, depth + stray, 3, rng.uniform(0, 35), 1.25 * depth + stray)
        reach = str(rng.choice(["forward", "carrying", "swung forward", "to the face", "up"]))
        rotations |= _arm(rng, side, reach, rotations["torso"])
    return Pose(rotations, name="squatting")


def _leaping(rng: Random) -> Pose:
    rotations = _body(rng, lean=20, head=25)
    for side in "lr":
        flex = rng.uniform(-35, 95)
        knee = max(flex, 0) * rng.uniform(0.2, 1.4) + rng.uniform(0, 50)
        rotations |= _leg(side, flex, rng.uniform(0, 45), rng.uniform(0, 20), knee, 40)
        rotations |= _arm(rng, side, str(rng.choice(list(_REACHES))), rotations["torso"])
    tilt = about("x", rng.normal(0, 12)) @ about("y", rng.normal(0, 8))
    return Pose({s: tilt @ r for s, r in rotations.items()}, name="leaping")


def _cartwheel(rng: Random) -> Pose:
    """Arms up, legs apart, at any angle about the line of sight."""
    rotations = _body(rng, lean=10, head=15)
    for side in "lr":
        flex, spread, knee = rng.uniform(-25, 40), rng.uniform(5, 65), rng.uniform(0, 40)
        rotations |= _leg(side, flex, spread, rng.uniform(0, 25), knee, 45)
        rotations |= _arm(rng, side, "up", rotations["torso"])
    turned = about("y", rng.uniform(0, 360)) @ about("x", rng.normal(0, 12))
    return Pose({s: turned @ r for s, r in rotations.items()}, name="cartwheel")


def _body(rng: Random, lean: float, head: float) -> dict[str, np.ndarray]:
    """Pelvis, torso and head; `lean` and `head` are how many degrees they turn at most, about."""
    pelvis = (
        about("z", rng.normal(0, 4)) @ about("y", rng.normal(0, 2)) @ about("x", rng.normal(0, 3))
    )
    bend = abs(rng.normal(0, lean)) if rng.random() < 0.75 else -abs(rng.normal(0, lean / 2))
    torso = pelvis @ about("z", rng.normal(0, lean * 0.7))
    torso = torso @ about("y", rng.normal(0, lean * 0.4)) @ about("x", np.clip(bend, -20, 60))
    look = about("z", np.clip(rng.normal(0, head * 0.6), -65, 65))
    look = look @ about("x", np.clip(rng.normal(0, head * 0.35), -30, 35))
    look = look @ about("y", rng.normal(0, head * 0.15))
    upright = torso @ about("x", -0.5 * np.clip(bend, -20, 60))  # eyes stay up when bending
    return {"pelvis": pelvis, "torso": torso, "head": upright @ look}


def _leg(
    side: str, flex: float, spread: float, out: float, knee: float, toes: float | None = None
) -> dict[str, np.ndarray]:
    """Degrees: thigh forwards, thigh and toes outwards, knee bent, toes down (None: sole level)."""
    knee = float(np.clip(knee, 0, 145))
    thigh = about("y", -spread) @ about("z", out) @ about("x", -flex)
    shin = thigh @ about("x", knee)
    toes = flex - knee if toes is None else toes
    foot = shin @ about("x", float(np.clip(toes, -25, 50)))
    turned = {"thigh": thigh, "lower leg": shin, "foot": foot}
    return {f"{s} {side}": r if side == "l" else MIRROR @ r @ MIRROR for s, r in turned.items()}


def _arm(rng: Random, side: str, reach: str, torso: np.ndarray) -> dict[str, np.ndarray]:
    """Upper arm, forearm and hand so that the hand is where `reach` says, about."""
    place, pole, stray = _REACHES[reach]
    upper, lower = _two_bones(
        np.array(place) + rng.normal(0, stray, 3), np.array(pole) + rng.normal(0, 0.15, 3)
    )
    twist = about_axis(lower[:, 0], float(np.clip(rng.normal(0, 25), -60, 60)))
    wrist = about_axis(lower[:, 2], rng.normal(0, 8)) @ about_axis(lower[:, 1], rng.normal(0, 14))
    turned = {
        "upper arm": upper,
        "forearm": partly(twist, 0.5) @ lower,
        "hand": wrist @ twist @ lower,
    }
    if side == "r":
        turned = {s: MIRROR @ r @ MIRROR for s, r in turned.items()}
    return {f"{s} {side}": torso @ r for s, r in turned.items()}


def _two_bones(hand: np.ndarray, pole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """((3, 3), (3, 3)) of a left upper arm and forearm of half an arm each that reach `hand`.

    By the law of cosines; the elbow bends towards `pole`. In the standard pose the elbow bends the
    forearm from +X to -Y.
    """
    distance = float(np.clip(np.linalg.norm(hand), 0.28, 0.995))
    along = unit(hand)
    side = pole - (pole @ along) * along
    if np.linalg.norm(side) < 1e-3:
        side = np.cross(along, np.array([0.3, 0.5, 0.8]))
    elbow = along * distance / 2 + unit(side) * np.sqrt(0.25 - distance**2 / 4)
    upper, lower = unit(elbow), unit(along * distance - elbow)
    hinge = unit(np.cross(along, unit(side)))  # standard: -Y is where the forearm goes, so +Z
    return tuple(  # type: ignore[return-value]
        np.column_stack([x, np.cross(hinge, x), hinge]) for x in (upper, lower)
    )


def _jitter(rng: Random, degrees: float) -> np.ndarray:
    turned = np.eye(3)
    for axis in "xyz":
        turned = turned @ about(axis, rng.normal(0, degrees))
    return turned
