# SPDX-License-Identifier: GPL-3.0-or-later
"""Narrow strips laid on a garment: pocket welts, belt loops, laces, seams."""

import numpy as np

from .fields import Field
from .piece import Piece, piece
from .polygonise import gradient, project


def drop(field: Field, points: np.ndarray, direction) -> np.ndarray:
    """Points (N, 3) marched along one direction until they meet the surface field = 0."""
    points = np.array(points, float)
    for _ in range(60):
        points += 0.7 * field(points)[:, None] * np.asarray(direction, float)
    return points


def strip(
    field: Field,
    line: np.ndarray,
    width: float,
    height: float,
    part: str,
    material: str,
    colour,
    direction=(0.0, 1.0, 0.0),
) -> Piece:
    """A raised strip along a polyline (S, 3) dropped on a surface; width and height in metres."""
    places = drop(field, line, direction)
    normals = gradient(field, places)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    along = np.gradient(places, axis=0)
    side = np.cross(along, normals)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    section = np.array(
        [[-0.5, -0.3], [-0.46, 0.8], [-0.2, 1.0], [0.2, 1.0], [0.46, 0.8], [0.5, -0.3]]
    )
    vertices = places[:, None] + width * section[None, :, :1] * side[:, None]
    base = project(field, vertices.reshape(-1, 3), 3).reshape(vertices.shape)
    vertices = base + height * section[None, :, 1:] * normals[:, None]
    rings, sides = vertices.shape[:2]
    index = np.arange(rings * sides).reshape(rings, sides)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1)
    ends = [[row[0], row[1], row[4], row[5]] for row in (index[0], index[-1, ::-1])]
    inner = [[row[1], row[2], row[3], row[4]] for row in (index[0], index[-1, ::-1])]
    quads = np.concatenate([quads.reshape(-1, 4), ends, inner])
    return piece(material, vertices.reshape(-1, 3), quads, part, material, colour)


def between(start, end, segments: int = 8, sag=(0.0, 0.0, 0.0)) -> np.ndarray:
    """A polyline (segments + 1, 3) from start to end, bowed by sag in the middle."""
    t = np.linspace(0.0, 1.0, segments + 1)[:, None]
    line = np.asarray(start) * (1 - t) + np.asarray(end) * t
    return line + np.asarray(sag) * (4 * t * (1 - t))
