# SPDX-License-Identifier: GPL-3.0-or-later
"""The body under the clothes, as fields along the bones; hands are also meshed here.

All fields are symmetric, or describe the left side (+X) and are mirrored by the caller.
"""

import numpy as np

from .fields import cone, ellipsoid, reflect, union
from .polygonise import Quads, clip, relax, space, surface_nets

Joints = dict[str, np.ndarray]
FINGERS = {  # radius at the knuckle and at the tip, metres
    "f_index": (0.0096, 0.0074),
    "f_middle": (0.0099, 0.0076),
    "f_ring": (0.0094, 0.0072),
    "f_pinky": (0.0082, 0.0064),
}


def torso(points: np.ndarray, joints: Joints) -> np.ndarray:
    """Pelvis to shoulders, without arms, legs and neck."""
    p = reflect(points)
    shoulder = joints["upper_arm.L"][0]
    core = union(
        ellipsoid(p, (0.0, 0.022, 1.07), (0.158, 0.112, 0.13)),
        ellipsoid(p, (0.0, 0.012, 1.215), (0.138, 0.098, 0.14)),
        ellipsoid(p, (0.0, 0.004, 1.40), (0.163, 0.118, 0.20)),
        blend=0.10,
    )
    return union(
        core,
        ellipsoid(p, (0.078, -0.066, 1.475), (0.085, 0.048, 0.062)),
        ellipsoid(p, (0.115, 0.050, 1.44), (0.075, 0.065, 0.13)),
        cone(p, (0.03, 0.035, 1.625), shoulder + (-0.02, 0.0, 0.012), 0.052, 0.052),
        ellipsoid(p, (0.078, 0.085, 1.035), (0.082, 0.075, 0.09)),
        blend=0.06,
    )


def neck(points: np.ndarray, joints: Joints) -> np.ndarray:
    """The neck with the slope of the trapezius and a hint of the larynx."""
    p = reflect(points)
    base, mid, top = joints["spine.004"][0], joints["spine.005"][0], joints["spine.006"][0]
    column = union(
        cone(p, base + (0, 0.010, -0.05), mid + (0, 0.014, 0.0), 0.064, 0.055),
        cone(p, mid + (0, 0.014, 0), top + (0, 0.020, 0.02), 0.055, 0.054),
        blend=0.02,
    )
    return union(
        column,
        cone(p, (0.016, 0.030, 1.765), (0.085, 0.036, 1.622), 0.026, 0.030),
        cone(p, (0.056, -0.030, 1.79), (0.014, -0.046, 1.625), 0.010, 0.009),
        ellipsoid(p, (0.0, -0.062, 1.70), (0.011, 0.012, 0.018)),
        blend=0.035,
    )


def neckline(points: np.ndarray, height: float = 0.0) -> np.ndarray:
    """Positive (N,) in the neck hole: above a plane that falls to the front, close to the neck."""
    plane = (points[:, 2] - 1.645 - 0.55 * points[:, 1]) * 0.9
    reach = 0.100 * (1.0 - np.sqrt((points[:, 0] / 0.100) ** 2 + (points[:, 1] / 0.145) ** 2))
    return union(plane, reach, blend=0.045) - height


def arm(points: np.ndarray, joints: Joints) -> np.ndarray:
    """The left arm from the deltoid to the wrist."""
    shoulder, elbow = joints["upper_arm.L"]
    wrist = joints["forearm.L"][1]
    down, fore = elbow - shoulder, wrist - elbow
    return union(
        cone(points, shoulder, elbow, 0.058, 0.043),
        cone(points, shoulder + 0.06 * down, shoulder + 0.35 * down, 0.058, 0.050),
        cone(points, elbow, elbow + 0.35 * fore, 0.043, 0.046),
        cone(points, elbow + 0.35 * fore, wrist, 0.045, 0.028),
        blend=0.03,
    )


def leg(points: np.ndarray, joints: Joints) -> np.ndarray:
    """The left leg from the hip to the ankle."""
    hip, knee = joints["thigh.L"]
    ankle = joints["shin.L"][1]
    shin = ankle - knee
    return union(
        cone(points, hip + (0.0, 0.01, -0.03), knee, 0.094, 0.058),
        cone(points, knee, ankle, 0.056, 0.040),
        cone(
            points,
            knee + 0.12 * shin + (0, 0.022, 0),
            knee + 0.45 * shin + (0, 0.02, 0),
            0.045,
            0.042,
        ),
        blend=0.04,
    )


def hand(points: np.ndarray, joints: Joints) -> np.ndarray:
    """The left hand with five fingers, and a stub of forearm that ends in the sleeve."""
    wrist = joints["hand.L"][0]
    fore = wrist - joints["forearm.L"][0]
    fore /= np.linalg.norm(fore)
    side = joints["palm.04.L"][0] - joints["palm.01.L"][0]
    side /= np.linalg.norm(side)
    stub = union(
        *(
            cone(
                points,
                wrist + s * side - 0.09 * fore,
                wrist + s * side + 0.015 * fore,
                0.0255,
                0.0205,
            )
            for s in (-0.011, 0.009)
        ),
        blend=0.02,
    )
    palm = stub
    for number, (start, end) in enumerate(
        ((0.0145, 0.0118), (0.0155, 0.0124), (0.015, 0.0118), (0.0135, 0.0105)), 1
    ):
        head, tail = joints[f"palm.0{number}.L"]
        head = head + 0.35 * (wrist - head)
        palm = union(palm, cone(points, head, tail, start, end), blend=0.022)
    thumb = [joints[f"thumb.0{k}.L"] for k in (1, 2, 3)]
    palm = union(palm, cone(points, thumb[0][0], thumb[0][1], 0.0165, 0.0125), blend=0.02)
    fingers = None
    for finger, (knuckle, tip) in FINGERS.items():
        radii = np.interp([0, 1, 2, 3], [0, 3], [knuckle, tip])
        chain = [
            cone(points, *joints[f"{finger}.0{k}.L"], radii[k - 1], radii[k]) for k in (1, 2, 3)
        ]
        knuckles = [
            ellipsoid(points, joints[f"{finger}.0{k}.L"][0], [radii[k - 1] * 1.04] * 3)
            for k in (2, 3)
        ]
        digit = union(*chain, *knuckles, blend=0.003)
        fingers = digit if fingers is None else union(fingers, digit, blend=0.0025)
    digit = union(
        cone(points, *thumb[1], 0.0120, 0.0108),
        cone(points, *thumb[2], 0.0108, 0.0080),
        blend=0.003,
    )
    return union(palm, union(fingers, digit, blend=0.003), blend=0.011)


def hand_mesh(joints: Joints) -> Quads:
    """The left hand as quads, open at the end that hides in the sleeve."""
    names = [
        n for n in joints if n.endswith(".L") and n.startswith(("f_", "thumb", "palm", "hand"))
    ]
    ends = np.concatenate([joints[n] for n in names])
    low, high = ends.min(0) - 0.035, ends.max(0) + 0.02
    wrist = joints["hand.L"][0]
    fore = wrist - joints["forearm.L"][0]
    fore /= np.linalg.norm(fore)
    low, high = np.minimum(low, wrist - 0.07), np.maximum(high, wrist + 0.08)
    step = 0.0062

    def field(points: np.ndarray) -> np.ndarray:
        return hand(points, joints)

    grid = [space((a, step), (b, step)) for a, b in zip(low, high, strict=True)]
    mesh = relax(field, surface_nets(field, *grid), 2)
    return clip(mesh, lambda p: -((p - wrist) @ fore + 0.038), field)
