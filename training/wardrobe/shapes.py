# SPDX-License-Identifier: GPL-3.0-or-later
"""Meshes made from nothing: tubes, balls, boxes, and hulls that wrap points slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Shape:
    """A mesh of quads and triangles."""

    vertices: np.ndarray  # (V, 3) float32 metres
    faces: np.ndarray  # (F, 4) int32, a triangle has -1 last

    def moved(self, matrix: np.ndarray, offset: np.ndarray) -> Shape:
        """With each vertex v at matrix @ v + offset."""
        return Shape((self.vertices @ np.asarray(matrix).T + offset).astype(np.float32), self.faces)


def merged(*shapes: Shape) -> Shape:
    """One shape of several."""
    start = np.cumsum([0] + [len(s.vertices) for s in shapes])
    faces = [np.where(s.faces < 0, -1, s.faces + a) for s, a in zip(shapes, start, strict=False)]
    return Shape(
        np.concatenate([s.vertices for s in shapes]).astype(np.float32),
        np.concatenate(faces).astype(np.int32),
    )


def tube(
    rings: np.ndarray, closed: bool = True, start_cap: bool = False, end_cap: bool = False
) -> Shape:
    """The surface through rings (N, M, 3); closed joins the last point of a ring to its first.

    Rings that turn counter-clockwise seen against their advance face outwards.
    """
    n, m = rings.shape[:2]
    index = np.arange(n * m).reshape(n, m)
    following = np.roll(index, -1, axis=1) if closed else index[:, 1:]
    here = index if closed else index[:, :-1]
    quads = np.stack([here[:-1], following[:-1], following[1:], here[1:]], -1).reshape(-1, 4)
    vertices, faces = [rings.reshape(-1, 3)], [quads]
    for wanted, ring, flip in ((start_cap, 0, True), (end_cap, n - 1, False)):
        if wanted:
            centre = n * m + len(vertices) - 1
            vertices.append(rings[ring].mean(0, keepdims=True))
            a, b = (following, here) if flip else (here, following)
            fan = np.stack([a[ring], b[ring], np.full(len(here[ring]), centre)], 1)
            faces.append(np.concatenate([fan, np.full((len(fan), 1), -1)], 1))
    return Shape(
        np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.int32)
    )


def circle(m: int, start: float = 0.0, end: float = 2 * np.pi) -> np.ndarray:
    """(M, 2) cosine and sine of M angles; a full circle does not repeat its start."""
    full = abs(end - start - 2 * np.pi) < 1e-6
    angle = np.linspace(start, end, m, endpoint=not full)
    return np.stack([np.cos(angle), np.sin(angle)], 1)


def ball(
    center: np.ndarray,
    radius: np.ndarray | float,
    m: int = 16,
    n: int = 9,
    low: float = -1.0,
    high: float = 1.0,
    power: float = 1.0,
) -> Shape:
    """An ellipsoid from height `low` to `high` (-1..1); power < 1 makes it boxier."""
    radius = np.broadcast_to(np.asarray(radius, np.float32), (3,))
    angle = np.linspace(np.arcsin(low), np.arcsin(high), n)
    height, width = np.sin(angle), np.maximum(np.cos(angle), 0.02)
    plane = circle(m)
    height = np.sign(height) * abs(height) ** power
    plane, width = np.sign(plane) * abs(plane) ** power, width**power
    rings = np.concatenate(
        [width[:, None, None] * plane[None], np.repeat(height[:, None, None], m, 1)], -1
    )
    return tube(rings * radius + center, start_cap=True, end_cap=high >= 0.99)


def box(center: np.ndarray, half: np.ndarray, bevel: float = 0.25) -> Shape:
    """A box with rounded edges; `half` (3,) metres, bevel a share of the smallest half."""
    half = np.asarray(half, np.float32)
    b = bevel * float(half.min())
    x, y, z = half
    outline = np.array(
        [
            (x, -y + b),
            (x, y - b),
            (x - b, y),
            (-x + b, y),
            (-x, y - b),
            (-x, -y + b),
            (-x + b, -y),
            (x - b, -y),
        ]
    )
    inner = outline * (1 - b / np.maximum(half[:2], 1e-6))
    levels = ((inner, -z), (outline, -z + b), (outline, z - b), (inner, z))
    rings = np.stack([np.concatenate([ring, np.full((8, 1), h)], 1) for ring, h in levels])
    return tube(rings + center, start_cap=True, end_cap=True)


def rod(start: np.ndarray, end: np.ndarray, r0: float, r1: float, m: int = 10, n: int = 2) -> Shape:
    """A tapered cylinder with flat ends between two (3,) points."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    side, other = frame(end - start)
    t = np.linspace(0, 1, n)[:, None, None]
    plane = circle(m)
    ring = plane[None, :, :1] * side + plane[None, :, 1:] * other
    radius = r0 + (r1 - r0) * t
    return tube(start + (end - start) * t + ring * radius, start_cap=True, end_cap=True)


def frame(axis: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors (side, other) so that side x other points along the axis."""
    axis = np.asarray(axis, float) / max(float(np.linalg.norm(axis)), 1e-9)
    helper = np.array([0.0, -1.0, 0.0]) if abs(axis[1]) < 0.8 else np.array([0.0, 0.0, 1.0])
    side = np.cross(helper, axis)
    side /= np.linalg.norm(side)
    return side, np.cross(axis, side)


def corner_values(faces: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(F, 4, ...) the values (V, ...) at the corners of faces; triangles repeat their first."""
    return values[np.where(faces < 0, faces[:, :1], faces)]


def reach(points: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """(M,) how far (N, 2) points reach along (M, 2) unit directions: their hull's support."""
    return (points @ directions.T).max(0) if len(points) else np.zeros(len(directions))


def hull_outline(points: np.ndarray, m: int) -> np.ndarray:
    """(M, 2) outline of the hull of (N, 2) points, at even angles about its middle."""
    middle = (points.min(0) + points.max(0)) / 2
    fine = circle(4 * m)
    support = reach(points - middle, fine)  # (4M,)
    rays = circle(m)
    facing = rays @ fine.T  # (M, 4M)
    radius = np.where(facing > 0.15, support[None] / np.maximum(facing, 0.15), np.inf).min(1)
    return middle + rays * radius[:, None]


def wrapped(
    points: np.ndarray, origin: np.ndarray, axis: np.ndarray, stations: np.ndarray, m: int = 16
) -> Shape:
    """A closed tube that wraps the hull of points (N, 3) slice by slice along an axis.

    `stations` (S,) metres from the origin along the axis. Slices without points are left out;
    fewer than two that have some raise ValueError.
    """
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    side, other = frame(axis)
    offset = points - origin
    along, plane = offset @ axis, np.stack([offset @ side, offset @ other], 1)
    width = np.diff(stations).mean() * 0.75
    rings = []
    for station in stations:
        near = abs(along - station) < width
        if near.sum() >= 3:
            outline = hull_outline(plane[near], m)
            rings.append(origin + axis * station + outline[:, :1] * side + outline[:, 1:] * other)
    if len(rings) < 2:
        raise ValueError("no points to wrap along this axis")
    return tube(np.stack(rings), start_cap=True, end_cap=True)
