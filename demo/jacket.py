# SPDX-License-Identifier: GPL-3.0-or-later
"""The open bomber jacket: shell, knitted collar, cuffs and hem, zip along the front edges."""

import numpy as np

from . import palette
from .body import Joints, neck, neckline, torso
from .fields import bump, cone, ellipsoid, reflect, segment, smoothstep, union, waves
from .garments import trouser_field
from .piece import Piece, join, mirror, piece
from .polygonise import (
    clip,
    project,
    relax,
    rim,
    score,
    smooth,
    space,
    surface_nets,
    symmetric,
)
from .trims import between, strip

HEM = 1.062
HEM_BAND = 0.052
CUFF = 0.050


def _sleeve(p: np.ndarray, joints: Joints) -> np.ndarray:
    """The left sleeve, wide over a tight cuff."""
    shoulder, elbow = joints["upper_arm.L"]
    wrist = joints["forearm.L"][1]
    length = np.linalg.norm(wrist - elbow)
    upper = cone(p, shoulder + (-0.005, 0, 0.002), elbow, 0.074, 0.064)
    distance, along = segment(p, elbow, wrist)
    fore = distance - np.interp(
        along * length,
        [
            0,
            0.5 * length,
            length - CUFF - 0.03,
            length - CUFF - 0.006,
            length - CUFF + 0.006,
            length,
        ],
        [0.064, 0.060, 0.054, 0.047, 0.0385, 0.0365],
    )
    sleeve = union(upper, fore, blend=0.04)
    axis = (wrist - shoulder) / np.linalg.norm(wrist - shoulder)
    reach = (p - shoulder) @ axis
    total = np.linalg.norm(wrist - shoulder)
    around = np.arctan2((p - shoulder) @ np.cross(axis, [0, 1.0, 0]), (p - shoulder)[:, 1])
    elbow_fold = np.sin(reach * 2 * np.pi / 0.072 + 1.5 * np.sin(around)) * bump(
        reach, total * 0.52, 0.07
    )
    cuff_fold = np.sin(reach * 2 * np.pi / 0.055 + 1.3 * np.sin(around + 1.0))
    cuff_fold = cuff_fold * bump(reach, total - CUFF - 0.065, 0.045)
    pit_fold = np.sin(reach * 2 * np.pi / 0.08 + 2.0 * np.sin(around)) * bump(reach, 0.11, 0.05)
    return sleeve - 0.005 * elbow_fold - 0.0045 * cuff_fold - 0.003 * pit_fold


def field_of(joints: Joints):
    """The jacket's outer surface as a field."""

    def field(points: np.ndarray) -> np.ndarray:
        p = reflect(points)
        z = p[:, 2]
        ease = np.interp(
            z,
            [1.0, HEM + HEM_BAND - 0.005, HEM + HEM_BAND + 0.008, 1.17, 1.30, 1.50, 1.60],
            [0.021, 0.021, 0.030, 0.032, 0.024, 0.020, 0.017],
        )
        drape = ellipsoid(p, (0.0, 0.010, 1.30), (0.153, 0.114, 0.30))
        body = union(torso(p, joints), neck(p, joints), drape, blend=0.05) - ease
        body = union(body, trouser_field(points, joints) - 0.014, blend=0.02)
        fold = np.sin(z * 2 * np.pi / 0.085 + 9 * p[:, 0]) * bump(z, 1.18, 0.055) * 0.004
        body = body - fold - 0.0014 * waves(points, 0.15, 21) * smoothstep(1.10, 1.16, z)
        return union(body, _sleeve(p, joints), blend=0.055)

    return field


def opening(points: np.ndarray) -> np.ndarray:
    """Negative outside the gap between the two front edges."""
    half = np.interp(
        points[:, 2], [1.05, 1.25, 1.45, 1.60, 1.70], [0.074, 0.062, 0.052, 0.046, 0.046]
    )
    centre = 0.004
    gap = half - np.abs(points[:, 0] - centre)
    return np.where(points[:, 1] < 0.0, gap, -0.05)


