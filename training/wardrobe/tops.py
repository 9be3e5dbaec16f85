# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn on the trunk next to the body: shirts of all kinds and sweaters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.wardrobe.fitting import Fitting
from training.wardrobe.palette import Color
from training.wardrobe.shapes import ball
from training.wardrobe.trunk import (
    OUT,
    Cloth,
    Cut,
    between,
    cuffs,
    front_strip,
    hip_hem,
    top,
    trim,
    turned_collar,
)


def t_shirt(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    sleeve = rng.uniform(0.35, 0.95)
    c = Cut(
        hip_hem(fit, rng),
        sleeve,
        rng.uniform(1.1, 1.6),
        rng.choice([0, 0.02]),
        v=rng.choice([0, 0, 0.06]) * fit.body.unit,
    )
    piece, color = top(fit, rng, cloth, "t-shirt", c)
    style = rng.random()
    if style < 0.3:
        trim(
            fit,
            rng,
            color,
            piece,
            np.where(fit.arm > -1, fit.arm - rng.uniform(0, c.sleeve - 0.08), OUT),
        )
    elif style < 0.5:
        mid = rng.uniform(fit.body.waist, fit.body.armpit)
        stripe = rng.uniform(0.02, 0.08) * fit.body.unit - abs(fit.rest[:, 2] - mid)
        trim(fit, rng, color, piece, np.where(fit.arm < 0, stripe, OUT))
    elif style < 0.65:
        half = rng.uniform(0.04, 0.08) * fit.body.unit
        trim(
            fit,
            rng,
            color,
            piece,
            front_strip(fit, half, fit.body.armpit - half * 1.5, fit.body.armpit + half * 0.5),
        )


def shirt(fit: Fitting, rng: np.random.Generator, cloth: Cloth, tucked: bool = False) -> None:
    unit = fit.body.unit
    sleeve = rng.choice(
        [
            rng.uniform(1.85, 2.0),
            rng.uniform(1.85, 2.0),
            rng.uniform(1.1, 1.4),
            rng.uniform(0.6, 0.85),
        ]
    )
    c = Cut(
        hip_hem(fit, rng), sleeve, 1.1, v=rng.choice([0, 0.04, 0.1]) * unit, collar=0.015 * unit
    )
    piece, color = top(fit, rng, cloth, "shirt", c)
    strip = rng.uniform(0.012, 0.02) * unit
    trim(fit, rng, color, piece, front_strip(fit, strip))
    if rng.random() < 0.5:
        trim(
            fit,
            rng,
            color,
            piece,
            np.where(fit.arm > -1, fit.arm - c.sleeve + rng.uniform(0.12, 0.25), OUT),
        )
    if rng.random() < 0.35:
        _pocket(fit, rng, color, piece, 0.035 * unit)
    if not cloth.painted:
        turned_collar(fit, rng, color, piece, "shirt", 0.02 * unit)


def _pocket(fit: Fitting, rng: np.random.Generator, color: Color, piece: int, half: float) -> None:
    """A pocket on one side of the chest, twice `half` metres wide."""
    armpit, unit = fit.body.armpit, fit.body.unit
    side = rng.choice([-1, 1]) * 0.07 * unit
    low, high = armpit - 0.05 * unit, armpit + 0.03 * unit
    trim(fit, rng, color, piece, front_strip(fit, half, low, high, side))


def polo_shirt(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    unit = fit.body.unit
    c = Cut(
        hip_hem(fit, rng),
        rng.uniform(0.5, 0.95),
        1.1,
        collar=0.012 * unit,
        v=rng.choice([0, 0.03]) * unit,
    )
    piece, color = top(fit, rng, cloth, "polo shirt", c)
    trim(fit, rng, color, piece, front_strip(fit, 0.015 * unit, fit.body.armpit - 0.02 * unit))
    if rng.random() < 0.5:
        trim(fit, rng, color, piece, cuffs(fit, replace(c, hem=-9)))
    if not cloth.painted:
        turned_collar(fit, rng, color, piece, "polo shirt", 0.015 * unit)


def blouse(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    unit = fit.body.unit
    cloth = replace(cloth, loose=rng.uniform(0.4, 1))
    c = Cut(
        hip_hem(fit, rng),
        rng.choice([0.4, 0.9, 1.5, 1.9]),
        rng.uniform(1.4, 2.1),
        rng.uniform(0, 0.04) * unit,
        v=rng.choice([0, 0.1]) * unit,
    )
    piece, color = top(fit, rng, cloth, "blouse", c)
    if rng.random() < 0.4:
        trim(fit, rng, color, piece, cuffs(fit, c))


def scrub_top(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    unit = fit.body.unit
    cloth = replace(cloth, loose=rng.uniform(0.4, 0.9))
    c = Cut(
        fit.body.crotch + rng.uniform(0, 0.05) * unit,
        rng.uniform(0.6, 0.95),
        1.3,
        v=rng.uniform(0.08, 0.12) * unit,
    )
    piece, color = top(fit, rng, cloth, "scrub top", c)
    _pocket(fit, rng, color, piece, 0.04 * unit)


def tank_top(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    unit = fit.body.unit
    c = Cut(
        hip_hem(fit, rng),
        0,
        rng.uniform(1.3, 2.0),
        rng.uniform(0.02, 0.08) * unit,
        strap=rng.uniform(0.62, 0.9),
    )
    piece, color = top(fit, rng, cloth, "tank top", c, 0.003)
    if rng.random() < 0.3:
        trim(fit, rng, color, piece, front_strip(fit, 0.06 * unit, fit.body.waist, fit.body.armpit))


def crop_top(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    hem = between(rng, body.waist + 0.25 * (body.armpit - body.waist), body.armpit - 0.05 * unit)
    sleeve = rng.choice([0, 0, 0.4, 1.8])
    c = Cut(
        hem,
        sleeve,
        rng.uniform(1.3, 1.9),
        rng.uniform(0, 0.06) * unit,
        strap=rng.uniform(0.65, 0.9),
        strapless=sleeve == 0 and rng.random() < 0.35,
    )
    top(fit, rng, cloth, "crop top", c, 0.003)


def sweater(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    cloth = replace(cloth, loose=rng.uniform(0.4, 1))
    collar = rng.choice([0, 0.01, 0.05]) * unit
    c = Cut(
        hip_hem(fit, rng),
        rng.uniform(1.85, 2.05),
        1.2,
        collar=collar,
        v=0 if collar else rng.choice([0, 0, 0.1]) * unit,
    )
    piece, color = top(fit, rng, cloth, "sweater", c, rng.uniform(0.008, 0.014))
    if rng.random() < 0.7:
        trim(fit, rng, color, piece, cuffs(fit, c))
    if rng.random() < 0.4:
        low = body.hip + 0.2 * (body.waist - body.hip)
        trim(fit, rng, color, piece, front_strip(fit, 0.1 * unit, low, low + 0.13 * unit))
    if rng.random() < 0.45 and not cloth.painted:
        hood = ball(
            np.array([0, body.neck_y + 0.075 * unit, body.neck - 0.01 * unit]),
            np.array([0.11, 0.07, 0.075]) * unit,
            16,
            9,
        )
        joints, weights = fit.rigid(len(hood.vertices), "torso")
        fit.add(hood, fit.new_material("hood", color), "sweater", piece, joints, weights, "torso")
