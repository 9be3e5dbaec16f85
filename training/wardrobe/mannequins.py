# SPDX-License-Identifier: GPL-3.0-or-later
"""Simple people made of boxes, capsules and balls, as simple games and toys have them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from training.bank import region_index, surface_index
from training.figure import SEGMENTS, Figure, Material, Skeleton
from training.wardrobe.palette import skin_tone, varied
from training.wardrobe.shapes import Shape, ball, box, circle, frame, tube


@dataclass
class _Parts:
    """Shapes with the segments that move them."""

    shapes: list[tuple[Shape, np.ndarray, np.ndarray, np.ndarray]] = field(default_factory=list)

    def rigid(self, shape: Shape, segment: str) -> None:
        """A shape that follows one segment."""
        own = SEGMENTS.index(segment)
        joints = np.zeros((len(shape.vertices), 4), np.int16)
        joints[:, 0] = own
        weights = np.tile([1.0, 0, 0, 0], (len(joints), 1))
        self.shapes.append((shape, joints, weights, np.full(len(shape.faces), own)))

    def limb(
        self,
        segments: tuple[str, ...],
        points: np.ndarray,
        radii: np.ndarray,
        m: int,
        power: float,
        joined: bool,
        flat: float = 1.0,
    ) -> None:
        """Tapered tubes along a chain of segments; points (S + 1, 3), radii (S + 1,) metres.

        Joined ones bend smoothly; others are separate pieces with balls for joints.
        """
        numbers = [SEGMENTS.index(s) for s in segments]
        if not joined:
            for k, segment in enumerate(segments):
                axis = points[k + 1] - points[k]
                start, end = points[k] + 0.02 * axis, points[k + 1] - 0.02 * axis
                rings, _ = _rings(start, end, radii[k], radii[k + 1], m, power, 5, flat, True)
                self.rigid(tube(rings, start_cap=True, end_cap=True), segment)
            return
        stack, place = [], []
        for k in range(len(numbers)):
            rings, t = _rings(
                points[k], points[k + 1], radii[k], radii[k + 1], m, power, 6, flat, False
            )
            keep = slice(None) if k == 0 else slice(1, None)
            stack.append(rings[keep])
            place.append((k + t)[keep])
        rings = np.concatenate(stack)
        at = np.repeat(np.concatenate(place), m)  # along the chain, one unit per segment
        shape = tube(rings, start_cap=True, end_cap=True)
        at = np.concatenate([at, [0.0, float(len(numbers))]])
        last = len(numbers) - 1
        lower = np.clip(np.floor(at - 0.5), 0, last).astype(int)
        upper = np.minimum(lower + 1, last)
        share = np.clip((at - (lower + 1)) / 0.5 + 0.5, 0, 1)
        joints = np.zeros((len(at), 4), np.int16)
        joints[:, 0], joints[:, 1] = np.array(numbers)[lower], np.array(numbers)[upper]
        weights = np.zeros((len(at), 4))
        weights[:, 0], weights[:, 1] = 1 - share, share
        middle = at[np.where(shape.faces < 0, shape.faces[:, :1], shape.faces)].mean(1)
        own = np.array(numbers)[np.clip(middle.astype(int), 0, last)]
        self.shapes.append((shape, joints, weights, own))


def _rings(
    start: np.ndarray,
    end: np.ndarray,
    r0: float,
    r1: float,
    m: int,
    power: float,
    n: int,
    flat: float,
    rounded: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """((N, M, 3) rings, (N,) place 0..1); power < 1 makes the section boxy, flat its depth."""
    t = np.linspace(0, 1, n)
    if rounded:
        t = np.sort(np.concatenate([t, [0.04, 0.96]]))
    axis = np.asarray(end, float) - start
    side, other = frame(axis)
    plane: np.ndarray = circle(m)
    plane = np.sign(plane) * np.abs(plane) ** power
    radius = r0 + (r1 - r0) * t
    if rounded:
        radius = radius * np.where((t == 0) | (t == 1), 0.72, 1.0)
    ring = plane[:, :1] * side * 1.0 + plane[:, 1:] * other * flat
    return start + axis * t[:, None, None] + ring * radius[:, None, None], t


Points = dict[str, tuple[np.ndarray, np.ndarray]]  # segment -> where it starts and ends


@dataclass(frozen=True)
class _Build:
    """How a person is made: how round and how jointed, and lengths in metres."""

    power: float  # below 1 sections are boxy
    m: int  # points of a section
    joined: bool  # limbs bend smoothly
    legs: float
    trunk: float
    head: float
    arm: float
    wide: float
    deep: float
    limb: float
    neck: float
    foot: float
    apart: float  # of the hips from the middle

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> _Build:
        """Proportions by chance."""
        u = rng.uniform
        boxy = rng.random() < 0.45
        power = u(0.35, 0.6) if boxy else u(0.75, 1.0)
        m = int(rng.choice([8, 8, 12, 16])) if boxy else int(rng.choice([6, 8, 10, 14, 18]))
        joined = rng.random() < 0.6
        legs, trunk, head = u(0.3, 0.9), u(0.38, 0.6), u(0.24, 0.6)
        arm = trunk * u(0.85, 1.25)
        wide, deep = trunk * u(0.28, 0.48), trunk * u(0.17, 0.33)
        limb = trunk * u(0.07, 0.17)
        neck, foot = u(0.0, 0.08), u(0.04, 0.09)
        apart = wide * u(0.4, 0.6)
        return cls(power, m, joined, legs, trunk, head, arm, wide, deep, limb, neck, foot, apart)


def mannequin(rng: np.random.Generator) -> Figure:
    """A bare, blocky person of drawn proportions whose joints are SEGMENTS."""
    build = _Build.drawn(rng)
    points, hand = _place_joints(build, rng)
    parts = _Parts()
    _trunk(parts, points, build, rng)
    _head(parts, points, build.head, rng)
    _limbs(parts, points, build, hand, rng)
    return _assembled(parts, points, rng)


def _place_joints(build: _Build, rng: np.random.Generator) -> tuple[Points, float]:
    """Where the segments are, and the radius of a hand."""
    u = rng.uniform
    foot, legs, trunk, arm = build.foot, build.legs, build.trunk, build.arm
    hip = foot + legs
    top = hip + trunk
    points: Points = {}

    def put(name: str, start: list[float], end: list[float]) -> None:
        points[name] = np.array(start, float), np.array(end, float)

    waist = hip + trunk * u(0.22, 0.35)
    chin = top + build.neck + 0.02
    put("pelvis", [0, 0, hip], [0, 0, waist])
    put("torso", [0, 0, waist], [0, 0, top])
    put("neck", [0, 0, top], [0, 0, chin])
    put("head", [0, 0, chin], [0, 0, top + build.neck + build.head])
    droop = rng.choice([0.0, u(0, 0.6), u(0.6, 1.45)])
    direction = np.array([np.cos(droop), 0, -np.sin(droop)])
    shoulder = np.array([build.wide * u(0.85, 1.0), 0, top - build.limb * u(0.9, 1.6)])
    hand = build.limb * u(1.2, 2.2)
    for side, sign in (("l", 1), ("r", -1)):
        mirror = np.array([sign, 1, 1])
        a, d = shoulder * mirror, direction * mirror
        put(f"upper arm {side}", a, a + d * arm * 0.48)
        put(f"forearm {side}", a + d * arm * 0.48, a + d * arm * 0.93)
        put(f"hand {side}", a + d * arm * 0.93, a + d * (arm * 0.93 + 2 * hand))
        x = build.apart * sign
        put(f"thigh {side}", [x, 0, hip], [x, 0, foot + legs * 0.5])
        put(f"lower leg {side}", [x, 0, foot + legs * 0.5], [x, 0, foot])
        put(f"foot {side}", [x, 0, foot], [x, -0.16 * u(0.8, 1.3), 0.02])
    return points, hand


def _limbs(
    parts: _Parts, points: Points, build: _Build, hand: float, rng: np.random.Generator
) -> None:
    """Neck, arms and legs, then hands and feet."""
    u, limb, m, power = rng.uniform, build.limb, build.m, build.power
    if build.neck > 0.02:
        chain = np.stack([points["neck"][0] - [0, 0, 0.03], points["head"][0] + [0, 0, 0.03]])
        parts.limb(("neck",), chain, np.full(2, min(limb * 1.1, build.head * 0.3)), m, 1.0, True)
    thigh = min(build.apart * u(0.75, 1.0), limb * u(1.1, 1.8))
    ends = np.array([1.0, u(0.8, 1.1), u(0.75, 1.2)])
    for side in "lr":
        arm = (f"upper arm {side}", f"forearm {side}")
        chain = np.stack([points[name][0] for name in (*arm, f"hand {side}")])
        parts.limb(arm, chain, limb * ends, m, power, build.joined)
        chain = np.stack(
            [
                points[f"thigh {side}"][0] + [0, 0, thigh * 0.3],
                points[f"lower leg {side}"][0],
                points[f"foot {side}"][0] - [0, 0, build.foot * 0.5],
            ]
        )
        radii = thigh * np.array([1, ends[1], ends[2] * 0.85])
        leg = (f"thigh {side}", f"lower leg {side}")
        parts.limb(leg, chain, radii, m, power, build.joined)
    shape_hand, shape_foot = rng.choice(["ball", "box", "mitten"]), rng.choice(["box", "egg"])
    long = u(1.6, 2.4)
    for side in "lr":
        _hand(parts, side, points[f"hand {side}"], hand, shape_hand, m)
        ankle = points[f"foot {side}"][0]
        half = np.array([thigh * 0.95, thigh * 0.55 * long, build.foot * 0.55])
        at = ankle * [1, 0, 0] + [0, -half[1] * 0.4, build.foot * 0.55]
        is_box = shape_foot == "box"
        foot = box(at, half, 0.4) if is_box else ball(at, half * 1.1, max(m, 8), 7, low=-0.6)
        parts.rigid(foot, f"foot {side}")


def _hand(
    parts: _Parts,
    side: str,
    place: tuple[np.ndarray, np.ndarray],
    radius: float,
    kind: str,
    m: int,
) -> None:
    """A ball, a box, or a mitten with a thumb."""
    start, end = place
    axis = (end - start) / np.linalg.norm(end - start)
    first, second = frame(axis)
    matrix = np.stack([first, second, axis], 1)
    size = np.full(3, radius * 0.9) if kind == "ball" else np.array([1.0, 0.62, 1.0]) * radius
    zero = np.zeros(3)
    blob = box(zero, size, 0.4) if kind == "box" else ball(zero, size, max(m, 8), 7)
    middle = start + axis * radius * 0.85
    parts.rigid(blob.moved(matrix, middle), f"hand {side}")
    if kind == "mitten":
        thumb = ball(zero, radius * np.array([0.3, 0.3, 0.55]), 8, 5)
        beside = middle + np.array([0, -0.85 * radius, 0])
        parts.rigid(thumb.moved(matrix, beside), f"hand {side}")


def _trunk(
    parts: _Parts,
    points: Points,
    build: _Build,
    rng: np.random.Generator,
) -> None:
    """Hips to shoulders as one tube that bends at the waist."""
    wide, deep, m, power = build.wide, build.deep, build.m, build.power
    hip, waist, top = points["pelvis"][0][2], points["torso"][0][2], points["neck"][0][2]
    hips, middle, chest, up = (
        rng.uniform(0.85, 1.15),
        rng.uniform(0.7, 1.1),
        rng.uniform(0.9, 1.1),
        rng.uniform(0.5, 0.95),
    )
    high = top - 0.15 * (top - waist)
    levels = np.array(
        [hip - 0.3 * wide, hip, (hip + waist) / 2, waist, (waist + top) / 2, high, top]
    )
    widths = np.array(
        [0.7 * hips, hips, (hips + middle) / 2, middle, (middle + chest) / 2, chest, up]
    )
    fine = np.linspace(levels[0], levels[-1], 13)
    widths = np.interp(fine, levels, widths)
    plane = circle(max(m, 8))
    plane = np.sign(plane) * np.abs(plane) ** power
    rings = np.stack(
        [
            np.column_stack([plane * [wide * w, deep * w**0.5], np.full(len(plane), z)])
            for z, w in zip(fine, widths, strict=True)
        ]
    )
    shape = tube(rings, start_cap=True, end_cap=True)
    z = shape.vertices[:, 2]
    share = np.clip((z - waist) / (0.3 * (top - hip)) + 0.5, 0, 1)
    joints = np.zeros((len(z), 4), np.int16)
    joints[:, 0], joints[:, 1] = SEGMENTS.index("pelvis"), SEGMENTS.index("torso")
    weights = np.stack([1 - share, share, 0 * z, 0 * z], 1)
    height = z[np.where(shape.faces < 0, shape.faces[:, :1], shape.faces)].mean(1)
    parts.shapes.append(
        (shape, joints, weights, np.where(height < waist, joints[0, 0], joints[0, 1]))
    )


def _head(
    parts: _Parts,
    points: Points,
    head: float,
    rng: np.random.Generator,
) -> None:
    start, end = points["head"]
    half = (end[2] - start[2]) / 2 + 0.01
    size = half * np.array([rng.uniform(0.75, 1.15), rng.uniform(0.75, 1.05), 1])
    centre = (start + end) / 2
    kind = rng.choice(["box", "ball", "egg", "cylinder"])
    if kind == "box":
        shape = box(centre, size * [0.9, 0.9, 1], rng.uniform(0.1, 0.5))
    elif kind == "cylinder":
        shape = ball(centre, size, 20, 11, power=0.5)
        shape = Shape(shape.vertices, shape.faces)
    else:
        shape = ball(
            centre,
            size,
            int(rng.choice([10, 16, 24])),
            int(rng.choice([7, 11, 15])),
            power=rng.uniform(0.75, 1),
        )
    parts.rigid(shape, "head")
    if rng.random() < 0.3:
        parts.rigid(ball(centre + [0, -size[1], -0.1 * half], half * 0.14, 8, 5), "head")
    if rng.random() < 0.4:
        for sign in (-1, 1):
            parts.rigid(
                ball(
                    centre + [sign * size[0] * 0.95, 0, 0], half * np.array([0.1, 0.18, 0.24]), 8, 5
                ),
                "head",
            )


def _assembled(parts: _Parts, points: Points, rng: np.random.Generator) -> Figure:
    start = np.cumsum([0] + [len(s.vertices) for s, *_ in parts.shapes])
    faces = np.concatenate(
        [
            np.where(s.faces < 0, -1, s.faces + a)
            for (s, *_), a in zip(parts.shapes, start, strict=False)
        ]
    )
    own = np.concatenate([o for *_, o in parts.shapes])
    region = np.array(
        [region_index(n.removesuffix(" l").removesuffix(" r")) for n in SEGMENTS], np.uint8
    )[own]
    color = skin_tone(rng, fantasy=0.15)
    number = int(rng.integers(1 << 30))
    return Figure(
        vertices=np.concatenate([s.vertices for s, *_ in parts.shapes]).astype(np.float32),
        faces=faces.astype(np.int32),
        uv=np.zeros((len(faces), 4, 2), np.float32),
        surface=np.full(len(faces), surface_index("skin"), np.uint8),
        region=region,
        material=np.zeros(len(faces), np.int16),
        piece=np.zeros(len(faces), np.int16),
        joints=np.concatenate([j for _, j, *_ in parts.shapes]).astype(np.int16),
        weights=np.concatenate([w for _, _, w, _ in parts.shapes]).astype(np.float32),
        skeleton=_skeleton(points),
        materials=(Material("skin", varied(color, rng, 0.02)),),
        pieces=("body",),
        name="mannequin",
        family="mannequin",
        person=f"mannequin_{number}",
    )


def _skeleton(points: Points) -> Skeleton:
    """A bone for each segment, from where it starts to where it ends."""
    parents = {"pelvis": "", "torso": "pelvis", "neck": "torso", "head": "neck"}
    for side in "lr":
        parents |= {
            f"upper arm {side}": "torso",
            f"forearm {side}": f"upper arm {side}",
            f"hand {side}": f"forearm {side}",
            f"thigh {side}": "pelvis",
            f"lower leg {side}": f"thigh {side}",
            f"foot {side}": f"lower leg {side}",
        }
    return Skeleton(
        names=SEGMENTS,
        parents=np.array(
            [SEGMENTS.index(parents[n]) if parents[n] else -1 for n in SEGMENTS], np.int32
        ),
        heads=np.stack([points[n][0] for n in SEGMENTS]).astype(np.float32),
        tails=np.stack([points[n][1] for n in SEGMENTS]).astype(np.float32),
        segments={n: (i,) for i, n in enumerate(SEGMENTS)},
    )
