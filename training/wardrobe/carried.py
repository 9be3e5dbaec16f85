# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried: bags and weapons."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.bank import surface_index
from training.figure import SEGMENTS
from training.wardrobe.fitting import Fitting
from training.wardrobe.measure import TRUNK
from training.wardrobe.palette import detail, metal_or_wood
from training.wardrobe.shapes import (
    Shape,
    ball,
    box,
    circle,
    frame,
    merged,
    rod,
    tube,
)
from training.wardrobe.trunk import OUT, Cloth


def bag(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A backpack or a satchel, with straps."""
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("bag"), fit.new_material("bag", color)
    strap = fit.new_material("strap", color if rng.random() < 0.5 else detail(color, rng))
    labels = {"surface": surface_index("bag"), "new_piece": piece}
    if rng.random() < 0.6:
        shapes, segment = _backpack(fit, rng, strap, labels), "torso"
    else:
        shapes, segment = _satchel(fit, rng, strap, labels), "pelvis"
    shape = merged(*shapes)
    joints, weights = fit.rigid(len(shape.vertices), segment)
    first = len(fit.faces)
    fit.add(shape, material, "bag", piece, joints, weights, "torso")
    if rng.random() < 0.5 and len(shapes) > 1:
        fit.material[first + len(shapes[0].faces) :] = fit.new_material(
            "pocket", detail(color, rng)
        )


def _backpack(
    fit: Fitting, rng: np.random.Generator, strap: int, labels: dict[str, int]
) -> list[Shape]:
    """The bag, by chance with a pocket; straps over both shoulders are lifted off the trunk."""
    body, unit = fit.body, fit.body.unit
    x, y, z = fit.rest.T
    trunk = fit.on("torso", "pelvis")
    points = fit.points(TRUNK)
    half = (
        np.array([rng.uniform(0.11, 0.17), rng.uniform(0.05, 0.1), rng.uniform(0.13, 0.22)]) * unit
    )
    centre_z = body.armpit - 0.06 * unit + rng.uniform(-0.05, 0.03) * unit
    near = points[abs(points[:, 2] - centre_z) < half[2] * 0.8]
    back = (near[:, 1].max() if len(near) else 0.1 * unit) + half[1] * 0.9
    band = 0.02 * unit - np.abs(np.abs(x) - 0.62 * body.shoulder)
    front = np.where(
        (y < body.neck_y + 0.04 * unit) & trunk,
        np.minimum(band, z - (body.waist + 0.06 * unit)),
        OUT,
    )
    fit.lift(front, strap, 0.007 * unit, 2, **labels)
    shapes = [box(np.array([0, back, centre_z]), half, 0.6)]
    if rng.random() < 0.6:
        shapes.append(
            box(
                np.array([0, back + half[1], centre_z - half[2] * 0.35]),
                half * [0.75, 0.45, 0.45],
                0.5,
            )
        )
    return shapes


def _satchel(
    fit: Fitting, rng: np.random.Generator, strap: int, labels: dict[str, int]
) -> list[Shape]:
    """The bag at a hip; its strap across the trunk is lifted off it."""
    body, unit = fit.body, fit.body.unit
    x, _, z = fit.rest.T
    trunk = fit.on("torso", "pelvis")
    points = fit.points(TRUNK)
    side = rng.choice([-1, 1])
    at = (
        np.array([-side * 0.8 * body.shoulder, 0, body.neck]),
        np.array([side * 0.9 * body.shoulder, 0, body.hip]),
    )
    slope = (at[1][2] - at[0][2]) / (at[1][0] - at[0][0])
    away = abs(z - (at[0][2] + slope * (x - at[0][0]))) / np.hypot(1, slope)
    fit.lift(
        np.where(trunk, rng.uniform(0.012, 0.022) * unit - away, OUT),
        strap,
        0.007 * unit,
        2,
        **labels,
    )
    half = (
        np.array([rng.uniform(0.035, 0.06), rng.uniform(0.1, 0.16), rng.uniform(0.08, 0.13)]) * unit
    )
    near = points[abs(points[:, 2] - body.hip) < half[2]]
    out = (abs(near[:, 0]).max() if len(near) else 0.17 * unit) + half[0]
    return [box(np.array([side * out, body.neck_y, body.hip - 0.02 * unit]), half, 0.5)]


def weapon(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A sword, an axe, a staff, a bow or a shield in a hand."""
    unit = fit.body.unit
    kind = rng.choice(["sword", "staff", "shield", "axe", "bow"])
    side = rng.choice(["l", "r"])
    start, end = fit.skeleton.bone(f"hand {side}")
    hand = fit.points((_hand(side),))
    grip = (hand.min(0) + hand.max(0)) / 2 if len(hand) else (start + end) / 2
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    forward = np.array([0.0, -1.0, 0.0]) - along * -along[1]
    if np.linalg.norm(forward) < 0.3:
        forward = np.array([0.0, 0.0, 1.0])
    forward /= np.linalg.norm(forward)
    piece = fit.new_piece("weapon")
    steel, wood = (
        fit.new_material("steel", metal_or_wood(rng)),
        fit.new_material("grip", metal_or_wood(rng)),
    )
    size = unit * rng.uniform(0.8, 1.3)
    across = np.cross(forward, along)
    matrix = np.stack([across, along, forward], 1)  # local z runs along the weapon
    parts = _shield(rng, steel, wood) if kind == "shield" else _armed(rng, kind, steel, wood)
    if kind == "shield":
        outward = -across if (across[0] < 0) == (side == "l") else across
        if abs(outward[0]) < 0.4:
            outward = np.array([1.0 if side == "l" else -1.0, 0, 0])
        other, third = frame(outward)
        matrix = np.stack([outward, other, third], 1)
    for shape, material in parts:
        placed = shape.moved(matrix * size, grip)
        joints, weights = fit.rigid(len(placed.vertices), f"hand {side}")
        fit.add(placed, material, "weapon", piece, joints, weights, "none")


def _armed(rng: np.random.Generator, kind: str, steel: int, wood: int) -> list[tuple[Shape, int]]:
    """Shapes and materials of a sword, an axe, a staff or a bow, along z through the grip."""
    if kind == "sword":
        return [
            (rod(np.array([0, 0, -0.08]), np.array([0, 0, 0.08]), 0.016, 0.016, 8), wood),
            (box(np.array([0, 0, 0.09]), np.array([0.02, 0.09, 0.015])), wood),
            (_blade(0.1, rng.uniform(0.6, 0.9), rng.uniform(0.02, 0.045)), steel),
        ]
    if kind == "axe":
        return [
            (rod(np.array([0, 0, -0.2]), np.array([0, 0, 0.55]), 0.016, 0.016, 8), wood),
            (
                box(np.array([0, 0.08, 0.47]), np.array([0.012, 0.09, rng.uniform(0.07, 0.13)])),
                steel,
            ),
        ]
    if kind == "staff":
        return [
            (rod(np.array([0, 0, -0.7]), np.array([0, 0, 0.75]), 0.018, 0.018, 8), wood),
            (ball(np.array([0, 0, 0.8]), rng.uniform(0.03, 0.08), 12, 7), steel),
        ]
    turn = np.linspace(-1, 1, 9)
    line = np.stack([0 * turn, 0.25 * turn**2, 0.6 * turn], 1)
    bow = [(rod(a, b, 0.014, 0.014, 6), wood) for a, b in pairwise(line)]
    return [*bow, (rod(line[0], line[-1], 0.003, 0.003, 4), steel)]


def _shield(rng: np.random.Generator, steel: int, wood: int) -> list[tuple[Shape, int]]:
    """Shapes and materials of a shield whose front is x."""
    m, r = 20, rng.uniform(0.2, 0.33)
    plane = circle(m) * r * [1, rng.uniform(1, 1.4)]
    rings = [
        np.column_stack([np.full(m, d), plane * s])
        for s, d in ((0.98, 0.03), (1, 0.045), (0.8, 0.06), (0.3, 0.085), (0.02, 0.09))
    ]
    return [
        (tube(np.stack(rings), start_cap=True), steel),
        (ball(np.array([0.09, 0, 0]), 0.05, 10, 7), wood),
    ]


def _hand(side: str) -> int:
    return SEGMENTS.index(f"hand {side}")


def _blade(start: float, end: float, half: float) -> Shape:
    """A flat pointed blade along z."""
    section = np.array([(0.006, 0), (0, half), (-0.006, 0), (0, -half)])
    levels = ((1.0, start), (0.9, end - 3 * half), (0.02, end))
    return tube(
        np.stack([np.column_stack([section * s, np.full(4, z)]) for s, z in levels]), start_cap=True
    )
