# SPDX-License-Identifier: GPL-3.0-or-later
"""The head: skull, face and ears as one field, with the places of eyes, brows and lips."""

import numpy as np

from .body import Joints, neck, neckline, torso
from .fields import bump, cone, ellipsoid, intersection, reflect, smoothstep, union
from .polygonise import Quads, clip, relax, space, surface_nets, symmetric

EYE = np.array([0.0350, -0.1265, 1.8925])  # centre of the left eyeball
EYE_RADIUS = 0.0160
MOUTH_HEIGHT = 1.8055
MOUTH_HALF_WIDTH = 0.0275


def eye_opening(points: np.ndarray) -> np.ndarray:
    """Almond between the lids seen from the front (N,): negative where the eyeball shows."""
    x = np.abs(points[:, 0]) - EYE[0]
    z = points[:, 2] - EYE[2] - 0.10 * x
    half = np.clip(1.0 - (x / 0.0158) ** 2, 0.0, None)
    upper, lower = 0.0059 * half**0.75, -0.0047 * half**0.9
    edge = np.maximum(z - upper, lower - z)
    return np.where(np.abs(x) < 0.0158, edge, np.abs(x) - 0.0158 + 0.001)


def lips(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height of the lips over the face (N,) and distance to their border (N,), negative inside."""
    x = np.abs(points[:, 0]) / MOUTH_HALF_WIDTH
    z = points[:, 2] - MOUTH_HEIGHT - 0.0016 * x**2
    taper = np.clip(1.0 - x**2, 0.0, None)
    cupid = 1.0 - 0.22 * bump(x, 0.0, 0.12)
    top, bottom = 0.0088 * taper**0.6 * cupid, -0.0112 * taper**0.8
    upper = bump(z, 0.0042, 0.0036) * 0.0048 * taper**0.6
    lower = bump(z, -0.0058, 0.0046) * 0.0058 * taper**0.8
    line = bump(z, 0.0, 0.0012) * 0.0042 * bump(x, 0.0, 0.55)
    border = np.maximum(np.maximum(z - top, bottom - z), MOUTH_HALF_WIDTH * (x - 0.985))
    return upper + lower - line, np.maximum(border, points[:, 1] + 0.12)


def hairline(points: np.ndarray) -> np.ndarray:
    """Negative where hair grows: above forehead, in front of and behind the ears, down the nape."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    line = np.interp(
        y,
        [-0.17, -0.135, -0.110, -0.085, -0.062, -0.045, -0.030, -0.010, 0.010, 0.03, 0.08],
        [1.952, 1.948, 1.934, 1.912, 1.882, 1.858, 1.880, 1.908, 1.868, 1.812, 1.793],
    )
    return (line - 0.007 * smoothstep(0.04, 0.0, x) * (y < -0.1) - z) * 0.8


def _face(p: np.ndarray) -> np.ndarray:
    """Skull and face without ears, for points with x >= 0."""
    skull = union(
        ellipsoid(p, (0.0, -0.036, 1.888), (0.081, 0.105, 0.093)),
        ellipsoid(p, (0.0, 0.000, 1.860), (0.073, 0.073, 0.080)),
        blend=0.04,
    )
    front = union(
        ellipsoid(p, (0.0, -0.088, 1.905), (0.068, 0.062, 0.062)),
        ellipsoid(p, (0.0, -0.092, 1.836), (0.056, 0.063, 0.080)),
        blend=0.03,
    )
    head = union(skull, front, blend=0.03)
    head = union(
        head, cone(p, (0.054, -0.055, 1.806), (0.017, -0.134, 1.770), 0.015, 0.014), blend=0.035
    )
    head = union(head, ellipsoid(p, (0.0, -0.1455, 1.771), (0.020, 0.018, 0.016)), blend=0.025)
    head = union(head, ellipsoid(p, (0.050, -0.110, 1.860), (0.019, 0.024, 0.014)), blend=0.035)
    muzzle = ellipsoid(p, (0.0, -0.128, 1.810), (0.032, 0.036, 0.030))
    head = union(head, muzzle, blend=0.03)
    head = union(
        head, cone(p, (0.012, -0.146, 1.9125), (0.052, -0.130, 1.915), 0.0095, 0.0075), blend=0.022
    )
    socket = ellipsoid(p, EYE + (0.0005, -0.030, -0.0015), (0.027, 0.024, 0.0165))
    return intersection(head, -socket, blend=0.016)


