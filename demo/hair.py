# SPDX-License-Identifier: GPL-3.0-or-later
"""Side-swept hair: a cap over the skull and seeded, tapering locks combed along a flow."""

import numpy as np

from . import palette
from .fields import Field, ellipsoid, reflect, smoothstep, union
from .head import hairline
from .piece import Piece, join, piece
from .polygonise import (
    border_vertices,
    clip,
    gradient,
    relax,
    space,
    surface_nets,
    symmetric,
    vertex_normals,
)

PARTING = 0.030  # x of the parting, on the character's left
SPACING = 0.0162
SEGMENTS = 6


def cap_field(points: np.ndarray) -> np.ndarray:
    """The surface the locks grow from: the skull with some volume."""
    p = reflect(points)
    return union(
        ellipsoid(p, (0.0, -0.034, 1.890), (0.0845, 0.110, 0.0975)),
        ellipsoid(p, (0.0, 0.006, 1.862), (0.0775, 0.079, 0.085)),
        ellipsoid(p, (0.0, -0.088, 1.908), (0.0720, 0.066, 0.067)),
        blend=0.03,
    )


def _flow(p: np.ndarray) -> np.ndarray:
    """Combing direction (N, 3): from the parting to both sides, sides and back downwards."""
    x, y, z = p.T
    side = np.where(x > PARTING, 1.0, -1.0)
    top = smoothstep(1.915, 1.955, z)
    across = np.where(x > PARTING, 0.75, 0.95)
    sweep = np.stack([side * across, 0.75 + 0 * x, 0.25 * (y < -0.08)], 1)
    fall = np.stack([0 * x, 0.55 * smoothstep(0.06, -0.02, y), -1.0 + 0 * x], 1)
    back = smoothstep(0.0, 0.07, y) * 0.9
    return sweep * (top * (1 - back))[:, None] + fall * (1 - top * (1 - back))[:, None]


def _roots(rng: np.random.Generator, places: np.ndarray) -> np.ndarray:
    """Well-spread lock roots out of candidate places (N, 3)."""
    chosen: list[np.ndarray] = []
    for place in places[rng.permutation(len(places))]:
        reach = SPACING * (1.0 if place[2] > 1.93 else 0.92)
        if not chosen or np.linalg.norm(np.array(chosen) - place, axis=1).min() > reach:
            chosen.append(place)
    return np.array(chosen)


def _comb(
    rng: np.random.Generator, roots: np.ndarray, field: Field
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre lines (L, S+1, 3), surface normals alike, and half widths (L,) of the locks."""
    _, y, z = roots.T
    top = smoothstep(1.90, 1.95, z)
    front = top * smoothstep(-0.03, -0.10, y)
    length = 0.042 + 0.040 * top + 0.022 * front
    length *= rng.uniform(0.85, 1.15, len(roots))
    lift = (0.0048 + 0.0080 * top + 0.0120 * front) * rng.uniform(0.75, 1.25, len(roots))
    wander = rng.normal(0.0, 0.16, (len(roots), 3))
    width = (0.0090 + 0.0032 * top) * rng.uniform(0.85, 1.2, len(roots))
    lines, _ = _grow(roots, length, lift, wander, field)
    # Locks that would hang past the hairline, off the head, are cut shorter.
    over = (hairline(lines.reshape(-1, 3)).reshape(lines.shape[:2]) < 0.004).mean(1)
    return *_grow(roots, length * np.clip(1.1 * over, 0.3, 1.0), lift * over, wander, field), width


def _grow(
    roots: np.ndarray, length: np.ndarray, lift: np.ndarray, wander: np.ndarray, field: Field
) -> tuple[np.ndarray, np.ndarray]:
    """Lines (L, S+1, 3) that follow the flow over the cap, and the surface normals below them."""
    lines, normals = [], []
    place = roots.copy()
    for k in range(SEGMENTS + 1):
        normal = gradient(field, place)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        place = place - field(place)[:, None] * normal
        t = k / SEGMENTS
        rise = lift * np.sin(np.pi * (0.03 + 0.85 * t)) - 0.0008
        lines.append(place + normal * rise[:, None])
        normals.append(normal)
        way = _flow(place) + wander
        way -= (way * normal).sum(1, keepdims=True) * normal
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-6)
        place = place + way * (length / SEGMENTS)[:, None]
    return np.stack(lines, 1), np.stack(normals, 1)


def _locks(field: Field, places: np.ndarray) -> Piece:
    rng = np.random.default_rng(20)
    roots = _roots(rng, places)
    lines, normals, width = _comb(rng, roots, field)
    along = np.gradient(lines, axis=1)
    side = np.cross(along, normals)
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    t = np.linspace(0, 1, SEGMENTS + 1)
    profile = np.interp(t, [0, 0.25, 0.6, 0.85, 1], [0.70, 1.0, 0.92, 0.55, 0.06])
    half = width[:, None] * profile
    # An arched strip: its open underside lies on the cap.
    section = np.array([[-1.0, -0.42], [-0.52, 0.20], [0.0, 0.42], [0.52, 0.20], [1.0, -0.42]])
    vertices = lines[:, :, None] + half[..., None, None] * (
        section[:, 0, None] * side[:, :, None] + section[:, 1, None] * normals[:, :, None]
    )
    index = np.arange(vertices[..., 0].size).reshape(vertices.shape[:3])
    quads = np.stack(
        [index[:, :-1, :-1], index[:, 1:, :-1], index[:, 1:, 1:], index[:, :-1, 1:]], -1
    )
    tone = rng.uniform(0.0, 0.35, len(roots))[:, None] + 0.65 * t**0.8
    tone = tone[:, :, None] * np.array([0.72, 0.95, 1.0, 0.95, 0.72])
    low, high = np.array(palette.HAIR_ROOT), np.array(palette.HAIR_TIP)
    colour = low + np.clip(tone, 0, 1)[..., None] * (high - low)
    uv = np.stack(
        np.broadcast_arrays(np.linspace(0, 1, 5)[None, None], t[None, :, None] + 0 * tone), -1
    )
    return piece(
        "Locks",
        vertices.reshape(-1, 3),
        quads.reshape(-1, 4),
        "hair",
        "Hair",
        colour.reshape(-1, 3),
        uv.reshape(-1, 2)[quads.reshape(-1, 4)],
    )


def hair() -> Piece:
    """All of the hair."""
    xs, ys = symmetric((0.0, 0.0100), (0.12, 0.0100)), space((-0.18, 0.0100), (0.12, 0.0100))
    zs = space((1.76, 0.0100), (2.02, 0.0100))
    mesh = relax(cap_field, surface_nets(cap_field, xs, ys, zs), 2)
    vertices, quads = clip(mesh, hairline, cap_field)
    # Tuck the border under the skin, or daylight shows between cap and skull.
    border = border_vertices(quads, len(vertices))
    tucked = vertices.copy()
    tucked[border] -= 0.009 * vertex_normals(vertices, quads)[border]
    tone = 0.75 * np.array(palette.HAIR_ROOT) + 0.25 * np.array(palette.HAIR_TIP)
    cap = piece("Cap", tucked, quads, "hair", "Hair", tone)
    deep = vertices[hairline(vertices) < -0.002]
    return join("Hair", [cap, _locks(cap_field, deep)])
