# SPDX-License-Identifier: GPL-3.0-or-later
"""Colours of cloth, skin and hair; colour alone tells little about what a thing is."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Color = tuple[float, float, float]

_CLOTH = (
    (0.92, 0.91, 0.88),
    (0.08, 0.08, 0.09),
    (0.16, 0.2, 0.36),
    (0.45, 0.45, 0.47),
    (0.72, 0.62, 0.48),
    (0.36, 0.25, 0.17),
    (0.3, 0.38, 0.25),
    (0.55, 0.12, 0.13),
    (0.25, 0.42, 0.62),
    (0.75, 0.75, 0.78),
)
_SKIN = (
    (0.96, 0.84, 0.76),
    (0.91, 0.74, 0.62),
    (0.82, 0.62, 0.47),
    (0.68, 0.48, 0.34),
    (0.5, 0.34, 0.24),
    (0.34, 0.22, 0.16),
    (0.22, 0.15, 0.12),
)
_HAIR = (
    (0.06, 0.05, 0.05),
    (0.17, 0.11, 0.08),
    (0.33, 0.21, 0.13),
    (0.52, 0.35, 0.19),
    (0.82, 0.68, 0.42),
    (0.6, 0.24, 0.12),
    (0.7, 0.7, 0.7),
    (0.93, 0.92, 0.9),
)


@dataclass(frozen=True)
class Palette:
    """How the colours of one outfit are drawn."""

    kind: str  # "free", "muted", "bright", "alike", "skin-like", "grey"
    base: Color

    def cloth(self, rng: np.random.Generator) -> Color:
        """The colour of one garment."""
        if self.kind == "alike":
            return varied(self.base, rng, 0.04)
        if self.kind == "skin-like":
            return varied(self.base, rng, 0.08)
        if self.kind == "grey":
            value = rng.uniform(0.1, 0.95)
            return (value, value, value)
        if self.kind == "bright":
            return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.6, 1), rng.uniform(0.5, 1))
        if self.kind == "muted" or rng.random() < 0.6:
            return varied(_CLOTH[rng.integers(len(_CLOTH))], rng, 0.08)
        return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.15, 0.95))


def palette(rng: np.random.Generator) -> Palette:
    """The palette of an outfit."""
    kinds = ("free", "muted", "bright", "alike", "skin-like", "grey")
    kind = kinds[rng.choice(len(kinds), p=(0.5, 0.2, 0.14, 0.06, 0.05, 0.05))]
    base = skin_tone(rng) if kind == "skin-like" else _CLOTH[rng.integers(len(_CLOTH))]
    return Palette(kind, base)


def of_one_cloth(rng: np.random.Generator) -> Palette:
    """The palette of a suit: one colour, mostly a dark one."""
    base = varied(_CLOTH[rng.integers(len(_CLOTH))], rng, 0.1)
    dark = float(rng.choice([1.0, rng.uniform(0.25, 0.8)]))
    return Palette("alike", (base[0] * dark, base[1] * dark, base[2] * dark))


def varied(color: Color, rng: np.random.Generator, amount: float) -> Color:
    """A colour near this one; `amount` is the spread per channel."""
    r, g, b = np.clip(
        np.array(color) + rng.normal(0, amount / 2) + rng.normal(0, amount / 2, 3), 0.02, 1
    )
    return float(r), float(g), float(b)


def detail(color: Color, rng: np.random.Generator) -> Color:
    """The colour of a trim on cloth of this colour: often hardly another one."""
    if rng.random() < 0.5:
        factor = rng.uniform(0.75, 1.2)
        r, g, b = np.clip(np.array(color) * factor + rng.uniform(-0.03, 0.03), 0.02, 1)
        return float(r), float(g), float(b)
    return _CLOTH[rng.integers(len(_CLOTH))]


def skin_tone(rng: np.random.Generator, fantasy: float = 0.0) -> Color:
    """A natural skin colour, or with this probability any."""
    if rng.random() < fantasy:
        return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.2, 0.6), rng.uniform(0.4, 0.9))
    at = rng.uniform(0, len(_SKIN) - 1.001)
    low, share = np.array(_SKIN[int(at)]), at % 1
    return varied(tuple(low * (1 - share) + np.array(_SKIN[int(at) + 1]) * share), rng, 0.03)


def hair_color(rng: np.random.Generator) -> Color:
    """A natural hair colour, rarely a dyed one."""
    if rng.random() < 0.12:
        return colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.5, 1), rng.uniform(0.4, 1))
    return varied(_HAIR[rng.integers(len(_HAIR))], rng, 0.04)


def metal_or_wood(rng: np.random.Generator) -> Color:
    """Steel, bronze, gold, leather or wood."""
    shades = (
        (0.6, 0.62, 0.66),
        (0.35, 0.36, 0.4),
        (0.6, 0.42, 0.22),
        (0.8, 0.65, 0.25),
        (0.36, 0.24, 0.14),
    )
    return varied(shades[rng.integers(len(shades))], rng, 0.08)
