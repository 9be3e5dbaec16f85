# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads of animals and masks on people's shoulders."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.headwear import head_place, put_on_head, without_hair
from training.wardrobe.palette import detail, hair_color
from training.wardrobe.shapes import Shape, ball, merged, rod
from training.wardrobe.trunk import OUT, Cloth


def animal_head(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A muzzle or beak, ears or horns in place of the face: bare body, as fur is; or a mask."""
    body = fit.body
    radius, at = body.head_radius, body.head_center
    surface = "mask" if rng.random() < 0.25 else "skin"
    color = hair_color(rng) if rng.random() < 0.6 else cloth.palette.cloth(rng)
    piece, fur = fit.new_piece(surface), fit.new_material("fur", color)
    inner = fit.new_material("muzzle", detail(color, rng))
    without_hair(fit, -9.0)
    size = float(radius[2])
    grown = rng.uniform(1.05, 1.35)
    face = np.isin(fit.surface, [surface_index(n) for n in ("eye", "eyebrow", "mouth")])
    fit.remove(face)
    skull: list[Shape] = [ball(at, radius * grown + 0.005 * body.unit, 20, 13)]
    forward = at + radius * [0, -0.9 * grown, -0.25]
    long = rng.uniform(0.3, 1.1) * size
    kind = rng.choice(["muzzle", "beak", "snout"])
    tip = forward + [0, -long, -0.15 * size]
    end = {"muzzle": 0.28, "beak": 0.03, "snout": 0.36}[kind] * size
    muzzle = [rod(forward + [0, 0.3 * size, 0], tip, 0.45 * size, end, 14, 4)]
    if kind == "muzzle":
        muzzle.append(ball(tip, end * 1.05, 12, 7))
    for side in (-1, 1):
        root = at + radius * grown * [side * 0.6, 0.05, 0.7]
        up = np.array([side * rng.uniform(0.1, 0.7), 0.0, 1.0]) * size
        skull += _ear(int(rng.integers(4)), root, up * rng.uniform(0.4, 1.1), size)
    put_on_head(fit, merged(*skull), surface, piece, fur)
    put_on_head(fit, merged(*muzzle), surface, piece, inner)
    eyes = [
        ball(at + radius * grown * [side * 0.42, -0.85, 0.2], 0.13 * size, 10, 7)
        for side in (-1, 1)
    ]
    eye = fit.new_material("eye", (0.04, 0.03, 0.03))
    put_on_head(fit, merged(*eyes), "eye", piece, eye)


def _ear(kind: int, root: np.ndarray, up: np.ndarray, size: float) -> list[Shape]:
    """Pointed, round, long, or a horn."""
    root, up = np.asarray(root, float), np.asarray(up, float)
    if kind == 0:
        return [rod(root, root + up * 0.6, 0.26 * size, 0.02 * size, 8)]
    if kind == 1:
        return [ball(root + up * 0.15, np.array([0.3, 0.12, 0.3]) * size, 12, 7)]
    if kind == 2:
        return [ball(root + up * 0.6, np.array([0.16, 0.1, 0.7]) * size, 10, 9)]
    bend = root + up * 0.5
    return [
        rod(root, bend, 0.12 * size, 0.09 * size, 8),
        rod(bend, bend + up * 0.5 + [0, 0.3 * size, 0], 0.09 * size, 0.01 * size, 8),
    ]


def face_mask(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Cloth or plastic over mouth and nose, or over the whole face, or about the eyes."""
    color = cloth.palette.cloth(rng) if rng.random() < 0.7 else (0.9, 0.92, 0.94)
    piece, material = fit.new_piece("mask"), fit.new_material("mask", color)
    _, y, z = head_place(fit).T
    high, low = [(-0.05, -0.95), (0.5, -0.9), (0.3, 0.0)][int(rng.integers(3))]
    field = np.minimum(np.minimum(high - z, z - low), rng.uniform(-0.2, 0.0) - y)
    field = np.where(fit.on("head"), field * float(fit.body.head_radius[2]), OUT)
    labels = {"surface": surface_index("mask"), "new_piece": piece}
    fit.lift(field, material, rng.uniform(0.004, 0.012) * fit.body.unit, 10, **labels)
