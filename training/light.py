# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of a view, made anew: what pieces are painted with, and the light on them.

Everything works on the P pixels of a silhouette. Colours are linear unless said.
"""

from __future__ import annotations

import numpy as np

from core.scene.capture.shading import encode_srgb, shade

Rng = np.random.Generator

# Linear colours of skin from light to dark, of which mixtures are drawn.
_SKINS = np.array(
    [[0.72, 0.45, 0.33], [0.58, 0.32, 0.21], [0.42, 0.21, 0.12], [0.22, 0.10, 0.055],
     [0.09, 0.04, 0.025], [0.80, 0.56, 0.46]],
    np.float32,
)  # fmt: skip
_CAPTURE_LIGHT = 0.5  # share of views under the light that the capture gives by default


def decode_srgb(encoded: np.ndarray) -> np.ndarray:
    """float32 linear values of uint8 sRGB."""
    return _LINEAR[encoded]


def repainted(
    albedo: np.ndarray, segment: np.ndarray, is_skin: np.ndarray, where: np.ndarray, rng: Rng
) -> np.ndarray:
    """(P, 3) float32: some segments in other colours, with the detail they had or a pattern.

    `albedo` (P, 3) float32; `segment` (P,) int in 0..S-1; `is_skin` (S,) bool; `where` (P, 2)
    float32 positions in the picture in shares of the figure's height.
    """
    count = len(is_skin)
    out = albedo.copy()
    sums = np.stack([np.bincount(segment, albedo[:, c], count) for c in range(3)], 1)
    mean = (sums / np.maximum(np.bincount(segment, minlength=count), 1)[:, None]).astype(np.float32)
    palette = [_paint(rng) for _ in range(rng.integers(1, 5))]
    chosen = rng.random(count) < rng.choice([0.3, 0.7, 1.0])
    for index in np.flatnonzero(chosen):
        here = segment == index
        if not here.any():
            continue
        if is_skin[index]:
            color = _skin(rng) if rng.random() < 0.9 else _paint(rng)
        else:
            color = palette[rng.integers(len(palette))] if rng.random() < 0.6 else _paint(rng)
        detail = albedo[here] / np.maximum(mean[index], 0.02)
        strength = np.float32(rng.choice([0.0, 0.5, 1.0], p=[0.25, 0.25, 0.5]))
        painted = color * np.clip(1 + strength * (detail - 1), 0.15, 3)
        if not is_skin[index] and rng.random() < 0.22:
            other = _paint(rng)
            share = _pattern(where[here], rng)[:, None]
            painted = painted * (1 - share) + other * share
        out[here] = painted
    return np.clip(out, 0, 1)


def lit(albedo: np.ndarray, normal: np.ndarray, rng: Rng) -> np.ndarray:
    """(P, 3) uint8 sRGB under the capture's own light or some other.

    `normal` (P, 3) unit in camera axes (right, down, forward).
    """
    if rng.random() < _CAPTURE_LIGHT:
        return shade(albedo, normal, np.eye(3))
    ambient = rng.uniform(0.15, 0.7)
    total = np.full_like(albedo, ambient)
    for _ in range(rng.integers(1, 4)):
        direction = rng.normal(size=3) + [0, -0.6, -0.9]  # mostly from above, from the camera
        direction /= np.linalg.norm(direction)
        facing = normal @ direction.astype(np.float32)
        wrap = rng.uniform(0, 0.6)
        share = np.clip((facing + wrap) / (1 + wrap), 0, 1)
        if rng.random() < 0.1:  # toon
            share = np.round(share * 2) / 2
        tint = 1 + rng.normal(0, 0.08, 3)
        total += rng.uniform(0.15, 0.9) * share[:, None] * tint.astype(np.float32)
    total *= rng.uniform(0.7, 1.15) / max(float(np.percentile(total[::7], 90)), 0.3)
    color = albedo * total
    if rng.random() < 0.25:  # gloss
        shine = np.clip(-normal[:, 2] + rng.normal(0, 0.1), 0, 1) ** rng.uniform(8, 40)
        color = color + rng.uniform(0.05, 0.35) * shine[:, None]
    return encode_srgb(color)


def developed(color: np.ndarray, rng: Rng) -> np.ndarray:
    """(h, w, 3) uint8 as another renderer or camera would give it: contrast, tint, saturation."""
    mix = np.eye(3, dtype=np.float32)
    saturation = rng.choice([1.0, rng.uniform(0.5, 1.4), 0.0], p=[0.5, 0.45, 0.05])
    mix = mix * saturation + (1 - saturation) * np.float32(1 / 3)
    mix = mix * (1 + rng.normal(0, 0.05, 3)).astype(np.float32)
    scaled = color.astype(np.float32) @ mix
    scaled = (scaled - 128) * rng.uniform(0.75, 1.25) + 128 + rng.normal(0, 12)
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _paint(rng: Rng) -> np.ndarray:
    """(3,) float32: any colour of cloth, the dull ones more often."""
    value, saturation = rng.beta(1.2, 1.8), rng.beta(1, 2) if rng.random() < 0.75 else rng.random()
    hue = rng.random() * 6
    ramp = np.clip(np.abs((hue + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    return (value * (1 - saturation * (1 - ramp))).astype(np.float32)


def _skin(rng: Rng) -> np.ndarray:
    share = rng.dirichlet(np.ones(len(_SKINS)) * 0.3)
    return (share @ _SKINS * rng.uniform(0.8, 1.2)).astype(np.float32)


def _pattern(where: np.ndarray, rng: Rng) -> np.ndarray:
    """(P,) float32 in [0, 1]: stripes, checks, dots or clouds."""
    angle, period = rng.uniform(0, np.pi), rng.uniform(0.01, 0.08)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
    u, v = (where @ turn / period).T
    kind = rng.integers(4)
    if kind == 0:
        return (u % 1 < rng.uniform(0.2, 0.8)).astype(np.float32)
    if kind == 1:
        return (0.5 * (u % 1 < 0.5) + 0.5 * (v % 1 < 0.5)).astype(np.float32)
    if kind == 2:
        return ((u % 1 - 0.5) ** 2 + (v % 1 - 0.5) ** 2 < 0.08).astype(np.float32)
    cloud = np.sin(u + 2 * np.sin(0.7 * v)) * np.sin(v + 1.7 * np.sin(0.9 * u))
    return (cloud > rng.uniform(-0.3, 0.5)).astype(np.float32)


_LINEAR = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_LINEAR <= 0.04045, _LINEAR / 12.92, ((_LINEAR + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
