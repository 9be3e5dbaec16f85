# SPDX-License-Identifier: GPL-3.0-or-later
"""Default colours of parts: far apart from each other, from white paper and from viewport grey."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .spec import Part

Color = tuple[float, float, float]  # sRGB 0..1

_WEIGHTS = np.array([0.5, 1.0, 1.0])  # shading changes lightness, so hue must tell parts apart
_GROUNDS = ((1.0, 1.0, 1.0), (0.24, 0.24, 0.24), (0.5, 0.5, 0.5))


def part_colors(parts: Sequence[Part]) -> tuple[Color, ...]:
    """One sRGB colour per part: its own, or the next of the palette.

    Each palette colour is the one farthest (in weighted OKLab) from all colours before it, so the
    same parts always get the same colours and a part added at the end changes none of the others.
    """
    chosen = [p.color for p in parts if p.color is not None]
    palette = iter(_farthest_first(tuple(chosen), len(parts) - len(chosen)))
    return tuple(p.color if p.color is not None else next(palette) for p in parts)


@lru_cache(maxsize=32)
def _farthest_first(taken: tuple[Color, ...], count: int) -> list[Color]:
    candidates = _candidates()
    lab = np.array([_oklab(c) for c in candidates]) * _WEIGHTS  # (C, 3)
    distance = np.full(len(candidates), np.inf)  # to the nearest colour in use
    for color in (*_GROUNDS, *taken):
        distance = np.minimum(distance, np.linalg.norm(lab - _oklab(color) * _WEIGHTS, axis=1))
    colors: list[Color] = []
    for i in range(count):
        if i % len(candidates) == 0 and i:
            distance[:] = np.inf  # more parts than colours: begin again
        best = int(np.argmax(distance))
        colors.append(candidates[best])
        distance = np.minimum(distance, np.linalg.norm(lab - lab[best], axis=1))
        distance[best] = -1.0
    return colors


@lru_cache(maxsize=1)
def _candidates() -> list[Color]:
    """Colours of middle lightness, neither grey nor neon."""
    colors = []
    for lightness in (0.42, 0.52, 0.62, 0.72, 0.80):
        for chroma in (0.10, 0.14, 0.18):
            for hue in range(0, 360, 12):
                rgb = _from_oklch(lightness, chroma, math.radians(hue))
                if all(0.0 <= c <= 1.0 for c in rgb):
                    colors.append((round(rgb[0], 3), round(rgb[1], 3), round(rgb[2], 3)))
    return colors


def _oklab(color: Color) -> np.ndarray:
    """(3,) OKLab of an sRGB colour. B. Ottosson, "A perceptual color space", 2020."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color)
    l_ = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    m_ = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    s_ = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    return np.array(
        [
            0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
            1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
            0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
        ]
    )


def _from_oklch(lightness: float, chroma: float, hue: float) -> Color:
    """The sRGB colour; outside 0..1 when the screen cannot show it."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )
    red, green, blue = (
        12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in linear
    )
    return red, green, blue
