# SPDX-License-Identifier: GPL-3.0-or-later
"""Things in hands and on backs: umbrellas, balls, phones, cups, slung swords."""

from __future__ import annotations

import numpy as np

from training.figure import SEGMENTS
from training.wardrobe.fitting import Fitting
from training.wardrobe.measure import TRUNK
from training.wardrobe.palette import Color, metal_or_wood
from training.wardrobe.shapes import Shape, ball, box, circle, merged, rod, tube
from training.wardrobe.trunk import Cloth

_UP = np.array([0.0, 0.0, 1.0])


def held(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A ball, phone, book, cup, tool, box or umbrella in one hand, rarely in both."""
    for side in rng.permutation(list("lr"))[: 1 if rng.random() < 0.85 else 2]:
        if rng.random() < 0.2:
            _umbrella(fit, rng, cloth, side)
        else:
            _thing(fit, rng, cloth, side)


def on_the_back(fit: Fitting, rng: np.random.Generator, cloth: Cloth) -> None:
    """A sword, shield, quiver or instrument across the back."""
    body, unit = fit.body, fit.body.unit
    points = fit.points(TRUNK)
    high = points[abs(points[:, 2] - body.armpit) < 0.08 * unit]
    back = float(high[:, 1].max() if len(high) else 0.12 * unit) + 0.03 * unit
    at = np.array([0.0, back, body.armpit - 0.05 * unit])
    slant = np.array([rng.choice([-1, 1]) * rng.uniform(0.2, 1.0), 0.0, 1.0])
    slant /= np.linalg.norm(slant)
    metal, wood = metal_or_wood(rng), cloth.palette.cloth(rng)
    kind = rng.choice(["sword", "shield", "quiver", "rod"])
    if kind == "shield":
        round_ = ball(at, np.array([0.25, 0.05, rng.uniform(0.25, 0.36)]) * unit, 20, 9)
        _add(fit, round_, "weapon", metal, "torso")
        return
    long = rng.uniform(0.3, 0.55) * unit
    thick = {"sword": 0.022, "quiver": 0.055, "rod": 0.02}[str(kind)] * unit
    body_shape = rod(at - slant * long, at + slant * long * 0.8, thick, thick, 10, 3)
    surface = "prop" if kind == "quiver" else "weapon"
    _add(fit, body_shape, surface, wood, "torso")
    grip = rod(at + slant * long * 0.8, at + slant * long * 1.15, 0.6 * thick, 0.5 * thick, 8)
    _add(fit, grip, "weapon", metal, "torso")


def _thing(fit: Fitting, rng: np.random.Generator, cloth: Cloth, side: str) -> None:
    grip, along = _palm(fit, side)
    unit = fit.body.unit
    color = cloth.palette.cloth(rng) if rng.random() < 0.7 else metal_or_wood(rng)
    kind = rng.choice(["ball", "phone", "book", "cup", "tool", "box", "handbag"])
    if kind == "ball":
        radius = rng.uniform(0.04, 0.13) * unit
        shape, surface = ball(grip + along * radius * 0.5 - _UP * radius * 0.8, radius), "prop"
    elif kind == "phone":
        shape, surface = box(grip, np.array([0.036, 0.005, 0.075]) * unit, 0.3), "prop"
    elif kind == "book":
        shape, surface = box(grip, np.array([0.09, 0.02, 0.12]) * unit, 0.1), "prop"
    elif kind == "cup":
        foot = grip - _UP * 0.05 * unit
        shape = rod(foot, foot + _UP * 0.11 * unit, 0.03 * unit, 0.04 * unit, 14)
        surface = "prop"
    elif kind == "tool":
        end = grip + (_UP + 0.3 * along) * rng.uniform(0.15, 0.5) * unit
        head = box(end, np.array([0.06, 0.025, 0.03]) * unit)
        shape = merged(rod(grip - _UP * 0.1 * unit, end, 0.015 * unit, 0.012 * unit, 8), head)
        surface = "prop"
    elif kind == "box":
        half = rng.uniform(0.05, 0.16, 3) * unit
        shape, surface = box(grip - _UP * half[2], half, 0.15), "prop"
    else:
        half = np.array([rng.uniform(0.1, 0.18), 0.05, rng.uniform(0.08, 0.14)]) * unit
        low = grip - _UP * (half[2] + 0.1 * unit)
        handle = tube(_loop(grip, low + _UP * half[2], 0.5 * half[0], 0.006 * unit))
        shape, surface = merged(box(low, half, 0.3), handle), "bag"
    _add(fit, shape, surface, color, f"hand {side}")


def _umbrella(fit: Fitting, rng: np.random.Generator, cloth: Cloth, side: str) -> None:
    grip, _ = _palm(fit, side)
    unit = fit.body.unit
    color = cloth.palette.cloth(rng)
    lean = np.array([rng.uniform(-0.3, 0.3), rng.uniform(-0.3, 0.3), 1.0])
    lean /= np.linalg.norm(lean)
    long = rng.uniform(0.5, 0.9) * unit
    if rng.random() < 0.6:
        cap = ball(grip + lean * long * 0.8, np.array([0.45, 0.45, 0.22]) * unit, 16, 9, low=0.05)
        shapes = [
            cap,
            rod(grip - lean * 0.12 * unit, grip + lean * long, 0.009 * unit, 0.009 * unit, 8),
        ]
    else:  # furled
        tip = grip - lean * long
        shapes = [rod(grip + lean * 0.1 * unit, tip, 0.03 * unit, 0.008 * unit, 10, 4)]
    _add(fit, merged(*shapes), "umbrella", color, f"hand {side}")


def _palm(fit: Fitting, side: str) -> tuple[np.ndarray, np.ndarray]:
    """((3,) middle of the hand, (3,) unit direction of its fingers)."""
    start, end = fit.skeleton.bone(f"hand {side}")
    hand = fit.points((SEGMENTS.index(f"hand {side}"),))
    grip = (hand.min(0) + hand.max(0)) / 2 if len(hand) else (start + end) / 2
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    return np.asarray(grip, float), np.asarray(along, float)


def _loop(top: np.ndarray, low: np.ndarray, half: float, thick: float) -> np.ndarray:
    """(N, 6, 3) rings of a handle from one side of a bag over the hand to the other."""
    turn = np.linspace(0, np.pi, 9)
    middle = (top + low) / 2
    tall = float(top[2] - middle[2])
    line = [middle + [half * np.cos(t), 0, 2 * tall * np.sin(t) - tall] for t in turn]
    ring = np.column_stack([circle(6) * thick, np.zeros(6)])[:, [0, 1, 2]]
    return np.stack([p + ring for p in line])


def _add(fit: Fitting, shape: Shape, surface: str, color: Color, segment: str) -> None:
    piece, material = fit.new_piece(surface), fit.new_material(surface, color)
    joints, weights = fit.rigid(len(shape.vertices), segment)
    fit.add(shape, material, surface, piece, joints, weights, "none")
