# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed distance fields: negative inside, metres, evaluated for many points at once.

A field is a function from points (N, 3) float64 to distances (N,) float64. Most are bounds rather
than exact distances, which is enough because vertices are projected onto the zero set afterwards.
"""

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray], np.ndarray]


def ellipsoid(points: np.ndarray, centre, radii) -> np.ndarray:
    """Approximate distance (N,) to an axis-aligned ellipsoid."""
    offset = (points - np.asarray(centre)) / np.asarray(radii)
    k0 = np.sqrt((offset * offset).sum(1))
    scaled = offset / np.asarray(radii)
    k1 = np.sqrt((scaled * scaled).sum(1))
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def segment(points: np.ndarray, start, end) -> tuple[np.ndarray, np.ndarray]:
    """Distance (N,) to the segment start-end and the position along it (N,), clamped to 0..1."""
    start, axis = np.asarray(start, float), np.asarray(end, float) - np.asarray(start, float)
    offset = points - start
    along = np.clip(offset @ axis / (axis @ axis), 0.0, 1.0)
    offset = offset - along[:, None] * axis
    return np.sqrt((offset * offset).sum(1)), along


def cone(points: np.ndarray, start, end, radius_start: float, radius_end: float) -> np.ndarray:
    """Distance (N,) to a capsule whose radius goes from radius_start to radius_end."""
    distance, along = segment(points, start, end)
    return distance - (radius_start + (radius_end - radius_start) * along)


def union(first: np.ndarray, *others: np.ndarray, blend: float = 0.0) -> np.ndarray:
    """Union of fields; blend > 0 rounds the crease over that many metres.

    The quadratic polynomial smooth minimum (I. Quilez).
    """
    result = first
    for other in others:
        if blend > 0:
            crease = np.maximum(blend - np.abs(result - other), 0.0)
            result = np.minimum(result, other) - crease * crease / (4.0 * blend)
        else:
            result = np.minimum(result, other)
    return result


def intersection(first: np.ndarray, *others: np.ndarray, blend: float = 0.0) -> np.ndarray:
    """Intersection of fields, rounded like `union`."""
    return -union(-first, *(-other for other in others), blend=blend)


def reflect(points: np.ndarray) -> np.ndarray:
    """The points with x made positive: a field of them is symmetric."""
    folded = points.copy()
    folded[:, 0] = np.abs(folded[:, 0])
    return folded


def smoothstep(low, high, value: np.ndarray) -> np.ndarray:
    """0 below low, 1 above high, the cubic 3t^2 - 2t^3 between."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(value: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Gaussian of height 1 and standard deviation width."""
    return np.exp(-0.5 * ((value - centre) / width) ** 2)


def waves(points: np.ndarray, wavelength: float, seed: int, terms: int = 6) -> np.ndarray:
    """Smooth noise (N,) in about -1..1: a sum of plane waves in seeded directions."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(terms, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    scales = 2.0 * np.pi / (wavelength * rng.uniform(0.7, 1.4, terms))
    phases = rng.uniform(0.0, 2.0 * np.pi, terms)
    return np.sin(points @ (directions * scales[:, None]).T + phases).sum(1) / np.sqrt(terms)
