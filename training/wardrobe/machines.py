# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies that are not flesh: robots and dummies of rigid shells, and bare bones.

What they are made of is their bare body, so its surface is that of skin.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.figure import SEGMENTS, Figure
from training.wardrobe.fitting import Fitting
from training.wardrobe.mannequins import mannequin
from training.wardrobe.palette import Color, Palette, detail, metal_or_wood, palette, varied
from training.wardrobe.shapes import Shape, ball, box, circle, frame, rod, tube

_BONE: Color = (0.86, 0.82, 0.72)
_LIMBS = ("upper arm", "forearm", "hand", "thigh", "lower leg", "foot")


def robot(rng: np.random.Generator) -> Figure:
    """A machine in the shape of a person: shells on every segment, balls for joints, a visor."""
    made = mannequin(rng)
    fit = Fitting(made)
    colors = palette(rng)
    main = metal_or_wood(rng) if rng.random() < 0.5 else colors.cloth(rng)
    piece = fit.new_piece("shell")
    fit.piece[:] = piece  # may have any colour, as skin may not
    fit.material[:] = fit.new_material("core", detail(main, rng))
    shells = [fit.new_material("shell", _shade(main, colors, rng)) for _ in range(3)]
    boxy, grown = rng.random() < 0.5, rng.uniform(1.0, 1.25)
    for segment in SEGMENTS:
        if rng.random() < 0.12 and segment not in ("head", "torso"):
            continue
        own = fit.vertices[fit.segment == SEGMENTS.index(segment)]
        if len(own) < 4:
            continue
        shape = _shell(own, fit.skeleton.bone(segment), segment, boxy, grown)
        _rigid(fit, shape, shells[int(rng.integers(3))], piece, segment)
    if rng.random() < 0.8:
        _joints(fit, rng, piece, shells[0])
    _robot_head(fit, rng, piece, shells)
    figure = fit.figure()
    return replace(figure, name="robot", flat_shaded=bool(boxy and rng.random() < 0.5))


def skeleton(rng: np.random.Generator) -> Figure:
    """Bare bones: skull, ribs, hips, and two knobs on every limb."""
    made = mannequin(rng)
    fit = Fitting(made)
    piece = fit.new_piece("bones")
    color = varied(_BONE, rng, 0.12) if rng.random() < 0.8 else metal_or_wood(rng)
    bone = fit.new_material("bone", color)
    unit = fit.body.unit
    fit.remove(np.ones(len(fit.faces), bool))
    thick = rng.uniform(0.012, 0.026) * unit
    for segment in SEGMENTS:
        start, end = (np.asarray(p, float) for p in fit.skeleton.bone(segment))
        if segment[:-2] in ("upper arm", "forearm", "thigh", "lower leg"):
            _rigid(fit, rod(start, end, thick, thick * 0.85, 8, 4), bone, piece, segment)
            for at in (start, end):
                _rigid(fit, ball(at, 1.7 * thick, 8, 7), bone, piece, segment)
        elif segment.startswith(("hand", "foot")):
            _digits(fit, segment, thick, bone, piece)
    _trunk_bones(fit, rng, thick, bone, piece)
    _skull(fit, rng, bone, piece)
    return replace(fit.figure(), name="skeleton")


def _shade(main: Color, colors: Palette, rng: np.random.Generator) -> Color:
    return detail(main, rng) if rng.random() < 0.7 else colors.cloth(rng)


def _shell(
    own: np.ndarray, bone: tuple[np.ndarray, np.ndarray], segment: str, boxy: bool, grown: float
) -> Shape:
    """A box or capsule about some vertices, along their bone."""
    axis = np.asarray(bone[1], float) - bone[0]
    length = float(np.linalg.norm(axis))
    if segment in ("pelvis", "torso", "head", "neck") or length < 1e-4:
        axis = np.array([0.0, 0.0, 1.0])
    axis = axis / max(float(np.linalg.norm(axis)), 1e-9)
    side, other = frame(axis)
    matrix = np.stack([side, other, axis], 1)
    local = own @ matrix
    low, high = local.min(0), local.max(0)
    middle, half = (low + high) / 2, np.maximum((high - low) / 2, 0.004) * [grown, grown, 0.96]
    if boxy:
        shape = box(np.zeros(3), half, 0.35)
    else:
        shape = ball(np.zeros(3), half * [1.05, 1.05, 1.0], 14, 9, power=0.6)
    return shape.moved(matrix, matrix @ middle)


def _joints(fit: Fitting, rng: np.random.Generator, piece: int, material: int) -> None:
    size = rng.uniform(0.03, 0.06) * fit.body.unit
    for segment in SEGMENTS:
        if segment[:-2] in _LIMBS:
            start, _ = fit.skeleton.bone(segment)
            _rigid(fit, ball(np.asarray(start), size, 10, 7), material, piece, segment)


