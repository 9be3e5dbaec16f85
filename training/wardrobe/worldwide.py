# SPDX-License-Identifier: GPL-3.0-or-later
"""Clothes of many places: kimono, thawb, abaya, hanbok, sari, hijab, turban."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import surface_index
from training.figure import SEGMENTS
from training.wardrobe.fitting import Fitting
from training.wardrobe.headwear import head_place, put_on_head, skull, without_hair
from training.wardrobe.palette import Color
from training.wardrobe.shapes import Shape, box, circle, merged, tube
from training.wardrobe.trunk import OUT, Cloth, Cut, front_strip, tail, top, trim


def kimono(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A wrapped robe with hanging sleeves and a wide sash; short ones are worn for sports."""
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    c = Cut(body.hip, rng.uniform(1.5, 1.95), 1.2, v=rng.uniform(0.06, 0.16) * unit)
    piece, color = top(fit, rng, replace(cloth, loose=0.9), "robe", c, 0.009, "kimono")
    x, y, z = fit.rest.T
    # The left side lies over the right one.
    edge = np.abs(x - 0.35 * (z - (body.neck - 0.2 * unit))) - 0.02 * unit
    trim(fit, rng, color, piece, np.where((y < body.neck_y) & (fit.arm < 0), -edge, OUT))
    short = rng.random() < 0.25
    hem = body.crotch - 0.1 * unit if short else rng.uniform(body.ankle, body.knee)
    tail(fit, rng, "robe", piece, color, hem, rng.uniform(0.0, 0.08))
    if rng.random() < 0.75:
        _hanging_sleeves(fit, rng, piece, color)
    _sash(fit, rng, cloth, 0.02 if short else rng.uniform(0.03, 0.09))


