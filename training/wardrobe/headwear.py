# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worn on the head, hair included, and painted faces for heads that have none."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.measure import HEAD
from training.wardrobe.palette import detail, hair_color, metal_or_wood
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
from training.wardrobe.trunk import OUT, Cloth

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
    eyes = fit.surface == surface_index("eye")
    points = fit.vertices[np.unique(fit.faces[eyes][:, :3])] if eyes.any() else None
    radius = body.head_radius
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
    front -= 0.1 * float(radius[1])
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


def hair(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A cap of hair on the scalp with bangs, bun, tail, spikes or length."""
    color = hair_color(rng)
    piece, material = fit.new_piece("hair"), fit.new_material("hair", color)
    body, radius = fit.body, fit.body.head_radius
    kind = rng.choice(["short", "short", "bob", "long", "bun", "tail", "spikes", "shaved"])
    x, y, z = head_place(fit).T
    ahead = np.clip((-y + 0.15) / 0.9, 0, 1)
    nape = rng.uniform(-0.55, -0.1) if kind != "shaved" else rng.uniform(-0.1, 0.3)
    bangs = rng.uniform(0.25, 0.45) if rng.random() < 0.4 else rng.uniform(0.5, 0.72)
    line = nape + (bangs - nape) * ahead**0.6
    turn = np.arctan2(x, y)
    strands = np.sin(turn * rng.integers(5, 14)) * np.sin(turn * 3.1 + 4 * z + rng.uniform(0, 6))
    line = line + rng.uniform(0, 0.08) * strands
    field = np.where(fit.on("head"), (z - line) * radius[2], OUT)
    ear = np.hypot((y - 0.05) / 0.32, (z + 0.1) / 0.35) - 1
    field = np.where(abs(x) > 0.8, np.minimum(field, ear * radius[2]), field)
    depth = {"shaved": 0.0, "spikes": 0.08}.get(kind, rng.uniform(0.06, 0.25)) * float(radius[0])
    labels = {"surface": surface_index("hair"), "new_piece": piece}
    if depth <= 0 or (cloth.painted and kind == "short"):
        fit.paint(field, material, **labels)
    else:
        fit.lift(
            field,
            material,
            depth * np.clip(0.5 + (z - line), 0.5, 1.2) * (1 + 0.35 * strands),
            4,
            **labels,
        )
        fit.fabric[fit.piece == piece] = False
    extra: list[Shape] = []
    at = body.head_center
    if kind in ("bob", "long"):
        low = rng.uniform(-1.1, -0.7) if kind == "bob" else rng.uniform(-3.0, -1.3)
        extra.append(
            _curtain(fit, low, 0.6 * depth + 0.05 * float(radius[0]), rng.uniform(1.6, 2.1))
        )
    elif kind == "bun":
        where = at + radius * rng.choice([[0, 0.95, 0.35], [0, 0.35, 1.05]])
        extra.append(ball(where, radius[0] * rng.uniform(0.35, 0.5), 14, 9))
    elif kind == "tail":
        where = at + radius * [0, 1.0, rng.uniform(0.1, 0.5)]
        length = float(radius[2]) * rng.uniform(1.0, 2.6)
        bend = where + [0, 0.35 * radius[1], -0.2 * length]
        tip = where + [0, 0.3 * radius[1], -length]
        thick = 0.28 * float(radius[0])
        extra += [
            rod(where - [0, 0.2 * radius[1], 0], bend, thick * 0.6, thick, 10, 4),
            rod(bend, tip, thick, thick * 0.15, 10, 5),
        ]
    elif kind == "spikes":
        for _ in range(int(rng.integers(14, 30))):
            d = rng.normal(size=3)
            d[2] = abs(d[2]) * 1.2 + 0.2
            d[1] += 0.3
            d /= np.linalg.norm(d)
            a = at + radius * d * 0.85
            extra.append(
                rod(
                    a,
                    a + d * float(radius[2]) * rng.uniform(0.4, 0.8),
                    0.22 * float(radius[0]),
                    0.01 * float(radius[0]),
                    6,
                )
            )
    if extra:
        put_on_head(fit, merged(*extra), "hair", piece, material)


def _curtain(fit: Fitting, low: float, gap: float, width: float) -> Shape:
    """Hair that falls from the crown behind the face to height `low` (head coordinates)."""
    body, radius = fit.body, fit.body.head_radius
    turn = np.linspace(-width, width, 29)  # 0 = behind
    rays = np.stack([np.sin(turn), np.cos(turn)], 1)
    outer: list[np.ndarray] = []
    inner: list[np.ndarray] = []
    for at in np.linspace(0.75, low, 14):
        wide = np.sqrt(max(1 - min(max(at, 0), 0.95) ** 2, 0.05)) * (1 + 0.06 * max(-at, 0))
        for rings, grow in ((outer, gap), (inner, gap * 0.2)):
            plane = rays * (radius[:2] * wide + grow) + body.head_center[:2]
            rings.append(
                np.column_stack([plane, np.full(29, body.head_center[2] + at * radius[2])])
            )
    loop = np.concatenate([np.stack(outer)[:, ::-1], np.stack(inner)], 1)
    return tube(loop, end_cap=True)


def face_paint(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Eyes, eyebrows and mouth as patches of colour on the head's own faces."""
    del cloth
    high, apart = rng.uniform(-0.1, 0.15), rng.uniform(0.32, 0.45)
    wide, tall = rng.uniform(0.1, 0.2), rng.uniform(0.08, 0.24)
    unit = fit.body.head_radius[0]
    dark = (0.06, 0.05, 0.05)

    def patch(
        surface: str, color: tuple[float, float, float], cx: float, cz: float, rx: float, rz: float
    ) -> None:
        u, v, w = head_place(fit).T
        field = (1 - np.hypot((abs(u) - cx) / rx if cx else u / rx, (w - cz) / rz)) * rx * unit
        ahead = (v < 0) & fit.on("head")
        fit.paint(
            np.where(ahead, field, OUT),
            fit.new_material(surface, color),
            surface=surface_index(surface),
        )

    if rng.random() < 0.5:
        patch("eye", (0.95, 0.95, 0.95), apart, high, wide * 1.5, tall * 1.4)
    patch("eye", dark if rng.random() < 0.6 else (0.2, 0.4, 0.6), apart, high, wide, tall)
    if rng.random() < 0.6:
        patch("eyebrow", hair_color(rng), apart, high + tall + 0.16, wide * 1.6, 0.05)
    if rng.random() < 0.6:
        patch(
            "mouth",
            (0.5, 0.15, 0.15),
            0.0,
            rng.uniform(-0.65, -0.45),
            rng.uniform(0.12, 0.3),
            rng.uniform(0.03, 0.1),
        )


def beard(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """Hair on chin and cheeks."""
    del cloth
    x, y, z = head_place(fit).T
    jaw = rng.uniform(-0.7, -0.58) + rng.uniform(0.6, 1.3) * np.clip(abs(x) - 0.32, 0, 1)
    field = np.minimum(jaw - z, -y - rng.uniform(-0.1, 0.15)) * fit.body.head_radius[2]
    piece, material = fit.new_piece("beard"), fit.new_material("beard", hair_color(rng))
    fit.lift(
        np.where(fit.on("head"), field, OUT),
        material,
        0.1 * fit.body.head_radius[0],
        4,
        surface=surface_index("hair"),
        new_piece=piece,
    )
    fit.fabric[fit.piece == piece] = False
