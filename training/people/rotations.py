# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation matrices (..., 3, 3) that act on columns; angles in degrees."""

from __future__ import annotations

import numpy as np

MIRROR = np.diag([-1.0, 1.0, 1.0])  # left <-> right


def about(axis: str, degrees: float | np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotation about "x", "y" or "z", right-handed."""
    angle = np.radians(np.asarray(degrees, float))
    c, s, z, o = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
    rows = {
        "x": (o, z, z, z, c, -s, z, s, c),
        "y": (c, z, s, z, o, z, -s, z, c),
        "z": (c, -s, z, s, c, z, z, z, o),
    }[axis]
    return np.stack(rows, axis=-1).reshape(*angle.shape, 3, 3)


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector with length 1."""
    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-9)


def about_axis(axis: np.ndarray, degrees: float) -> np.ndarray:
    """(3, 3) rotation about any (3,) axis (Rodrigues' formula)."""
    x, y, z = unit(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def turning(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(3, 3) smallest rotation that takes direction `source` to direction `target`."""
    a, b = unit(source), unit(target)
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -0.999999:  # opposite: any axis across will do
        axis = np.cross(a, np.eye(3)[np.abs(a).argmin()])
        return about_axis(axis, 180.0)
    if cosine > 0.9999999:
        return np.eye(3)
    return about_axis(axis, np.degrees(np.arccos(cosine)))


def partly(rotation: np.ndarray, share: float, most: float = 180.0) -> np.ndarray:
    """(3, 3) `share` of a rotation's angle, at most `most` degrees."""
    angle = np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1)))
    skew = rotation - rotation.T
    axis = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    if angle < 1e-4 or np.linalg.norm(axis) < 1e-7:
        return np.eye(3)
    return about_axis(axis, min(angle * share, most))