def thawb(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A shirt to the ankles, or a wider robe: thawb, kaftan, abaya, cassock."""
    body, unit = fit.body, fit.body.unit
    c = Cut(
        body.hip,
        rng.uniform(1.8, 2.0),
        1.15,
        collar=rng.choice([0.0, 0.015]) * unit,
        v=rng.choice([0.0, 0.05]) * unit,
    )
    loose = replace(cloth, loose=rng.uniform(0.5, 1.0))
    piece, color = top(fit, rng, loose, "robe", c, 0.006, "thawb")
    hem = body.sole + rng.uniform(0.03, 0.15) * unit
    tail(fit, rng, "robe", piece, color, hem, rng.uniform(0.02, 0.14))
    if rng.random() < 0.6:
        trim(fit, rng, color, piece, front_strip(fit, 0.012 * unit, body.waist))


def hanbok(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A short jacket over a skirt that begins under the arms."""
    body, unit = fit.body, fit.body.unit
    skirt_color = cloth.palette.cloth(rng)
    piece = fit.new_piece("skirt")
    start = body.armpit - 0.05 * unit
    band = np.where(
        fit.on("torso", "pelvis"),
        np.minimum(start - fit.rest[:, 2], fit.rest[:, 2] - body.hip),
        OUT,
    )
    material = fit.new_material("skirt", skirt_color)
    skirt = {"surface": surface_index("skirt"), "new_piece": piece}
    fit.lift(band, material, 0.008 * unit, 8, **skirt)
    hem = body.sole + rng.uniform(0.02, 0.1) * unit
    tail(fit, rng, "skirt", piece, skirt_color, hem, rng.uniform(0.2, 0.45), top_at=start)
    c = Cut(body.armpit - 0.09 * unit, rng.uniform(1.8, 2.0), 1.2, v=0.08 * unit)
    piece, color = top(fit, rng, replace(cloth, loose=0.7), "jacket", c, 0.009, "jeogori")
    trim(fit, rng, color, piece, front_strip(fit, 0.02 * unit))


def sari(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Cloth wound about the hips and over one shoulder; a short blouse below."""
    body, unit = fit.body, fit.body.unit
    blouse = Cut(body.armpit - 0.1 * unit, rng.uniform(0.3, 0.9), 1.5, 0.04 * unit)
    top(fit, rng, cloth, "crop top", blouse, 0.003)
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("sari"), fit.new_material("sari", color)
    x, _, z = fit.rest.T
    side = rng.choice([-1.0, 1.0])
    slope = (body.neck - body.hip) / (1.4 * body.shoulder)
    over = (z - body.hip) - slope * (side * x + 0.6 * body.shoulder)
    sash = rng.uniform(0.06, 0.1) * unit - abs(over) / np.hypot(1, slope)
    sash = np.where(fit.on("torso", "pelvis", "neck"), sash, OUT)
    hips = np.where(fit.on("torso", "pelvis"), body.waist - 0.04 * unit - z, OUT)
    labels = {"surface": surface_index("dress"), "new_piece": piece}
    fit.lift(np.maximum(sash, hips), material, 0.008 * unit, 10, **labels)
    hem = body.sole + rng.uniform(0.02, 0.08) * unit
    tail(fit, rng, "dress", piece, color, hem, rng.uniform(0.05, 0.2), top_at=body.hip)
    if rng.random() < 0.5:  # folded over at the waist
        fold = 0.012 * unit - abs(fit.rest[:, 2] - 0.5 * (body.hip + body.waist))
        trim(fit, rng, color, piece, fold)


def hijab(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Cloth about head and neck that leaves the face free, or little of it."""
    body = fit.body
    radius, unit = body.head_radius, body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("headscarf"), fit.new_material("headscarf", color)
    without_hair(fit, -9.0)
    x, y, z = head_place(fit).T
    veil = rng.random() < 0.15  # only the eyes are free
    wide, high, low = rng.uniform(0.6, 0.78), rng.uniform(0.4, 0.62), 0.0 if veil else -0.98
    tall = np.where(z > -0.1, (z + 0.1) / (high + 0.1), (z + 0.1) / (low - 0.1))
    face = np.maximum(abs(x) / wide, tall)
    away = np.where(y < 0.1, face - 1, 1.0) * float(radius[0])
    on_head = np.where(fit.on("head"), away, OUT)
    neck = np.where(fit.on("neck"), 0.05, OUT)
    around = np.hypot(fit.rest[:, 0], fit.rest[:, 1] - body.neck_y)
    chest = rng.uniform(0.1, 0.22) * unit
    bib = np.where(
        fit.on("torso"), np.minimum(chest - around, fit.rest[:, 2] - body.neck + 0.6 * chest), OUT
    )
    labels = {"surface": surface_index("headscarf"), "new_piece": piece}
    field = np.maximum(np.maximum(on_head, neck), bib)
    fit.lift(field, material, rng.uniform(0.008, 0.02) * unit, 24, **labels)
    fit.fabric[fit.piece == piece] = False


def turban(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Cloth wound about the head in thick rolls."""
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("turban"), fit.new_material("turban", color)
    size = float(fit.body.head_radius[2])
    middle, outline, z = skull(fit, rng.uniform(0.2, 0.42))
    without_hair(fit, z)
    rolls = int(rng.integers(3, 6))
    tall, out = rng.uniform(0.75, 1.2) * size, rng.uniform(1.12, 1.3)
    rings = []
    for step in np.linspace(0, 1, 6 * rolls + 1):
        bulge = 0.07 * abs(np.sin(np.pi * rolls * step))
        scale = (out + bulge) * np.sqrt(max(1 - (1.02 * step) ** 3, 0.002))
        lean = np.sin(np.pi * step) * 0.12 * size * np.sign(outline[:, 0]) * abs(outline[:, 1])
        rings.append(np.column_stack([middle + outline * scale, z + step * tall + lean]))
    put_on_head(fit, tube(np.stack(rings), end_cap=True), "turban", piece, material)


def keffiyeh(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A cloth over the head that falls on the shoulders, held by a cord."""
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("headscarf"), fit.new_material("headscarf", color)
    radius, at = fit.body.head_radius, fit.body.head_center
    without_hair(fit, -9.0)
    turn = np.linspace(-rng.uniform(1.9, 2.3), rng.uniform(1.9, 2.3), 33)  # 0 = behind
    rays = np.stack([np.sin(turn), np.cos(turn)], 1)
    low = rng.uniform(-2.4, -1.5)
    outer: list[np.ndarray] = []
    inner: list[np.ndarray] = []
    for height in [1.12, 1.0, 0.8, 0.5, 0.2, -0.2, -0.6, -1.0, 0.5 * (low - 1), low]:
        wide = np.sqrt(max(1.0 - min(max(height / 1.12, 0), 0.999) ** 2, 0.003))
        wide *= 1.08 + 0.22 * max(-height, 0)
        for rings, grow in ((outer, 0.05), (inner, 0.0)):
            plane = rays * radius[:2] * (wide + grow) + at[:2]
            rings.append(np.column_stack([plane, np.full(33, at[2] + height * radius[2])]))
    loop = np.concatenate([np.stack(outer)[:, ::-1], np.stack(inner)], 1)
    put_on_head(fit, tube(loop, end_cap=True), "headscarf", piece, material)
    middle, outline, z = skull(fit, 0.55)
    plane, thick = circle(6), 0.07 * float(radius[2])
    cord = [
        np.column_stack(
            [middle + outline * (1.16 + 0.06 * c), np.full(len(outline), z + thick * s)]
        )
        for c, s in plane
    ]
    dark = fit.new_material("cord", (0.05, 0.05, 0.05))
    put_on_head(fit, tube(np.stack([*cord, cord[0]])[::-1]), "headscarf", piece, dark)


def _sash(fit: Fitting, rng: np.random.Generator, cloth: Cloth, half: float) -> None:
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("belt"), fit.new_material("sash", color)
    height = body.waist - rng.uniform(0.0, 0.04) * unit
    field = np.where(fit.on("torso", "pelvis"), half * unit - abs(fit.rest[:, 2] - height), OUT)
    labels = {"surface": surface_index("belt"), "new_piece": piece}
    fit.lift(field, material, 0.01 * unit, 6, **labels)
    behind = fit.points((SEGMENTS.index("torso"), SEGMENTS.index("pelvis")))
    near = behind[abs(behind[:, 2] - height) < 2 * half * unit]
    if len(near) and rng.random() < 0.6:
        at = np.array([0.0, float(near[:, 1].max()) + 0.02 * unit, height])
        knot = box(at, np.array([0.09, 0.03, max(half, 0.05)]) * unit, 0.5)
        joints, weights = fit.rigid(len(knot.vertices), "torso")
        fit.add(knot, material, "belt", piece, joints, weights, "torso")


def _hanging_sleeves(fit: Fitting, rng: np.random.Generator, piece: int, color: Color) -> None:
    """Flat bags below the forearms."""
    unit = fit.body.unit
    material = fit.new_material("sleeve", color)
    deep = rng.uniform(0.1, 0.4) * unit
    for side in "lr":
        start, end = fit.skeleton.bone(f"forearm {side}")
        axis = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
        down = np.array([0, 0, -1.0]) + axis * axis[2]
        down /= max(float(np.linalg.norm(down)), 1e-6)
        across = np.cross(axis, down)
        length = float(np.linalg.norm(end - start))
        half = np.array([0.62 * length, 0.035 * unit, deep / 2])
        bag: Shape = box(np.zeros(3), half, 0.5)
        matrix = np.stack([axis, across, -down], 1)
        placed = merged(bag).moved(matrix, (start + end) / 2 + down * deep * 0.42)
        joints, weights = fit.rigid(len(placed.vertices), f"forearm {side}")
        fit.add(placed, material, "robe", piece, joints, weights, "forearm")
