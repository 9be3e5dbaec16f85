# SPDX-License-Identifier: GPL-3.0-or-later
"""What hangs open over other clothes, or is tied over them: cardigans, open shirts, aprons."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.trunk import OUT, Cloth, Cut, cuffs, front_strip, hip_hem, tail, top, trim


def cardigan(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A knitted jacket, mostly open in front; it counts as a sweater."""
    _open_top(fit, rng, cloth, "sweater", rng.uniform(0.006, 0.014))


def open_shirt(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A shirt worn open over another top."""
    _open_top(fit, rng, cloth, "shirt", rng.uniform(0.004, 0.007))


def _open_top(
    fit: Fitting, rng: np.random.Generator, cloth: Cloth, surface: str, thickness: float
) -> None:
    unit, body = fit.body.unit, fit.body
    c = Cut(
        hip_hem(fit, rng),
        rng.choice([rng.uniform(1.8, 2.02), rng.uniform(0.5, 1.2)], p=(0.75, 0.25)),
        1.35,
        v=rng.uniform(0.02, 0.14) * unit,
        open_front=rng.choice([0.0, rng.uniform(0.02, 0.06), rng.uniform(0.06, 0.15)]) * unit,
        button=rng.choice([body.waist, body.hip, body.armpit]),
    )
    piece, color = top(fit, rng, cloth, surface, c, thickness, smooth=30)
    if rng.random() < 0.5:
        trim(fit, rng, color, piece, cuffs(fit, c))
    if rng.random() < 0.5:
        edge = front_strip(fit, c.open_front + 0.02 * unit)
        trim(fit, rng, color, piece, edge)


def long_cardigan(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A coat of any weight that nobody has buttoned: what is below shows from neck to hem."""
    body, unit = fit.body, fit.body.unit
    opened = rng.uniform(0.05, 0.15) * unit
    c = Cut(body.hip, rng.uniform(1.8, 2.0), 1.4, v=0.1 * unit, open_front=opened)
    piece, color = top(fit, rng, cloth, "coat", c, rng.uniform(0.006, 0.016), smooth=40)
    hem = rng.uniform(body.ankle, body.crotch)
    wide = opened / (0.12 * unit) * 2
    tail(fit, rng, "coat", piece, color, hem, rng.uniform(0.05, 0.3), opening=wide)


def apron(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A bib with straps, tied at the waist, down to the thighs or below."""
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("apron"), fit.new_material("apron", color)
    x, y, z = fit.rest.T
    ahead = y < body.neck_y + 0.02 * unit
    low = rng.uniform(body.knee, body.crotch - 0.05 * unit)
    bib = np.minimum(0.1 * unit - abs(x), body.armpit + 0.03 * unit - z)
    skirt = np.minimum(rng.uniform(0.14, 0.2) * unit - abs(x), body.waist - z)
    front = np.maximum(bib, skirt) if rng.random() < 0.75 else skirt
    front = np.where(ahead, np.minimum(front, z - low), OUT)
    straps = 0.012 * unit - np.abs(np.abs(x) - 0.07 * unit)
    straps = np.where(z > body.armpit, straps, OUT)
    band = 0.014 * unit - np.abs(z - body.waist)
    field = np.maximum(np.maximum(front, band), straps)
    field = np.where(fit.on("torso", "pelvis", "thigh", "lower leg"), field, OUT)
    labels = {"surface": surface_index("apron"), "new_piece": piece}
    depth = np.minimum(0.008 * unit, np.maximum(0.3 * abs(x), 0.004))
    fit.lift(field, material, depth, 12, **labels)
    if rng.random() < 0.4:
        pocket = front_strip(fit, 0.05 * unit, body.hip - 0.08 * unit, body.hip)
        trim(fit, rng, color, piece, pocket)
