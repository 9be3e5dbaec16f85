# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn over or carried: capes, scarves, ties, belts, gloves, armour, bags, weapons."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from training.bank import REGIONS, surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.hanging import cape_shape
from training.wardrobe.measure import NECK, TRUNK
from training.wardrobe.palette import detail, metal_or_wood
from training.wardrobe.shapes import (
    Shape,
    ball,
    box,
    circle,
    corner_values,
    frame,
    merged,
    rod,
    tube,
)
from training.wardrobe.trunk import OUT, Cloth, front_strip, trim


def cape(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("cape"), fit.new_material("cape", color)
    hem = rng.uniform(body.sole + 0.05 * unit, body.hip)
    shape = cape_shape(
        fit, hem, rng.uniform(1.2, 2.3), rng.uniform(0.05, 0.35), rng.uniform(0, 0.02) * unit
    )
    z = shape.vertices[:, 2]
    chest = np.clip((z - body.hip) / (body.armpit - body.hip), 0, 1)
    legs = np.clip((body.hip - z) / (body.hip - body.knee), 0, 1) * 0.5
    left = np.clip(0.5 + shape.vertices[:, 0] / (0.3 * unit), 0, 1)
    joints = np.tile(
        [fit.joint("torso"), fit.joint("pelvis"), fit.joint("thigh l"), fit.joint("thigh r")],
        (len(z), 1),
    )
    weights = np.stack(
        [
            chest,
            (1 - chest) * (1 - legs),
            (1 - chest) * legs * left,
            (1 - chest) * legs * (1 - left),
        ],
        1,
    )
    height = corner_values(shape.faces, shape.vertices[:, 2]).mean(1)
    names = np.select([height > body.hip, height > body.knee], ["torso", "thigh"], "lower leg")
    region = np.array([REGIONS.index(n) for n in names])
    first = len(fit.faces)
    fit.add(shape, material, "cape", piece, joints, weights, region)
    if rng.random() < 0.5:
        inner = fit.new_material("lining", detail(color, rng))
        fit.material[first + len(shape.faces) // 2 :] = inner


def scarf(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("scarf"), fit.new_material("scarf", color)
    points = fit.points((NECK,))
    middle = float(np.median(points[:, 1])) if len(points) else body.neck_y
    r = body.neck_radius + 0.01 * unit
    thick = rng.uniform(0.014, 0.026) * unit
    folds = 1 + 0.12 * np.sin(np.arange(24) * rng.uniform(0.8, 2.2))
    plane, around = circle(24), circle(8)
    rings = []
    for turn in range(8):
        out = (r + thick * (0.8 + around[turn, 0]) * folds)[:, None]
        up = body.neck + 0.012 * unit + thick * rng.uniform(1.6, 2.0) * around[turn, 1] * folds
        lean = 0.35 * (plane[:, 1]) * r  # lower in front
        rings.append(np.column_stack([plane * out * [1, 1.1] + [0, middle], up + lean]))
    rings.append(rings[0])
    shape = tube(np.stack(rings)[::-1])
    joints, weights = fit.rigid(len(shape.vertices), "torso")
    joints[:, 1] = fit.joint("neck")
    weights[:, :2] = 0.5
    fit.add(shape, material, "scarf", piece, joints, weights, "neck")
    for side in (-1, 1)[: int(rng.integers(0, 3))]:
        low = rng.uniform(body.waist, body.armpit)
        strip = front_strip(fit, rng.uniform(0.03, 0.05) * unit, low, body.neck, side * 0.05 * unit)
        strip = np.where(fit.on("torso", "pelvis"), strip, OUT)
        fit.lift(strip, material, 0.01 * unit, 3, surface=surface_index("scarf"), new_piece=piece)
    if rng.random() < 0.3:
        trim(fit, rng, color, piece, fit.body.armpit - fit.rest[:, 2])


def tie(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("tie"), fit.new_material("tie", color)
    _, y, z = fit.rest.T
    low = rng.uniform(body.waist - 0.03 * unit, body.waist + 0.06 * unit)
    fall = np.clip((body.neck - z) / (body.neck - low), 0, 1)
    half = (0.016 + 0.028 * fall) * unit
    half = np.minimum(half, 0.004 * unit + (z - low))
    knot_top = body.neck - 0.45 * body.neck_radius
    strip = np.minimum(half - abs(fit.rest[:, 0]), np.minimum(z - low, knot_top + 0.03 * unit - z))
    field = np.where((y < body.neck_y) & fit.on("torso", "pelvis", "neck"), strip, OUT)
    fit.lift(field, material, 0.006 * unit, 2, surface=surface_index("tie"), new_piece=piece)


def belt(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    color = metal_or_wood(rng) if rng.random() < 0.6 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("belt"), fit.new_material("belt", color)
    height = body.hip + rng.uniform(0.45, 1.0) * (body.waist - body.hip)
    half = rng.uniform(0.014, 0.03) * unit
    field = np.where(fit.on("torso", "pelvis"), half - abs(fit.rest[:, 2] - height), OUT)
    fit.lift(field, material, 0.005 * unit, 2, surface=surface_index("belt"), new_piece=piece)
    points = fit.points(TRUNK)
    near = points[(abs(points[:, 2] - height) < 2 * half) & (abs(points[:, 0]) < 0.05 * unit)]
    if len(near) and rng.random() < 0.8:
        buckle = box(
            np.array([0, near[:, 1].min() - 0.002, height]),
            np.array([half * 1.3, 0.006 * unit, half * 1.15]),
        )
        joints, weights = fit.rigid(len(buckle.vertices), "pelvis")
        metal = fit.new_material("buckle", metal_or_wood(rng))
        fit.add(
            buckle,
            metal,
            "belt",
            piece,
            joints,
            weights,
            "pelvis" if height < body.waist else "torso",
        )


def gloves(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("glove"), fit.new_material("glove", color)
    start = rng.choice([rng.uniform(1.85, 2.0), rng.uniform(1.4, 1.8)])
    field = np.where(fit.arm > -1, (fit.arm - start) * 0.25 * fit.body.unit, OUT)
    if rng.random() < 0.15:  # without finger tips
        field = np.minimum(field, np.where(fit.arm > -1, 2.55 - fit.arm, OUT) * 0.2)
    labels = {"surface": surface_index("glove"), "new_piece": piece}
    if cloth.painted:
        fit.paint(field, material, **labels)
    else:
        fit.lift(field, material, rng.uniform(0.002, 0.006) * fit.body.unit, 3, **labels)
    if rng.random() < 0.5:
        trim(fit, rng, color, piece, np.where(fit.arm > -1, start + 0.12 - fit.arm, OUT))


def armor(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A breastplate, and by chance pauldrons, vambraces, greaves and tassets."""
    body, unit = fit.body, fit.body.unit
    color = metal_or_wood(rng) if rng.random() < 0.8 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("armor"), fit.new_material("armor", color)
    labels = {"surface": surface_index("armor"), "new_piece": piece}
    x, y, z = fit.rest.T
    low = body.hip + rng.uniform(0.4, 1.0) * (body.waist - body.hip)
    away = np.hypot(x, y - body.neck_y) - 1.4 * body.neck_radius
    plate = np.minimum(
        np.minimum(z - low, 0.95 * body.shoulder - abs(x)),
        np.maximum(away, body.neck - 0.1 * unit - z),
    )
    fit.lift(np.where(fit.on("torso", "pelvis"), plate, OUT), material, 0.014 * unit, 14, **labels)
    if rng.random() < 0.5:
        trim(fit, rng, color, piece, front_strip(fit, 0.015 * unit))
    if rng.random() < 0.7:
        for side, sign in (("l", 1), ("r", -1)):
            start, end = fit.skeleton.bone(f"upper arm {side}")
            size = rng.uniform(0.075, 0.11) * unit
            at = start + (end - start) * 0.12 + [0, 0, 0.015 * unit]
            shape = ball(
                at,
                np.array([size * 1.15, size, size * 0.9]),
                16,
                7,
                low=-0.15,
                power=rng.uniform(0.7, 1),
            )
            joints, weights = fit.rigid(len(shape.vertices), f"upper arm {side}")
            joints[:, 1] = fit.joint("torso")
            weights[:, :2] = 0.5
            fit.add(shape, material, "armor", piece, joints, weights, "upper arm")
            del sign
    if rng.random() < 0.7:
        field = np.where(fit.arm > -1, np.minimum(fit.arm - 1.12, 1.9 - fit.arm), OUT) * 0.25 * unit
        fit.lift(field, material, 0.01 * unit, 6, **labels)
    if rng.random() < 0.7:
        z = fit.rest[:, 2]
        high = body.knee + rng.choice([-0.05, 0.06]) * unit
        field = np.where(
            fit.on("lower leg", "thigh"), np.minimum(high - z, z - body.ankle - 0.03 * unit), OUT
        )
        fit.lift(field, material, 0.01 * unit, 6, **labels)
    if rng.random() < 0.3:
        z = fit.rest[:, 2]
        field = np.where(
            fit.on("thigh"),
            np.minimum(body.crotch - 0.06 * unit - z, z - body.knee - 0.08 * unit),
            OUT,
        )
        fit.lift(field, material, np.minimum(0.01 * unit, 0.3 * abs(fit.rest[:, 0])), 6, **labels)


def bag(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A backpack or a satchel, with straps."""
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("bag"), fit.new_material("bag", color)
    strap = fit.new_material("strap", color if rng.random() < 0.5 else detail(color, rng))
    labels = {"surface": surface_index("bag"), "new_piece": piece}
    x, y, z = fit.rest.T
    trunk = fit.on("torso", "pelvis")
    points = fit.points(TRUNK)
    if rng.random() < 0.6:
        half = (
            np.array([rng.uniform(0.11, 0.17), rng.uniform(0.05, 0.1), rng.uniform(0.13, 0.22)])
            * unit
        )
        centre_z = body.armpit - 0.06 * unit + rng.uniform(-0.05, 0.03) * unit
        near = points[abs(points[:, 2] - centre_z) < half[2] * 0.8]
        back = (near[:, 1].max() if len(near) else 0.1 * unit) + half[1] * 0.9
        band = 0.02 * unit - abs(abs(x) - 0.62 * body.shoulder)
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
        segment, shift = "torso", None
    else:
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
            np.array([rng.uniform(0.035, 0.06), rng.uniform(0.1, 0.16), rng.uniform(0.08, 0.13)])
            * unit
        )
        near = points[abs(points[:, 2] - body.hip) < half[2]]
        out = (abs(near[:, 0]).max() if len(near) else 0.17 * unit) + half[0]
        shapes = [box(np.array([side * out, body.neck_y, body.hip - 0.02 * unit]), half, 0.5)]
        segment, shift = "pelvis", None
    del shift
    shape = merged(*shapes)
    joints, weights = fit.rigid(len(shape.vertices), segment)
    first = len(fit.faces)
    fit.add(shape, material, "bag", piece, joints, weights, "torso")
    if rng.random() < 0.5 and len(shapes) > 1:
        fit.material[first + len(shapes[0].faces) :] = fit.new_material(
            "pocket", detail(color, rng)
        )


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
    parts: list[tuple[Shape, int]] = []
    across = np.cross(forward, along)
    matrix = np.stack([across, along, forward], 1)  # local z runs along the weapon
    if kind == "sword":
        parts = [
            (rod(np.array([0, 0, -0.08]), np.array([0, 0, 0.08]), 0.016, 0.016, 8), wood),
            (box(np.array([0, 0, 0.09]), np.array([0.02, 0.09, 0.015])), wood),
            (_blade(0.1, rng.uniform(0.6, 0.9), rng.uniform(0.02, 0.045)), steel),
        ]
    elif kind == "axe":
        parts = [
            (rod(np.array([0, 0, -0.2]), np.array([0, 0, 0.55]), 0.016, 0.016, 8), wood),
            (
                box(np.array([0, 0.08, 0.47]), np.array([0.012, 0.09, rng.uniform(0.07, 0.13)])),
                steel,
            ),
        ]
    elif kind == "staff":
        parts = [
            (rod(np.array([0, 0, -0.7]), np.array([0, 0, 0.75]), 0.018, 0.018, 8), wood),
            (ball(np.array([0, 0, 0.8]), rng.uniform(0.03, 0.08), 12, 7), steel),
        ]
    elif kind == "bow":
        turn = np.linspace(-1, 1, 9)
        line = np.stack([0 * turn, 0.25 * turn**2, 0.6 * turn], 1)
        parts = [(rod(a, b, 0.014, 0.014, 6), wood) for a, b in pairwise(line)]
        parts.append((rod(line[0], line[-1], 0.003, 0.003, 4), steel))
    else:
        m, r = 20, rng.uniform(0.2, 0.33)
        plane = circle(m) * r * [1, rng.uniform(1, 1.4)]
        rings = [
            np.column_stack([np.full(m, d), plane * s])
            for s, d in ((0.98, 0.03), (1, 0.045), (0.8, 0.06), (0.3, 0.085), (0.02, 0.09))
        ]
        parts = [
            (tube(np.stack(rings), start_cap=True), steel),
            (ball(np.array([0.09, 0, 0]), 0.05, 10, 7), wood),
        ]
        outward = -across if (across[0] < 0) == (side == "l") else across
        if abs(outward[0]) < 0.4:
            outward = np.array([1.0 if side == "l" else -1.0, 0, 0])
        other, third = frame(outward)
        matrix = np.stack([outward, other, third], 1)
    for shape, material in parts:
        placed = shape.moved(matrix * size, grip)
        joints, weights = fit.rigid(len(placed.vertices), f"hand {side}")
        fit.add(placed, material, "weapon", piece, joints, weights, "none")


def _hand(side: str) -> int:
    from training.figure import SEGMENTS

    return SEGMENTS.index(f"hand {side}")


def _blade(start: float, end: float, half: float) -> Shape:
    """A flat pointed blade along z."""
    section = np.array([(0.006, 0), (0, half), (-0.006, 0), (0, -half)])
    levels = ((1.0, start), (0.9, end - 3 * half), (0.02, end))
    return tube(
        np.stack([np.column_stack([section * s, np.full(4, z)]) for s, z in levels]), start_cap=True
    )
