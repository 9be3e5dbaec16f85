# SPDX-License-Identifier: GPL-3.0-or-later
"""The body's visible skin as one piece: head, neck and hands, with parts and colours."""

import numpy as np

from . import palette
from .body import Joints, hand, hand_mesh
from .fields import bump, smoothstep, waves
from .head import EYE, head, head_mesh, lips
from .piece import PARTS, Piece, join, mirror, piece
from .polygonise import score
from .weights import SPINE, above, beyond


def _head(joints: Joints) -> Piece:
    def field(points: np.ndarray) -> np.ndarray:
        return head(points, joints)

    planes = {bone: (joints[bone][0], tilt) for bone, _, tilt in SPINE}
    mesh, below_head = score(head_mesh(joints), lambda p: above(p, *planes["spine.006"]), field)
    mesh, below_neck = score(mesh, lambda p: above(p, *planes["spine.004"]), field)
    (vertices, quads), mouth = score(mesh, lambda p: lips(p)[1], field)
    part = np.full(len(quads), PARTS.index("head"))
    part[below_head] = PARTS.index("neck")
    part[below_neck] = PARTS.index("torso")
    part[mouth] = PARTS.index("mouth")
    return piece("Head", vertices, quads, part, "Skin", _complexion(vertices))


def _complexion(vertices: np.ndarray) -> np.ndarray:
    """Skin colour (N, 3) with blush, shaded sockets and lips."""
    x, y, z = np.abs(vertices[:, 0]), vertices[:, 1], vertices[:, 2]
    blush = 0.5 * bump(x, 0.050, 0.020) * bump(z, 1.852, 0.020) * smoothstep(-0.07, -0.11, y)
    blush += 0.35 * bump(x, 0.0, 0.016) * bump(z, 1.845, 0.012) * smoothstep(-0.15, -0.17, y)
    blush += 0.6 * smoothstep(0.085, 0.097, x)
    socket = bump(x, EYE[0], 0.016) * bump(z, EYE[2] - 0.004, 0.012) * smoothstep(-0.11, -0.13, y)
    colour = np.array(palette.SKIN) * (1 + 0.015 * waves(vertices, 0.03, 2))[:, None]
    colour = colour + blush[:, None] * (np.array(palette.BLUSH) - colour)
    colour = colour * (1 - 0.09 * socket)[:, None]
    lip = smoothstep(0.0010, -0.0010, lips(vertices)[1])
    return colour + lip[:, None] * (np.array(palette.LIPS) - colour)


def _hand(joints: Joints) -> Piece:
    mesh, sleeve = score(
        hand_mesh(joints), lambda p: beyond(p, joints, "hand.L"), lambda p: hand(p, joints)
    )
    vertices, quads = mesh
    part = np.where(sleeve, PARTS.index("left forearm"), PARTS.index("left hand"))
    colour = np.array(palette.SKIN) * (1 + 0.02 * waves(vertices, 0.03, 2))[:, None]
    return piece("Hand", vertices, quads, part, "Skin", colour)


def skin(joints: Joints) -> Piece:
    """Head, neck and both hands."""
    left = _hand(joints)
    right = mirror(left, {"left hand": "right hand", "left forearm": "right forearm"})
    return join("Body", [_head(joints), left, right])
