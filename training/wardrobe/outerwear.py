# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn over a shirt: vests, jackets, coats."""

from __future__ import annotations

import numpy as np

from training.wardrobe.fitting import Fitting
from training.wardrobe.palette import Color
from training.wardrobe.trunk import OUT, Cloth, Cut, front_strip, tail, top, trim, turned_collar


def vest(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    unit = fit.body.unit
    opened = rng.choice([0, 0.03, 0.06]) * unit
    c = Cut(
        fit.body.hip + rng.uniform(0, 0.5) * (fit.body.waist - fit.body.hip),
        0,
        1.5,
        v=rng.uniform(0.06, 0.16) * unit,
        strap=rng.uniform(0.9, 1.02),
        open_front=opened,
    )
    piece, color = top(fit, rng, cloth, "vest", c, rng.uniform(0.005, 0.015))
    if not opened:
        trim(fit, rng, color, piece, front_strip(fit, 0.01 * unit))


def jacket(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    opened = rng.choice([0, rng.uniform(0.03, 0.09), rng.uniform(0.08, 0.15)]) * unit
    hem = rng.uniform(body.crotch, body.hip + 0.6 * (body.waist - body.hip))
    deep = rng.choice([0, rng.uniform(0.12, 0.25)]) * unit
    c = _cut(hem, rng, opened, deep, unit)
    piece, color = top(fit, rng, cloth, "jacket", c, rng.uniform(0.008, 0.016), smooth=40)
    _front(fit, rng, color, piece, opened, deep)
    if not cloth.painted and rng.random() < 0.7:
        turned_collar(fit, rng, color, piece, "jacket", 0.02 * unit)


def suit_jacket(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """With lapels, over a shirt whose collar and cuffs look out; its edges part below a button."""
    body, unit = fit.body, fit.body.unit
    deep = rng.uniform(0.13, 0.26) * unit
    c = Cut(
        body.crotch + rng.uniform(-0.03, 0.35) * (body.hip - body.crotch),
        rng.uniform(1.78, 2.0),
        rng.uniform(1.15, 1.4),
        v=deep,
        open_front=rng.choice([0.0, 0.0, rng.uniform(0.03, 0.07)]) * unit,
        button=body.hip + rng.uniform(0.1, 0.9) * (body.waist - body.hip),
    )
    piece, color = top(fit, rng, cloth, "jacket", c, rng.uniform(0.007, 0.013), smooth=40)
    _front(fit, rng, color, piece, c.open_front, deep)
    if not cloth.painted and rng.random() < 0.5:
        turned_collar(fit, rng, color, piece, "jacket", 0.008 * unit)


def _cut(hem: float, rng: np.random.Generator, opened: float, deep: float, unit: float) -> Cut:
    """Long sleeves; a collar, or a neckline as `deep` as lapels leave."""
    collar = 0 if deep else 0.02 * unit
    return Cut(hem, rng.uniform(1.85, 2.0), 1.3, collar=collar, v=deep, open_front=opened)


def coat(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    opened = rng.choice([0, rng.uniform(0.03, 0.08), rng.uniform(0.07, 0.14)]) * unit
    deep = rng.choice([0, rng.uniform(0.1, 0.2)]) * unit
    c = _cut(body.hip, rng, opened, deep, unit)
    piece, color = top(fit, rng, cloth, "coat", c, rng.uniform(0.01, 0.018), smooth=50)
    _front(fit, rng, color, piece, opened, deep)
    hem = rng.choice([rng.uniform(body.knee, body.crotch), rng.uniform(body.ankle, body.knee)])
    tail(
        fit,
        rng,
        "coat",
        piece,
        color,
        hem,
        rng.uniform(0.05, 0.25),
        opening=max(opened, 0.008) / (0.12 * unit) * 2,
    )
    if not cloth.painted and rng.random() < 0.8:
        turned_collar(fit, rng, color, piece, "coat", 0.02 * unit)


def _front(
    fit: Fitting, rng: np.random.Generator, color: Color, piece: int, opened: float, deep: float
) -> None:
    unit = fit.body.unit
    if deep:
        x, y, z = fit.rest.T
        bottom = fit.body.neck - 0.05 * unit - deep
        slope = 1.3 * fit.body.neck_radius / (deep + 0.05 * unit)
        lapel = slope * (z - bottom) + 0.035 * unit - abs(x)
        field = np.where(
            (y < fit.body.neck_y) & fit.on("torso", "neck"), np.minimum(lapel, z - bottom), OUT
        )
        trim(fit, rng, color, piece, field)
    if not opened:
        trim(fit, rng, color, piece, front_strip(fit, rng.uniform(0.006, 0.012) * unit))
    if rng.random() < 0.4:
        trim(fit, rng, color, piece, np.where(fit.arm > -1, fit.arm - rng.uniform(1.6, 1.8), OUT))
