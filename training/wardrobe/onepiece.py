# SPDX-License-Identifier: GPL-3.0-or-later
"""Garments for trunk and legs at once: tunics, dresses, robes, overalls, swimsuits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.trunk import (
    OUT,
    Cloth,
    Cut,
    between,
    front_strip,
    tail,
    top,
    trim,
    trunk_field,
)


def tunic(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body = fit.body
    c = Cut(
        body.hip,
        rng.choice([0, 0.6, 1.2, 1.9]),
        rng.uniform(1.15, 1.6),
        v=rng.choice([0, 0.08]) * body.unit,
        strap=1.0,
    )
    piece, color = top(fit, rng, cloth, "tunic", c, 0.005)
    hem = rng.uniform(
        body.knee + 0.15 * (body.crotch - body.knee), body.crotch - 0.1 * (body.crotch - body.knee)
    )
    tail(fit, rng, "tunic", piece, color, hem, rng.uniform(0.1, 0.35))


def dress(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    sleeve = rng.choice([0, 0, 0.4, 0.8, 1.9])
    c = Cut(
        body.hip + 0.3 * (body.waist - body.hip),
        sleeve,
        rng.uniform(1.2, 2.2),
        rng.uniform(0, 0.06) * unit,
        v=rng.choice([0, 0.1]) * unit,
        strap=rng.uniform(0.65, 1),
        strapless=sleeve == 0 and rng.random() < 0.2,
    )
    piece, color = top(fit, rng, replace(cloth, loose=cloth.loose * 0.4), "dress", c, 0.004)
    low = rng.choice(
        [
            between(rng, body.knee, body.crotch - 0.05 * unit),
            between(rng, body.sole + 0.02 * unit, body.knee),
        ]
    )
    tail(
        fit,
        rng,
        "dress",
        piece,
        color,
        low,
        rng.uniform(0, 0.5),
        top_at=c.hem + 0.02 * unit,
        gap=0.006,
    )
    if rng.random() < 0.4:
        trim(
            fit,
            rng,
            color,
            piece,
            np.where(
                fit.on("torso", "pelvis"), 0.02 * unit - abs(fit.rest[:, 2] - body.waist), OUT
            ),
        )


def robe(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    c = Cut(
        body.hip,
        rng.uniform(1.7, 2.0),
        rng.uniform(1.1, 1.5),
        v=rng.choice([0, 0.12]) * unit,
        collar=0.01 * unit,
    )
    piece, color = top(fit, rng, replace(cloth, loose=1.0), "robe", c, 0.01)
    tail(
        fit,
        rng,
        "robe",
        piece,
        color,
        body.sole + rng.uniform(0.02, 0.12) * unit,
        rng.uniform(0.1, 0.3),
    )
    if rng.random() < 0.5:
        trim(fit, rng, color, piece, front_strip(fit, 0.03 * unit))


def overalls(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    hem = body.ankle + rng.uniform(0, 0.25) * (body.knee - body.ankle)
    if rng.random() < 0.4:  # a one-piece work suit
        c = Cut(
            hem,
            rng.choice([0.8, 1.9]),
            1.25,
            collar=0.01 * unit,
            v=rng.choice([0, 0.06]) * unit,
            legs=True,
        )
        piece, color = top(fit, rng, cloth, "overalls", c, 0.008)
        trim(fit, rng, color, piece, front_strip(fit, 0.01 * unit, body.crotch))
        return
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("overalls"), fit.new_material("overalls", color)
    x, y, z = fit.rest.T
    waist = body.waist + 0.02 * unit
    legs = np.minimum(z - hem, waist - z)
    bib_top = body.armpit + rng.uniform(-0.05, 0.02) * unit
    bib = np.where(y < body.neck_y, np.minimum(0.11 * unit - abs(x), bib_top - z), OUT)
    strap = 0.018 * unit - np.abs(np.abs(x) - 0.075 * unit)
    field = np.maximum(legs, np.minimum(np.maximum(bib, strap), z - hem))
    field = np.where(fit.on("torso", "pelvis", "thigh", "lower leg", "foot"), field, OUT)
    labels = {"surface": surface_index("overalls"), "new_piece": piece}
    if cloth.painted:
        fit.paint(field, material, **labels)
    else:
        depth = np.minimum(0.008 * unit, np.maximum(0.003, 0.3 * abs(x)))
        fit.lift(field, material, np.where(fit.on("torso"), 0.006 * unit, depth), 8, **labels)
    trim(
        fit,
        rng,
        color,
        piece,
        front_strip(fit, 0.05 * unit, bib_top - 0.12 * unit, bib_top - 0.03 * unit),
    )


def swimsuit(
    fit: Fitting, rng: np.random.Generator, cloth: Cloth, surface: str = "swimsuit"
) -> None:
    """A one-piece, a two-piece or trunks; also underwear."""
    body, unit = fit.body, fit.body.unit
    x, _, z = fit.rest.T
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece(surface), fit.new_material(surface, color)
    kind = rng.choice(["one", "two", "trunks"])
    side = rng.uniform(0.25, 0.95)  # how high the leg is cut
    leg = (
        body.crotch
        - 0.01 * unit
        + side * (abs(x) - 0.02 * unit) * (1.0 if kind != "trunks" else 0.1)
    )
    lower = np.minimum(z - leg, (body.hip + rng.uniform(0.1, 0.8) * (body.waist - body.hip)) - z)
    lower = np.where(fit.on("pelvis", "thigh", "torso"), lower, OUT)
    upper_cut = Cut(
        body.crotch if kind == "one" else body.armpit - 0.07 * unit,
        0,
        1.9,
        0.06 * unit,
        strap=rng.uniform(0.55, 0.8),
        strapless=rng.random() < 0.15,
    )
    upper = trunk_field(fit, upper_cut)
    if kind == "one":
        field = np.where(
            z < body.waist,
            np.minimum(np.where(fit.on("pelvis", "thigh", "torso"), z - leg, OUT), 0.2),
            upper,
        )
    elif kind == "two":
        field = np.maximum(lower, upper)
    else:
        field = lower
    labels = {"surface": surface_index(surface), "new_piece": piece}
    if cloth.painted:
        fit.paint(field, material, **labels)
    else:
        fit.lift(field, material, 0.003 * unit, 3, **labels)


def underwear(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    swimsuit(fit, rng, cloth, "underwear")
