# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour frames without a light transport: albedo times a fixed soft light on the normals."""

from __future__ import annotations

import numpy as np

# A wide light from above and the front, low contrast: shape shows, colours stay recognisable.
_LIGHT = np.array([0.30, -0.55, 0.78]) / np.linalg.norm([0.30, -0.55, 0.78])
_AMBIENT, _DIFFUSE = 0.62, 0.42
_STEPS = 4096


def _srgb_table() -> np.ndarray:
    linear = np.linspace(0.0, 1.0, _STEPS)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


_TABLE = _srgb_table()


def encode_srgb(linear: np.ndarray) -> np.ndarray:
    """uint8 sRGB of scene-linear values; below 0 is black, above 1 white, not-a-number black."""
    scaled = np.nan_to_num(linear, nan=0.0, posinf=1.0, neginf=0.0) * (_STEPS - 1) + 0.5
    return _TABLE[np.clip(scaled, 0, _STEPS - 1).astype(np.int32)]


def shade(albedo: np.ndarray, normal: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """(N, 3) uint8 sRGB of linear `albedo` (N, 3) with world-space unit `normal` (N, 3).

    The light turns with the camera (`rotation`: world to OpenCV camera, (3, 3)), so that a part
    looks alike from every side.
    """
    light_camera = np.array([_LIGHT[0], -_LIGHT[2], _LIGHT[1]])  # right, down, forward
    light = (light_camera @ rotation).astype(np.float32)
    wrapped = (normal @ light) * 0.5 + 0.5
    return encode_srgb(albedo * (_AMBIENT + _DIFFUSE * wrapped)[:, None])
