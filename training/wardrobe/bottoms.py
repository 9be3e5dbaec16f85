# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn on hips, legs and feet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.bank import region_index, surface_index
from training.figure import SEGMENTS
from training.wardrobe.fitting import Fitting
from training.wardrobe.palette import detail
from training.wardrobe.shapes import corner_values, wrapped
from training.wardrobe.trunk import OUT, Cloth, between, tail, trim

_LEGS = ("pelvis", "torso", "thigh", "lower leg", "foot")


def legs(
    fit: Fitting, rng: np.random.Generator, cloth: Cloth, surface: str, hem: float,
    thickness: float, wide: float = 0.0, waist: float | None = None,
) -> None:  # fmt: skip
    """Trousers of any kind down to the height `hem`; `wide` metres more at the hem."""
    body, unit = fit.body, fit.body.unit
    x, _, z = fit.rest.T
    top = body.hip + rng.uniform(0.35, 1.0) * (body.waist - body.hip) if waist is None else waist
    field = np.where(fit.on(*_LEGS), np.minimum(z - hem, top - z), OUT)
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece(surface), fit.new_material(surface, color)
    labels = {"surface": surface_index(surface), "new_piece": piece}
    if cloth.painted:
        fit.paint(field, material, **labels)
    else:
        fall = np.clip((body.crotch - z) / max(body.crotch - hem, 0.02), 0, 1)
        depth = np.asarray(thickness * unit + wide * unit * fall)
        leg = fit.on("thigh", "lower leg", "foot")
        depth = np.where(leg, np.minimum(depth, np.maximum(0.35 * abs(x), 0.003)), depth)
        fit.lift(field, material, depth, int(3 + 250 * thickness + 300 * wide), **labels)
    style = rng.random()
    if style < 0.2:
        trim(fit, rng, color, piece, np.where(fit.on(*_LEGS), 0.03 * unit - (z_of(fit) - hem), OUT))
    elif style < 0.4:
        outer = abs(fit.rest[:, 0]) - _outside(fit)
        trim(fit, rng, color, piece, np.where(fit.on("thigh", "lower leg"), outer, OUT))
    elif style < 0.6:
        trim(
            fit,
            rng,
            color,
            piece,
            np.where(fit.on("pelvis", "torso", "thigh"), z_of(fit) - top + 0.035 * unit, OUT),
        )


def z_of(fit: Fitting) -> np.ndarray:
    """(V,) heights on the bare body."""
    return fit.rest[:, 2]


def _outside(fit: Fitting) -> np.ndarray:
    """(V,) |x| from which on a leg's outer seam lies."""
    bones = [fit.skeleton.bone(f"{name} l") for name in ("thigh", "lower leg")]
    heights = [bones[1][1][2], bones[0][1][2], bones[0][0][2]]
    across = [abs(bones[1][1][0]), abs(bones[0][1][0]), abs(bones[0][0][0])]
    width = [0.03, 0.05, 0.075]
    return np.interp(z_of(fit), heights, np.array(across) + np.array(width) * fit.body.unit)


