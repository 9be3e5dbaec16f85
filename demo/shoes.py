# SPDX-License-Identifier: GPL-3.0-or-later
"""Canvas sneakers: rubber sole, upper, toe cap and laces."""

import numpy as np

from . import palette
from .fields import bump, cone, intersection, smoothstep, union
from .piece import Piece, join, piece
from .polygonise import clip, relax, score, space, surface_nets
from .trims import between, strip

SOLE = 0.027


def _outline(p: np.ndarray) -> np.ndarray:
    """Distance to the outline of the left sole, seen from above."""
    flat = p * np.array([1.0, 1.0, 0.0])
    return union(
        cone(flat, (0.098, 0.046, 0), (0.102, -0.03, 0), 0.036, 0.036),
        cone(flat, (0.102, -0.03, 0), (0.103, -0.115, 0), 0.036, 0.048),
        cone(flat, (0.103, -0.115, 0), (0.094, -0.162, 0), 0.048, 0.037),
        blend=0.03,
    )


def _sole(p: np.ndarray) -> np.ndarray:
    spring = 0.012 * smoothstep(-0.12, -0.22, p[:, 1])
    top = SOLE + 0.004 * smoothstep(0.0, 0.06, p[:, 1]) + spring
    groove = 0.0018 * bump(p[:, 2] - spring, 0.012, 0.0022)
    return intersection(_outline(p) + groove, p[:, 2] - top, spring - p[:, 2], blend=0.008)


def _upper(p: np.ndarray) -> np.ndarray:
    top = np.interp(
        p[:, 1],
        [-0.22, -0.18, -0.12, -0.07, -0.02, 0.03, 0.07, 0.10],
        [0.052, 0.062, 0.072, 0.090, 0.112, 0.104, 0.112, 0.112],
    )
    lean = np.clip(p[:, 2] - SOLE, 0.0, None)
    inset = 0.0035 + 0.10 * lean + 5.0 * lean**2 * smoothstep(0.0, -0.10, p[:, 1])
    return intersection(_outline(p) + inset, p[:, 2] - top, 0.012 - p[:, 2], blend=0.030)


def _tongue(p: np.ndarray) -> np.ndarray:
    return cone(
        p * np.array([0.45, 1, 1]) + np.array([0.55 * 0.100, 0, 0]),
        (0.100, -0.085, 0.080),
        (0.100, -0.028, 0.118),
        0.010,
        0.010,
    )


def _toe_cap(p: np.ndarray) -> np.ndarray:
    """Negative on the rubber cap over the toes."""
    return p[:, 1] + 0.160 + 14.0 * (p[:, 0] - 0.098) ** 2


def shoe() -> Piece:
    """The left shoe."""

    def sole(points: np.ndarray) -> np.ndarray:
        return _sole(points)

    def upper(points: np.ndarray) -> np.ndarray:
        return union(_upper(points), _tongue(points), blend=0.006)

    step = 0.0090
    xs, ys = space((0.035, step), (0.165, step)), space((-0.225, step), (0.10, step))
    rubber = relax(sole, surface_nets(sole, xs, ys, space((-0.01, 0.0055), (0.05, 0.0055))), 2)
    canvas = relax(upper, surface_nets(upper, xs, ys, space((0.0, step), (0.145, step))), 2)
    # What lies inside the other half is never seen.
    rubber = clip(rubber, lambda p: -(upper(p) + 0.010), sole)
    canvas = clip(canvas, lambda p: -(sole(p) + 0.008), upper)
    pieces = [piece("Sole", *rubber, "shoes", "Rubber", palette.RUBBER)]
    canvas, cap = score(canvas, _toe_cap, upper)
    colour = np.where(cap[:, None], palette.RUBBER, palette.CANVAS)
    body = piece("Upper", *canvas, "shoes", "Shoes", np.repeat(colour[:, None], 4, 1))
    pieces.append(body)
    for y in (-0.112, -0.094, -0.076, -0.058):
        line = between((0.076, y - 0.004, 0.13), (0.124, y + 0.004, 0.13))
        pieces.append(
            strip(
                upper,
                line,
                0.0075,
                0.0030,
                "shoes",
                "Rubber",
                palette.LACE,
                direction=(0.0, 0.0, -1.0),
            )
        )
    return join("Shoe", pieces)