def _robot_head(fit: Fitting, rng: np.random.Generator, piece: int, shells: list[int]) -> None:
    at, radius = fit.body.head_center, fit.body.head_radius
    glow = fit.new_material("light", (rng.uniform(0, 1), rng.uniform(0.2, 1), rng.uniform(0.2, 1)))
    if rng.random() < 0.5:  # one visor
        half = radius * [rng.uniform(0.5, 0.85), 0.15, rng.uniform(0.08, 0.2)]
        _rigid(fit, box(at + radius * [0, -1.05, 0.1], half, 0.5), glow, piece, "head", "eye")
    else:
        for side in (-1, 1):
            eye = at + radius * [side * 0.4, -1.05, 0.15]
            _rigid(fit, ball(eye, 0.18 * radius[2], 10, 7), glow, piece, "head", "eye")
    if rng.random() < 0.4:
        top = at + radius * [rng.uniform(-0.8, 0.8), 0, 0.9]
        mast = rod(top, top + [0, 0, 0.5 * radius[2]], 0.03 * radius[2], 0.03 * radius[2], 6)
        _rigid(fit, mast, shells[1], piece, "head")
    if rng.random() < 0.5:
        for side in (-1, 1):
            disc = radius * [0.15, 0.35, 0.35]
            _rigid(
                fit, ball(at + radius * [side * 1.05, 0, 0], disc, 10, 7), shells[2], piece, "head"
            )


def _digits(fit: Fitting, segment: str, thick: float, bone: int, piece: int) -> None:
    start, end = (np.asarray(p, float) for p in fit.skeleton.bone(segment))
    side, _ = frame(end - start)
    wide = 0.22 * float(np.linalg.norm(end - start))
    for place in np.linspace(-1, 1, 5):
        tip = end + side * wide * place * 1.3
        shape = rod(start + side * wide * place * 0.5, tip, 0.5 * thick, 0.35 * thick, 6, 3)
        _rigid(fit, shape, bone, piece, segment)


def _trunk_bones(
    fit: Fitting, rng: np.random.Generator, thick: float, bone: int, piece: int
) -> None:
    body = fit.body
    pelvis, torso, neck = (fit.skeleton.bone(n) for n in ("pelvis", "torso", "neck"))
    for (start, end), name in ((pelvis, "pelvis"), (torso, "torso"), (neck, "neck")):
        _rigid(fit, rod(start, end, 1.3 * thick, 1.3 * thick, 8, 5), bone, piece, name)
    apart = abs(float(fit.skeleton.bone("thigh l")[0][0]))
    hips = np.array([1.25 * apart, 0.6 * apart, 0.55 * apart])
    _rigid(fit, ball(np.asarray(pelvis[0], float), hips, 16, 7, high=0.5), bone, piece, "pelvis")
    low, high = body.waist + 0.25 * (body.neck - body.waist), body.neck - 0.03 * body.unit
    plane, around = circle(20), circle(6)
    for step in np.linspace(0, 1, int(rng.integers(5, 9))):
        z = low + (high - low) * step
        wide = 0.8 * body.shoulder * np.sin(np.pi * (0.3 + 0.5 * step))
        rings = [
            np.column_stack([
                plane * [wide + 0.7 * thick * c, 0.62 * wide + 0.7 * thick * c],
                z + 0.7 * thick * s + 0.12 * wide * plane[:, 1],
            ])
            for c, s in around
        ]  # fmt: skip
        rib = tube(np.stack([*rings, rings[0]])[::-1])
        _rigid(fit, rib, bone, piece, "torso")
    for side in (-1, 1):
        a = np.array([0.0, -0.02 * body.unit, body.neck - 0.02 * body.unit])
        b = a + [side * body.shoulder, 0.02 * body.unit, 0.0]
        _rigid(fit, rod(a, b, 0.8 * thick, 0.8 * thick, 6), bone, piece, "torso")


def _skull(fit: Fitting, rng: np.random.Generator, bone: int, piece: int) -> None:
    at, radius = fit.body.head_center, fit.body.head_radius * [0.85, 0.95, 1.0]
    dark = fit.new_material("socket", (0.05, 0.04, 0.04))
    _rigid(
        fit,
        ball(at + radius * [0, 0.1, 0.25], radius * [0.95, 0.95, 0.75], 18, 11),
        bone,
        piece,
        "head",
    )
    _rigid(
        fit,
        box(at + radius * [0, -0.5, -0.6], radius * [0.5, 0.42, 0.35], 0.6),
        bone,
        piece,
        "head",
    )
    for side in (-1, 1):
        where = at + radius * [side * 0.38, -0.8, 0.05]
        _rigid(fit, ball(where, radius * [0.24, 0.12, 0.2], 10, 7), dark, piece, "head", "eye")
    if rng.random() < 0.7:
        teeth = box(at + radius * [0, -0.93, -0.6], radius * [0.38, 0.03, 0.12], 0.2)
        _rigid(fit, teeth, bone if rng.random() < 0.5 else dark, piece, "head", "mouth")


def _rigid(
    fit: Fitting, shape: Shape, material: int, piece: int, segment: str, surface: str = "skin"
) -> None:
    joints, weights = fit.rigid(len(shape.vertices), segment)
    region = segment[:-2] if segment.endswith((" l", " r")) else segment
    first = len(fit.vertices)
    fit.add(shape, material, surface, piece, joints, weights, region, fabric=surface == "skin")
    fit.segment[first:] = SEGMENTS.index(segment)
