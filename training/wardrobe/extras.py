# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn over clothes: capes, scarves, ties, belts, gloves, armour."""

from __future__ import annotations

import numpy as np

from training.bank import REGIONS, surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.hanging import cape_shape
from training.wardrobe.measure import NECK, TRUNK
from training.wardrobe.palette import detail, metal_or_wood
from training.wardrobe.shapes import (
    ball,
    box,
    circle,
    corner_values,
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
        _add_pauldrons(fit, rng, material, piece)
    if rng.random() < 0.7:
        field = np.where(fit.arm > -1, np.minimum(fit.arm - 1.12, 1.9 - fit.arm), OUT) * 0.25 * unit
        fit.lift(field, material, 0.01 * unit, 6, **labels)
    if rng.random() < 0.7:
        height = fit.rest[:, 2]
        high = body.knee + rng.choice([-0.05, 0.06]) * unit
        field = np.where(
            fit.on("lower leg", "thigh"),
            np.minimum(high - height, height - body.ankle - 0.03 * unit),
            OUT,
        )
        fit.lift(field, material, 0.01 * unit, 6, **labels)
    if rng.random() < 0.3:
        height = fit.rest[:, 2]
        field = np.where(
            fit.on("thigh"),
            np.minimum(body.crotch - 0.06 * unit - height, height - body.knee - 0.08 * unit),
            OUT,
        )
        fit.lift(field, material, np.minimum(0.01 * unit, 0.3 * abs(fit.rest[:, 0])), 6, **labels)


def _add_pauldrons(fit: Fitting, rng: np.random.Generator, material: int, piece: int) -> None:
    """Half balls over both shoulders."""
    unit = fit.body.unit
    for side in "lr":
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
