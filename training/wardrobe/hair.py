# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair and beards, and painted faces for heads that have none."""

from __future__ import annotations

import numpy as np

from training.bank import surface_index
from training.wardrobe.fitting import Fitting
from training.wardrobe.headwear import head_place, put_on_head
from training.wardrobe.palette import hair_color
from training.wardrobe.shapes import (
    Shape,
    ball,
    merged,
    rod,
    tube,
)
from training.wardrobe.trunk import OUT, Cloth

_AROUND = 28


def hair(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A cap of hair on the scalp with bangs, bun, tail, spikes or length."""
    color = hair_color(rng)
    piece, material = fit.new_piece("hair"), fit.new_material("hair", color)
    radius = fit.body.head_radius
    kinds = ("short", "bob", "long", "bun", "tail", "spikes", "shaved", "hips", "tails", "afro")
    chances = (0.22, 0.12, 0.12, 0.09, 0.1, 0.09, 0.1, 0.06, 0.05, 0.05)
    kind = str(rng.choice(kinds, p=chances))
    x, y, z = head_place(fit).T
    ahead = np.clip((-y + 0.15) / 0.9, 0, 1)
    nape = rng.uniform(-0.55, -0.1) if kind != "shaved" else rng.uniform(-0.1, 0.3)
    bangs = rng.uniform(0.25, 0.45) if rng.random() < 0.4 else rng.uniform(0.5, 0.72)
    if rng.random() < 0.08:  # over the eyes
        bangs = rng.uniform(-0.15, 0.2)
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
    extra = _more(fit, rng, kind, depth)
    if extra:
        first = len(fit.vertices)
        put_on_head(fit, merged(*extra), "hair", piece, material)
        _rest_on_the_back(fit, first)


def _more(fit: Fitting, rng: np.random.Generator, kind: str, depth: float) -> list[Shape]:
    """What hangs or stands off the scalp; `depth` metres is how thick the hair on it is."""
    body, radius = fit.body, fit.body.head_radius
    extra: list[Shape] = []
    at = body.head_center
    if kind in ("bob", "long", "hips"):
        low = rng.uniform(-1.1, -0.7) if kind == "bob" else rng.uniform(-3.0, -1.3)
        if kind == "hips":
            low = min(float((rng.uniform(body.crotch, body.waist) - at[2]) / radius[2]), low)
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
    elif kind == "tails":
        length = float(radius[2]) * rng.uniform(1.0, 5.0)
        for side in (-1, 1):
            root = at + radius * [side * 0.9, 0.2, 0.5]
            bend = root + [side * 0.4 * radius[0], 0.1 * radius[1], -0.1 * length]
            thick = 0.3 * float(radius[0])
            tip = bend + [side * 0.1 * length, 0, -0.9 * length]
            extra += [rod(root, bend, thick * 0.5, thick, 10), rod(bend, tip, thick, 0.02, 10, 5)]
    elif kind == "afro":
        extra.append(ball(at + radius * [0, 0.25, 0.3], radius * rng.uniform(1.15, 1.7), 22, 13))
    elif kind == "spikes":
        extra += _spikes(rng, at, radius)
    return extra


def _spikes(rng: np.random.Generator, at: np.ndarray, radius: np.ndarray) -> list[Shape]:
    """Cones all over the upper head."""
    spikes = []
    for _ in range(int(rng.integers(14, 30))):
        d = rng.normal(size=3)
        d[2] = abs(d[2]) * 1.2 + 0.2
        d[1] += 0.3
        d /= np.linalg.norm(d)
        a = at + radius * d * 0.85
        spikes.append(
            rod(
                a,
                a + d * float(radius[2]) * rng.uniform(0.4, 0.8),
                0.22 * float(radius[0]),
                0.01 * float(radius[0]),
                6,
            )
        )
    return spikes


def _rest_on_the_back(fit: Fitting, first: int) -> None:
    """Vertices of long hair, from number `first` on, move with the back as far as they reach it."""
    height = fit.vertices[first:, 2]
    share = np.clip((fit.body.chin - height) / max(fit.body.neck - fit.body.armpit, 1e-3), 0, 0.9)
    fit.joints[first:, 1] = fit.joint("torso")
    fit.weights[first:, 0], fit.weights[first:, 1] = 1 - share, share


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
