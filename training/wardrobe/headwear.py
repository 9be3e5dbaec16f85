# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn on the head: hats, caps, helmets, glasses."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.measure import HEAD
from training.wardrobe.palette import detail, metal_or_wood
from training.wardrobe.shapes import (
    Shape,
    ball,
    circle,
    corner_values,
    hull_outline,
    merged,
    rod,
    tube,
)
from training.wardrobe.trunk import Cloth

_AROUND = 28


def head_place(fit: Fitting) -> np.ndarray:
    """(V, 3) head coordinates: each -1..1 over the head; x left, y back, z up."""
    return (fit.rest - fit.body.head_center) / fit.body.head_radius


def skull(fit: Fitting, at: float) -> tuple[np.ndarray, np.ndarray, float]:
    """((2,) middle, (M, 2) outline about it, metres) of the head at height `at` (-1..1), and z."""
    body = fit.body
    z = float(body.head_center[2] + at * body.head_radius[2])
    points = fit.points((HEAD,), worn=False)
    near = points[abs(points[:, 2] - z) < 0.14 * body.head_radius[2]]
    if len(near) < 6:
        near = points[points[:, 2] > z - 0.5 * body.head_radius[2]]
    if len(near) < 3:
        ring = circle(_AROUND) * body.head_radius[:2] * np.sqrt(max(1 - at * at, 0.1))
        return body.head_center[:2], ring, z
    outline = hull_outline(near[:, :2], _AROUND)
    middle = outline.mean(0)
    return middle, outline - middle, z


def put_on_head(
    fit: Fitting, shape: Shape, surface: str, piece: int, material: int, region: str = "head"
) -> slice:
    """Add a shape that moves with the head; returns the slice of its faces."""
    first = len(fit.faces)
    joints, weights = fit.rigid(len(shape.vertices), "head")
    fit.add(shape, material, surface, piece, joints, weights, region)
    return slice(first, len(fit.faces))


def without_hair(fit: Fitting, above: float) -> None:
    """Drop hair above a height in metres: a hat presses it down."""
    hair = fit.surface == surface_index("hair")
    height = corner_values(fit.faces, fit.vertices[:, 2]).max(1)
    fit.remove(hair & (height > above))


def _rings(
    middle: np.ndarray, outline: np.ndarray, levels: list[tuple[float, float]]
) -> np.ndarray:
    """Rings of an outline at (scale, height) levels."""
    return np.stack(
        [
            np.column_stack([middle + outline * scale, np.full(len(outline), z)])
            for scale, z in levels
        ]
    )