def _shell(joints: Joints, field) -> Piece:
    wrist = joints["hand.L"][0]
    fore = wrist - joints["forearm.L"][0]
    fore /= np.linalg.norm(fore)
    reach = wrist[0] + 0.05
    xs = symmetric((0.0, 0.0180), (reach, 0.0180))
    ys = space((-0.20, 0.0180), (0.20, 0.0180))
    zs = space((HEM - 0.04, 0.0180), (1.70, 0.0180))
    mesh = relax(field, surface_nets(field, xs, ys, zs), 3)

    def ends(points: np.ndarray) -> np.ndarray:
        p = reflect(points)
        hem = np.where(p[:, 0] < 0.3, HEM - p[:, 2], -0.05)
        cuff = np.where(p[:, 0] > 0.3, (p - wrist) @ fore + 0.004, -0.05)
        return np.maximum(hem, cuff)

    mesh = clip(mesh, ends, field)
    mesh = clip(mesh, neckline, field)
    mesh = clip(mesh, opening, field)

    def band(points: np.ndarray) -> np.ndarray:
        p = reflect(points)
        along = (p - wrist) @ fore + 0.004
        return np.where(p[:, 0] > 0.3, -CUFF - along, p[:, 2] - HEM - HEM_BAND)

    mesh, knit = score(mesh, band, field)
    outer = len(mesh[1])
    (vertices, quads), source = rim(mesh, 0.006, 2)
    knit = knit[source]
    centre = vertices[quads].mean(1)
    zip_edge = (np.arange(len(quads)) >= outer) & (np.abs(opening(centre)) < 0.002)
    zip_edge &= (centre[:, 1] < 0.0) & (np.abs(centre[:, 0]) < 0.09)
    shade = 1.0 + 0.03 * waves(vertices, 0.05, 3) + 0.03 * waves(vertices, 0.2, 4)
    colour = np.array(palette.JACKET) * shade[:, None]
    colour = colour[quads]
    colour[knit] = palette.RIB
    colour[zip_edge] = palette.ZIP
    result = piece("Jacket", vertices, quads, "jacket", "Jacket", colour)
    result.materials = ["Jacket", "Knit", "Zip"]
    result.material = np.where(zip_edge, 2, np.where(knit, 1, 0))
    return result


def _collar(joints: Joints, field) -> Piece:
    """A knitted band standing on the neckline, from one front edge round to the other."""
    angles = np.linspace(-2.55, 2.55, 73)
    heights = np.linspace(0.0, 1.0, 6)
    up = np.array([0.0, -0.28, 0.96])
    outwards = np.stack([np.sin(angles), np.cos(angles), 0 * angles], 1)
    base = np.array([0.0, 0.01, 1.65]) + 0.10 * outwards
    for _ in range(12):
        base = project(neckline, project(field, base, 1, 0.03), 1, 0.03)
    edges = np.stack([np.arange(len(base) - 1), np.arange(1, len(base))], 1)
    base = smooth(base, edges, 8) + 0.0030 * outwards
    rise = 0.052 * (1 - 0.30 * smoothstep(1.8, 2.55, np.abs(angles)))
    rows = []
    for h in heights:
        lean = 0.010 * np.sin(h * np.pi * 0.6) - 0.012 * h
        rows.append(base + outwards * lean + up * (rise * h - 0.010)[:, None])
    vertices = np.concatenate(rows)
    index = np.arange(len(vertices)).reshape(len(heights), len(angles))
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1).reshape(
        -1, 4
    )
    (vertices, quads), _ = rim((vertices, quads), 0.006, 8)
    return piece("Collar", vertices, quads, "jacket", "Knit", palette.RIB)


def jacket(joints: Joints) -> Piece:
    """The whole jacket as one piece."""
    field = field_of(joints)
    pocket = strip(
        field,
        between((0.108, -0.2, 1.235), (0.158, -0.2, 1.135), 10),
        0.020,
        0.004,
        "jacket",
        "Knit",
        palette.RIB,
    )
    return join("Jacket", [_shell(joints, field), _collar(joints, field), pocket, mirror(pocket)])
