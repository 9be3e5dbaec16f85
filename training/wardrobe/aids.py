# SPDX-License-Identifier: GPL-3.0-or-later
"""Prostheses and wheelchairs."""

from __future__ import annotations

import numpy as np

from training.figure import SEGMENTS
from training.wardrobe.fitting import Fitting
from training.wardrobe.palette import metal_or_wood
from training.wardrobe.shapes import Shape, ball, box, circle, corner_values, merged, rod, tube
from training.wardrobe.trunk import Cloth

WHEELCHAIR = "wheelchair"  # its figure sits in every pose


def prosthesis(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A shin and foot, or a hand, of metal or plastic; it is bare body, as what it stands for."""
    side = str(rng.choice(["l", "r"]))
    color = metal_or_wood(rng) if rng.random() < 0.6 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("prosthesis"), fit.new_material("prosthesis", color)
    if rng.random() < 0.65:
        _leg(fit, rng, side, piece, material)
    else:
        _hand(fit, rng, side, piece, material)


def _leg(fit: Fitting, rng: np.random.Generator, side: str, piece: int, material: int) -> None:
    unit, body = fit.body.unit, fit.body
    knee, ankle = (np.asarray(p, float) for p in fit.skeleton.bone(f"lower leg {side}"))
    toes = np.asarray(fit.skeleton.bone(f"foot {side}")[1], float)
    cut = knee + (ankle - knee) * rng.uniform(0.15, 0.55)
    _drop(fit, side, ("lower leg", "foot"), below=float(cut[2]))
    thick = rng.uniform(0.015, 0.03) * unit
    socket = rod(cut + [0, 0, 0.03 * unit], cut - [0, 0, 0.06 * unit], 0.06 * unit, 0.03 * unit, 14)
    shapes = [(socket, "lower leg"), (rod(cut, ankle, thick, thick, 10, 4), "lower leg")]
    if rng.random() < 0.4:  # a blade for running
        heel = ankle + [0, 0.08 * unit, 0]
        shapes = [*shapes[:1], (rod(cut, heel, thick, thick, 8, 4), "lower leg")]
        low = np.array([toes[0], toes[1], body.sole + thick])
        shapes.append((rod(heel, low, thick, 0.8 * thick, 8, 4), "foot"))
    else:
        middle = (ankle + toes) / 2
        middle[2] = body.sole + 0.03 * unit
        half = np.array([0.04, max(abs(toes[1] - ankle[1]) / unit * 0.65, 0.05), 0.03]) * unit
        shapes.append((box(middle, half, 0.6), "foot"))
    for shape, segment in shapes:
        _rigid(fit, shape, material, piece, f"{segment} {side}")


def _hand(fit: Fitting, rng: np.random.Generator, side: str, piece: int, material: int) -> None:
    unit = fit.body.unit
    start, end = (np.asarray(p, float) for p in fit.skeleton.bone(f"hand {side}"))
    _drop(fit, side, ("hand",))
    axis = end - start
    parts = [ball(start + 0.3 * axis, 0.04 * unit, 12, 9)]
    for turn in np.linspace(-0.6, 0.6, 3):
        spread = np.array([0.0, turn, 0.0]) * 0.08 * unit
        parts.append(rod(start + 0.3 * axis, end + spread, 0.012 * unit, 0.006 * unit, 8, 3))
    _rigid(fit, merged(*parts), material, piece, f"hand {side}")


def _drop(fit: Fitting, side: str, segments: tuple[str, ...], below: float = 9.0) -> None:
    wanted = [SEGMENTS.index(f"{name} {side}") for name in segments]
    own = np.isin(corner_values(fit.faces, fit.segment), wanted).all(1)
    fit.remove(own & (corner_values(fit.faces, fit.rest[:, 2]).max(1) < below))


def wheelchair(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A seat with a back, two large wheels and two small ones; it moves with the pelvis."""
    unit = fit.body.unit
    hip, knee = (np.asarray(p, float) for p in fit.skeleton.bone("thigh l"))
    shin = float(np.linalg.norm(np.subtract(*fit.skeleton.bone("lower leg l"))))
    long = float(np.linalg.norm(knee - hip))
    middle = np.array([0.0, fit.body.neck_y, hip[2]])
    wide = 0.24 * unit
    low = middle - [0, 0, 0.11 * unit]
    back, foot = middle + [0, 0.16 * unit, 0], low + [0, -1.15 * long, -0.95 * shin]
    thin = 0.012 * unit
    frame = [
        box(low + [0, -0.4 * long, 0], np.array([wide, 0.55 * long, 0.02 * unit]), 0.3),
        box(back + [0, 0, 0.22 * unit], np.array([wide, 0.015 * unit, 0.24 * unit]), 0.3),
        box(foot, np.array([0.8 * wide, 0.09 * unit, thin])),
    ]
    for sign in (-1, 1):
        out = np.array([sign * wide, 0, 0])
        front = low + out + [0, -0.9 * long, 0]
        frame.append(rod(front, foot + out + [0, 0.05 * long, 0], thin, thin, 8))
        handle = back + out + [0, 0.08 * unit, 0.42 * unit]
        frame.append(rod(back + out + [0, 0, -0.1 * unit], handle, thin, thin, 8))
    wheels = []
    for sign in (-1, 1):
        at = low + [sign * (wide + 0.03 * unit), 0.06 * unit, 0]
        wheels.append(_wheel(at, 0.3 * unit, 0.018 * unit, bool(rng.random() < 0.5)))
        small = low + [sign * wide * 0.9, -0.95 * long, -0.26 * unit]
        wheels.append(_wheel(small, 0.07 * unit, 0.016 * unit, True))
    piece = fit.new_piece("prop")
    steel = fit.new_material("frame", metal_or_wood(rng))
    black = fit.new_material("wheel", (0.06, 0.06, 0.07))
    _rigid(fit, merged(*frame), steel, piece, "pelvis", "prop")
    _rigid(fit, merged(*wheels), black, piece, "pelvis", "prop")


def _wheel(at: np.ndarray, radius: float, thick: float, closed: bool) -> Shape:
    """A tyre about the X axis, with a disc or spokes."""
    plane, around = circle(28), circle(8)
    rings = [
        np.column_stack([
            np.full(28, thick * s), plane * (radius + thick * c),
        ]) + at for c, s in around
    ]  # fmt: skip
    tyre = tube(np.stack([*rings, rings[0]])[::-1])
    if closed:
        disc = ball(at, np.array([0.4 * thick, 0.95 * radius, 0.95 * radius]), 20, 7)
        return merged(tyre, disc)
    spokes = [
        rod(at, at + [0, radius * c, radius * s], 0.25 * thick, 0.25 * thick, 5)
        for c, s in circle(8)
    ]
    return merged(tyre, *spokes)


def _rigid(
    fit: Fitting, shape: Shape, material: int, piece: int, segment: str, surface: str = "skin"
) -> None:
    """Adds what follows a segment: a part of it where it is bare body, on no region otherwise."""
    joints, weights = fit.rigid(len(shape.vertices), segment)
    region = segment.removesuffix(" l").removesuffix(" r") if surface == "skin" else "none"
    first = len(fit.vertices)
    fit.add(shape, material, surface, piece, joints, weights, region)
    fit.segment[first:] = SEGMENTS.index(segment)
