# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on the head: eyeballs and eyebrows."""

import numpy as np

from . import palette
from .body import Joints
from .fields import smoothstep
from .head import EYE, EYE_RADIUS, head
from .piece import Piece, join, mirror, piece


def _ball(centre: np.ndarray, radius: float, rings: int = 13, sides: int = 18) -> tuple:
    """The front three quarters of a sphere looking along -Y, all quads."""
    polar = np.linspace(0.02, 2.0, rings)
    turn = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    r, y = np.sin(polar)[:, None], -np.cos(polar)[:, None] * np.ones(sides)
    bulge = 0.045 * np.exp(-((polar / 0.42) ** 2))[:, None]
    vertices = np.stack([r * np.cos(turn), y - bulge, r * np.sin(turn)], -1) * radius + centre
    index = np.arange(rings * sides).reshape(rings, sides)
    following = np.roll(index, -1, 1)
    quads = np.stack([index[:-1], index[1:], following[1:], following[:-1]], -1).reshape(-1, 4)
    inner = index[0]
    centre_quads = np.stack(
        [
            inner[: sides // 2 - 1],
            inner[1 : sides // 2],
            inner[: sides // 2 - 1 : -1][1:],
            inner[: sides // 2 - 1 : -1][:-1],
        ],
        -1,
    )
    return vertices.reshape(-1, 3), np.concatenate([quads, centre_quads]), polar


def eyes() -> Piece:
    """Both eyeballs with iris and pupil."""
    vertices, quads, _ = _ball(EYE, EYE_RADIUS)
    offset = vertices[quads].mean(1) - EYE
    angle = np.arctan2(np.hypot(offset[:, 0], offset[:, 2]), -offset[:, 1])
    colour = np.where(
        (angle < 0.20)[:, None],
        palette.PUPIL,
        np.where((angle < 0.44)[:, None], palette.IRIS, palette.SCLERA),
    )
    rim = ((angle > 0.38) & (angle < 0.44))[:, None]
    colour = np.where(rim, np.array(palette.IRIS) * 0.45, colour)
    left = piece(
        "Eye", vertices, quads, "eyes", "Eyes", np.repeat(colour[:, None], 4, 1), bone="spine.006"
    )
    return join("Eyes", [left, mirror(left)])


def eyebrows(joints: Joints) -> Piece:
    """Both eyebrows: a low ridge that follows the brow, frayed at the edge."""
    along = np.linspace(0.0, 1.0, 28)
    across = np.linspace(-1.0, 1.0, 6)
    x = 0.0125 + 0.047 * along
    z = 1.9105 + 0.0068 * np.sin(np.pi * (0.22 + 0.60 * along)) - 0.0040 * along**3
    half = (
        0.0044
        * (1 - 0.75 * smoothstep(0.45, 1.0, along))
        * (0.7 + 0.3 * smoothstep(0, 0.12, along))
    )
    fray = np.random.default_rng(8).uniform(0.90, 1.06, (len(along), 2))
    grid = np.stack(np.meshgrid(along, across, indexing="ij"), -1)
    width = half[:, None] * np.where(grid[..., 1] > 0, fray[:, :1], fray[:, 1:]) * grid[..., 1]
    places = np.stack(
        [
            np.broadcast_to(x[:, None], width.shape) + 0.25 * width,
            np.full(width.shape, -0.2),
            z[:, None] + width,
        ],
        -1,
    ).reshape(-1, 3)
    for _ in range(60):
        places[:, 1] += 0.6 * head(places, joints)
    lift = 0.0022 * (1 - across**2) - 0.0004
    places[:, 1] -= np.broadcast_to(lift, width.shape).ravel()
    index = np.arange(len(places)).reshape(width.shape)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(
        -1, 4
    )
    left = piece("Eyebrow", places, quads, "eyebrows", "Eyebrows", palette.BROWS, bone="spine.006")
    return join("Eyebrows", [left, mirror(left)])