def hat(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("hat"), fit.new_material("hat", color)
    size = float(fit.body.head_radius[2])
    middle, outline, z = skull(fit, rng.uniform(0.25, 0.45))
    without_hair(fit, z)
    kind = rng.choice(["brimmed", "top", "straw", "witch", "beanie"])
    crown = {
        "brimmed": [(1.1, 0), (1.08, 0.5), (1.0, 0.85), (0.6, 0.95), (0.05, 0.85)],
        "top": [(1.08, 0), (1.05, 0.6), (1.1, 1.5), (1.08, 1.6), (0.05, 1.6)],
        "straw": [(1.1, 0), (1.07, 0.45), (0.95, 0.75), (0.6, 0.92), (0.05, 0.97)],
        "witch": [(1.1, 0), (0.95, 0.6), (0.7, 1.2), (0.4, 1.9), (0.05, 2.6)],
        "beanie": [(1.09, -0.15), (1.13, 0.1), (1.1, 0.45), (0.85, 0.8), (0.4, 0.95), (0.03, 1.0)],
    }[kind]
    stretch = rng.uniform(0.9, 1.2)
    shapes = [
        tube(_rings(middle, outline, [(s, z + h * size * stretch) for s, h in crown]), end_cap=True)
    ]
    if kind != "beanie":
        brim = {"brimmed": 1.55, "top": 1.4, "straw": 2.0, "witch": 1.9}[kind] * rng.uniform(
            0.92, 1.15
        )
        dip = rng.uniform(-0.12, 0.08) * size
        levels = [
            (1.05, z - 0.03 * size),
            (brim, z + dip - 0.02 * size),
            (brim, z + dip + 0.03 * size),
            (1.05, z + 0.04 * size),
        ]
        shapes.append(tube(_rings(middle, outline, levels)))
    faces = put_on_head(fit, merged(*shapes), "hat", piece, material)
    if rng.random() < 0.6:
        height = corner_values(fit.faces[faces], fit.vertices[:, 2]).mean(1)
        band = (height > z + 0.05 * size) & (height < z + 0.35 * size)
        fit.material[faces][band] = fit.new_material("band", detail(color, rng))


def cap(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    color = cloth.palette.cloth(rng)
    piece, material = fit.new_piece("cap"), fit.new_material("cap", color)
    size = float(fit.body.head_radius[2])
    middle, outline, z = skull(fit, rng.uniform(0.25, 0.45))
    without_hair(fit, z)
    crown = [
        (1.06, z),
        (1.08, z + 0.3 * size),
        (0.95, z + 0.6 * size),
        (0.6, z + 0.82 * size),
        (0.05, z + 0.9 * size),
    ]
    put_on_head(fit, tube(_rings(middle, outline, crown), end_cap=True), "cap", piece, material)
    turn = rng.choice([0, 0, 0, np.pi])
    spread = np.linspace(-1.1, 1.1, 13)
    toward = np.stack([np.sin(spread + turn), -np.cos(spread + turn)], 1)
    radius = np.array([np.max(outline @ d) for d in toward]) * 1.05
    length = rng.uniform(0.5, 0.9) * size * np.cos(spread * 1.35).clip(0.03) ** 0.5
    inner = middle + toward * radius[:, None]
    outer = inner + toward[6] * length[:, None]
    low, high = z - 0.02 * size, z + 0.05 * size
    rings = np.stack(
        [
            np.column_stack([inner, np.full(13, high)]),
            np.column_stack([outer, np.full(13, high - 0.12 * size)]),
            np.column_stack([outer, np.full(13, low - 0.12 * size)]),
            np.column_stack([inner, np.full(13, low)]),
        ]
    )
    visor = fit.new_material("visor", color if rng.random() < 0.5 else detail(color, rng))
    put_on_head(fit, tube(rings, closed=False), "cap", piece, visor)


def helmet(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    color = metal_or_wood(rng) if rng.random() < 0.7 else cloth.palette.cloth(rng)
    piece, material = fit.new_piece("helmet"), fit.new_material("helmet", color)
    body = fit.body
    without_hair(fit, body.chin)
    radius = body.head_radius * rng.uniform(1.12, 1.3) + 0.008 * body.unit
    kind = rng.choice(["open", "full", "knight", "horned", "pot"])
    shell = ball(
        body.head_center,
        radius,
        28,
        19,
        low=-0.92 if kind in ("full", "knight") else -0.8,
        power=rng.uniform(0.7, 1.0),
    )
    faces = shell.faces
    middle = (corner_values(faces, shell.vertices).mean(1) - body.head_center) / radius
    turn = np.arctan2(middle[:, 0], -middle[:, 1])  # 0 = in front
    gone = (middle[:, 2] < -0.78) & (faces[:, 3] < 0)
    if kind in ("open", "horned"):
        gone |= (abs(turn) < rng.uniform(0.7, 1.1)) & (middle[:, 2] < rng.uniform(0.2, 0.45))
    elif kind == "pot":
        gone |= middle[:, 2] < rng.uniform(0.0, 0.3)
    parts = [Shape(shell.vertices, faces[~gone])]
    at, size = body.head_center, float(radius[2])
    if kind == "horned" or rng.random() < 0.15:
        for side in (-1, 1):
            a = at + radius * [side * 0.85, 0, 0.45]
            b = a + size * np.array([side * 0.55, -0.1, 0.15])
            c = b + size * np.array([side * 0.15, -0.1, 0.6])
            parts += [rod(a, b, 0.17 * size, 0.13 * size), rod(b, c, 0.13 * size, 0.01 * size)]
    elif rng.random() < 0.35:
        parts.append(
            ball(at + radius * [0, 0.15, 0.95], size * np.array([0.07, 0.75, 0.35]), 10, 7)
        )
    where = put_on_head(fit, merged(*parts), "helmet", piece, material)
    if kind in ("full", "knight"):
        local = (corner_values(fit.faces[where], fit.vertices).mean(1) - at) / radius
        turn = np.arctan2(local[:, 0], -local[:, 1])
        half = 0.07 if kind == "knight" else rng.uniform(0.15, 0.32)
        slit = (abs(turn) < rng.uniform(0.6, 1.0)) & (abs(local[:, 2] - 0.08) < half)
        fit.material[where][slit] = fit.new_material(
            "visor", (0.05, 0.05, 0.07) if kind == "knight" else detail(color, rng)
        )


def glasses(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    piece = fit.new_piece("glasses")
    body = fit.body
    frame = fit.new_material(
        "glasses", (0.05, 0.05, 0.06) if rng.random() < 0.6 else cloth.palette.cloth(rng)
    )
    lens = fit.new_material(
        "lens", (0.05, 0.05, 0.07) if rng.random() < 0.5 else (0.55, 0.62, 0.68)
    )
    radius = body.head_radius
    high, apart, front = _before_the_eyes(fit)
    size = apart * rng.uniform(0.65, 0.85)
    tall = size * rng.uniform(0.6, 1.0)
    plane = circle(16)
    rims, lenses = [], []
    for side in (-1, 1):
        middle = np.array([side * apart, front, high])
        ring = np.column_stack([plane[:, 0] * size, 0 * plane[:, 0], plane[:, 1] * tall])
        levels = [
            ring * 0.86,
            ring * 1.08 + [0, -0.003, 0],
            ring * 1.08 + [0, 0.004, 0],
            ring * 0.86,
        ]
        rims.append(tube(np.stack(levels) + middle))
        lenses.append(tube(np.stack([ring * 0.9, ring * 0.01]) + middle))
        ear = np.array([side * radius[0] * 0.93, body.head_center[1] + 0.15 * radius[1], high])
        thin = 0.05 * float(radius[0])
        rims.append(rod(middle + [side * size, 0, 0], ear, thin, thin, 6))
    rims.append(
        rod(
            np.array([-apart + size, front, high]),
            np.array([apart - size, front, high]),
            0.05 * radius[0],
            0.05 * radius[0],
            6,
        )
    )
    put_on_head(fit, merged(*rims), "glasses", piece, frame)
    put_on_head(fit, merged(*lenses), "glasses", piece, lens)


def _before_the_eyes(fit: Fitting) -> tuple[float, float, float]:
    """Height and distance from the middle of the eyes, and how far before them the head ends."""
    body, radius = fit.body, fit.body.head_radius
    eyes = fit.surface == surface_index("eye")
    points = fit.vertices[np.unique(fit.faces[eyes][:, :3])] if eyes.any() else None
    if points is not None:
        high, apart = float(points[:, 2].mean()), float(abs(points[:, 0]).mean())
    else:
        high, apart = float(body.head_center[2] + 0.05 * radius[2]), 0.36 * float(radius[0])
    head = fit.points((HEAD,))
    near = head[
        (abs(head[:, 2] - high) < 0.2 * radius[2])
        & (abs(abs(head[:, 0]) - apart) < 0.25 * radius[0])
    ]
    front = float(near[:, 1].min() if len(near) else body.head_center[1] - 0.9 * radius[1])
    return high, apart, front - 0.1 * float(radius[1])