def trousers(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body = fit.body
    hem = body.ankle + rng.choice(
        [rng.uniform(-0.3, 0.1), rng.uniform(0.1, 0.7)], p=(0.8, 0.2)
    ) * 0.4 * (body.knee - body.ankle)
    hem = max(hem, body.sole + 0.035 * body.unit)
    wide = rng.choice([0, rng.uniform(0, 0.02), rng.uniform(0.02, 0.05)])
    legs(fit, rng, cloth, "trousers", hem, rng.uniform(0.004, 0.012), wide)


def leggings(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    hem = fit.body.ankle + rng.choice([0.0, 0.1, 0.6]) * (fit.body.knee - fit.body.ankle)
    legs(fit, rng, cloth, "leggings", hem, 0.002)


def shorts(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body = fit.body
    hem = body.crotch - rng.uniform(0.12, 1.0) * (body.crotch - body.knee)
    legs(fit, rng, cloth, "shorts", hem, rng.uniform(0.004, 0.01), rng.uniform(0, 0.03))


def skirt(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece = fit.new_piece("skirt")
    hem = rng.choice(
        [
            between(rng, body.knee + 0.35 * (body.crotch - body.knee), body.crotch - 0.07 * unit),
            between(rng, body.knee, body.crotch - 0.15 * unit),
            between(rng, body.sole + 0.02 * unit, body.knee),
        ]
    )
    flare = rng.choice([0.0, rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.7)])
    start = body.hip + rng.uniform(0.5, 1.0) * (body.waist - body.hip)
    z = fit.rest[:, 2]
    band = np.where(fit.on("torso", "pelvis"), np.minimum(start - z, z - start + 0.05 * unit), OUT)
    material = fit.new_material("skirt", color if rng.random() < 0.6 else detail(color, rng))
    fit.lift(band, material, 0.006 * unit, 2, surface=surface_index("skirt"), new_piece=piece)
    tail(fit, rng, "skirt", piece, color, hem, flare, top_at=start - 0.01 * unit, gap=0.005)


def socks(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    body = fit.body
    height = body.ankle + rng.choice([rng.uniform(0.08, 0.35), rng.uniform(0.6, 0.9), 1.25]) * (
        body.knee - body.ankle
    )
    if height > body.knee:
        height = body.knee + rng.uniform(0.1, 0.5) * (body.crotch - body.knee)
    field = np.where(fit.on("foot", "lower leg", "thigh"), height - z_of(fit), OUT)
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("sock"), fit.new_material("sock", color)
    fit.lift(field, material, 0.002 * body.unit, 3, surface=surface_index("sock"), new_piece=piece)
    if rng.random() < 0.4:
        trim(fit, rng, color, piece, z_of(fit) - height + 0.03 * body.unit)


def shoes(fit: Fitting, rng: np.random.Generator, cloth: Cloth, surface: str = "shoe") -> None:
    """Low shoes; with surface "boot" from the ankle to the knee; "sandal" is sole and straps."""
    body, unit = fit.body, fit.body.unit
    color = cloth.palette.cloth(rng)
    piece = fit.new_piece(surface)
    foot_high = max(body.ankle - body.sole, 0.03 * unit)
    collar = body.sole + foot_high * rng.uniform(0.85, 1.25)
    upper = fit.new_material(surface, color)
    sole = fit.new_material("sole", detail(color, rng))
    thick = rng.choice([0.012, 0.02, 0.035]) * unit
    if surface == "boot":
        high = rng.choice([rng.uniform(0.1, 0.4), rng.uniform(0.4, 0.9)])
        shaft = body.ankle + high * (body.knee - body.ankle)
        field = np.where(
            fit.on("lower leg", "foot"),
            np.minimum(shaft - z_of(fit), z_of(fit) - collar + 0.02 * unit),
            OUT,
        )
        depth = rng.uniform(0.006, 0.014) * unit
        fit.lift(field, upper, depth, 8, surface=surface_index("boot"), new_piece=piece)
        if rng.random() < 0.4:
            trim(fit, rng, color, piece, z_of(fit) - shaft + 0.035 * unit)
    for side in "lr":
        _shoe(fit, rng, side, piece, surface, (upper, sole), collar, thick)


def _shoe(
    fit: Fitting, rng: np.random.Generator, side: str, piece: int, surface: str,
    materials: tuple[int, int], collar: float, thick: float,
) -> None:  # fmt: skip
    """One shoe as a hull of the foot below its collar; the foot inside goes."""
    unit, body = fit.body.unit, fit.body
    number = SEGMENTS.index(f"foot {side}")
    points = fit.points((number, SEGMENTS.index(f"lower leg {side}")), worn=False)
    sandal = surface == "sandal"
    top = body.sole + 0.014 * unit if sandal else collar
    points = points[points[:, 2] < top + 0.01 * unit]
    if len(points) < 8:
        return
    start, end = fit.skeleton.bone(f"foot {side}")
    axis = (end - start) * [1, 1, 0]
    if np.linalg.norm(axis) < 1e-4:
        axis = np.array([0.0, -1.0, 0.0])
    axis = axis / np.linalg.norm(axis)
    along = (points - start) @ axis
    grow = 0.008 * unit if not sandal else 0.004 * unit
    middle = np.array([*points[:, :2].mean(0), 0])
    spread = points - middle
    spread[:, :2] *= 1 + grow / max(float(np.ptp(along)) / 2, 0.02)
    spread[:, :2] += (
        np.sign(spread @ np.cross(axis, [0, 0, 1.0]))[:, None]
        * np.cross(axis, [0, 0, 1.0])[:2]
        * grow
    )
    spread[:, 2] += np.where(spread[:, 2] < body.sole + 0.02 * unit, -0.002, grow * 0.8)
    grown = spread + middle
    floor = grown.copy()
    floor[:, 2] = body.sole - 0.002 - (0.006 * unit if sandal else 0)
    low = grown[:, 2] < body.sole + 0.35 * (collar - body.sole)
    cloud = np.concatenate([grown, floor[low]])
    along = (cloud - start) @ axis
    stations = np.linspace(along.min() + 0.004 * unit, along.max() - 0.004 * unit, 14)
    shape = wrapped(cloud, start, axis, stations, 20)
    joints, weights = _nearest_weights(fit, shape.vertices, number)
    if not sandal:
        worn = fit.fabric & (fit.piece != piece)
        height = corner_values(fit.faces, fit.vertices[:, 2]).max(1)
        fit.remove(worn & _faces_on(fit, number) & (height < collar - 0.012 * unit))
    fit.add(shape, materials[0], surface, piece, joints, weights, "foot", fabric=True)
    fit.paint(body.sole + thick - fit.rest[:, 2], materials[1], piece)
    fit.fabric[fit.region == region_index("foot")] &= (
        fit.piece[fit.region == region_index("foot")] != piece
    )
    if sandal:
        _straps(fit, rng, number, piece, materials[0], start, end)


def _straps(
    fit: Fitting,
    rng: np.random.Generator,
    number: int,
    piece: int,
    material: int,
    start: np.ndarray,
    end: np.ndarray,
) -> None:
    unit = fit.body.unit
    axis = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    along = (fit.rest - start) @ axis / max(float(np.linalg.norm(end - start)), 1e-6)
    own = fit.segment == number
    half = rng.uniform(0.06, 0.12)
    for at in rng.choice([0.05, 0.5, 0.72], size=int(rng.integers(1, 4)), replace=False):
        along = (fit.rest - start) @ axis / max(float(np.linalg.norm(end - start)), 1e-6)
        own = fit.segment == number
        field = np.where(own, (half - abs(along - at)) * 0.15 * unit, OUT)
        fit.lift(field, material, 0.004 * unit, 2, surface=surface_index("sandal"), new_piece=piece)


def _faces_on(fit: Fitting, segment: int) -> np.ndarray:
    own = fit.segment == segment
    return own[fit.faces[:, 0]] & own[fit.faces[:, 1]] & own[fit.faces[:, 2]]


def _nearest_weights(
    fit: Fitting, points: np.ndarray, segment: int
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (N, 4) of the nearest vertices of one segment."""
    from scipy.spatial import cKDTree

    own = np.flatnonzero(fit.segment == segment)
    _, nearest = cKDTree(fit.vertices[own]).query(points)
    return fit.joints[own[nearest]], fit.weights[own[nearest]]


def boots(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    shoes(fit, rng, cloth, "boot")


def sandals(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    shoes(fit, rng, replace(cloth, painted=False), "sandal")