def _nose(p: np.ndarray) -> np.ndarray:
    bridge = union(
        cone(p, (0.0, -0.147, 1.898), (0.0, -0.1775, 1.856), 0.0085, 0.0085),
        cone(p, (0.0, -0.176, 1.854), (0.0, -0.1835, 1.8465), 0.0095, 0.0112),
        cone(p, (0.0, -0.180, 1.844), (0.0, -0.160, 1.835), 0.0085, 0.009),
        blend=0.010,
    )
    wing = ellipsoid(p, (0.0125, -0.166, 1.8425), (0.0085, 0.0120, 0.0085))
    nose = union(bridge, wing, blend=0.008)
    nostril = ellipsoid(p, (0.0078, -0.1705, 1.8335), (0.0040, 0.0062, 0.0050))
    return intersection(nose, -nostril, blend=0.003)


def _ear(p: np.ndarray) -> np.ndarray:
    centre = np.array([0.085, -0.016, 1.872])
    local = p - centre
    # The ear leans back and stands off the skull.
    tilt, flare = np.radians(12), np.radians(24)
    y = local[:, 1] * np.cos(tilt) - local[:, 2] * np.sin(tilt)
    z = local[:, 1] * np.sin(tilt) + local[:, 2] * np.cos(tilt)
    x = local[:, 0] * np.cos(flare) - y * np.sin(flare)
    y = local[:, 0] * np.sin(flare) + y * np.cos(flare)
    q = np.stack([x, y, z], 1)
    width = 0.0185 + 0.006 * smoothstep(-0.02, 0.02, z)
    radial = np.sqrt((y / width) ** 2 + (z / 0.034) ** 2)
    shell = ellipsoid(q, (0.0, 0.0, 0.0), (0.0065, 0.0225, 0.034))
    helix = np.sqrt(((radial - 0.88) * 0.022) ** 2 + (x - 0.0035) ** 2) - 0.0042
    bowl = ellipsoid(q, (0.0065, -0.004, -0.001), (0.0065, 0.0105, 0.018))
    ear = intersection(union(shell, helix, blend=0.004), -bowl, blend=0.004)
    return union(ear, ellipsoid(q, (0.001, -0.005, -0.029), (0.006, 0.009, 0.011)), blend=0.006)


def head(points: np.ndarray, joints: Joints) -> np.ndarray:
    """Head, neck and the top of the chest."""
    p = reflect(points)
    face = union(_face(p), _nose(p), blend=0.014)
    throat = union(face, neck(points, joints), blend=0.022)
    height, _ = lips(p)
    front = smoothstep(-0.12, -0.14, p[:, 1])
    throat = throat - height * front
    philtrum = bump(p[:, 0], 0.0, 0.0035) * bump(p[:, 2], 1.8215, 0.006) * 0.0018
    fold = (
        bump(p[:, 0] - 0.0245 - 0.30 * (1.838 - p[:, 2]), 0.0, 0.004)
        * bump(p[:, 2], 1.832, 0.014)
        * 0.0016
    )
    throat = throat + (philtrum + fold) * front
    lid = ellipsoid(p, EYE, [EYE_RADIUS + 0.0024] * 3)
    crease = bump(p[:, 2] - EYE[2] - 0.10 * (p[:, 0] - EYE[0]), 0.0112, 0.0013) * 0.0014
    result = union(throat, lid + crease, blend=0.007)
    gap = np.maximum(eye_opening(p), p[:, 1] - EYE[1] + 0.002)
    result = intersection(result, -gap, blend=0.0022)
    result = union(result, _ear(p), blend=0.010)
    return union(result, torso(points, joints), blend=0.05)


def head_mesh(joints: Joints) -> Quads:
    """Head and neck as quads, finest in the face, open under the hair and the T-shirt."""

    def field(points: np.ndarray) -> np.ndarray:
        return head(points, joints)

    xs = symmetric(
        (0.0, 0.0032),
        (0.015, 0.0036),
        (0.020, 0.0028),
        (0.050, 0.0028),
        (0.058, 0.0050),
        (0.13, 0.009),
    )
    ys = space((-0.21, 0.0048), (-0.12, 0.0048), (-0.09, 0.0085), (0.01, 0.0085), (0.12, 0.012))
    zs = space(
        (1.56, 0.014),
        (1.72, 0.013),
        (1.76, 0.0055),
        (1.795, 0.0028),
        (1.813, 0.0028),
        (1.822, 0.0038),
        (1.86, 0.0042),
        (1.878, 0.0026),
        (1.906, 0.0026),
        (1.915, 0.0048),
        (1.94, 0.008),
        (2.0, 0.010),
    )
    mesh = relax(field, surface_nets(field, xs, ys, zs), 2)

    mesh = clip(mesh, lambda p: np.where(p[:, 2] < 1.70, -(neckline(p) + 0.026), -0.05), field)
    return clip(mesh, lambda p: -(hairline(p) + 0.014), field)
