# SPDX-License-Identifier: GPL-3.0-or-later
"""T-shirt, trousers and belt: surfaces of their own, a little outside the body."""

import numpy as np

from . import palette
from .body import Joints, neck, neckline, torso
from .fields import Field, bump, cone, ellipsoid, intersection, reflect, smoothstep, union, waves
from .piece import Piece, join, mirror, piece
from .polygonise import clip, gradient, project, relax, rim, space, surface_nets, symmetric
from .trims import between, drop, strip

WAIST = 1.132  # height of the upper edge of the trousers
HEM = 0.040
STRIPE_PITCH = 0.036
NECK = 0.014


def shirt_field(points: np.ndarray, joints: Joints) -> np.ndarray:
    """T-shirt: close to the chest, falling straighter over the waist."""
    body = union(torso(points, joints), neck(points, joints), blend=0.05)
    drape = ellipsoid(reflect(points), (0.0, 0.004, 1.27), (0.146, 0.106, 0.22))
    return union(body, drape, blend=0.05) - 0.0065


def t_shirt(joints: Joints) -> Piece:
    """The striped T-shirt: what the open jacket shows of its front, and the ring at the neck."""

    def field(points: np.ndarray) -> np.ndarray:
        return shirt_field(points, joints)

    step = STRIPE_PITCH / 4
    x, z = np.linspace(-0.100, 0.100, 23), np.arange(1.092, 1.625, step)
    grid = np.stack(np.meshgrid(x, [-0.3], z, indexing="ij"), -1).reshape(-1, 3)
    front = drop(field, grid, (0.0, 1.0, 0.0))
    panel = clip((front, _sheet(len(x), len(z))), lambda p: neckline(p, NECK - 0.008), field)
    panel, _ = rim(panel, 0.004, 1)
    height = panel[0][panel[1]][:, :, 2].mean(1)
    dark = ((height - 1.092) / STRIPE_PITCH) % 1.0 < 0.5
    colour = np.repeat(np.where(dark[:, None], palette.STRIPE, palette.SHIRT)[:, None], 4, 1)
    return join(
        "T-Shirt",
        [
            piece("Front", *panel, "t-shirt", "T-Shirt", colour),
            _neck_ring(field),
        ],
    )


def _sheet(columns: int, rows: int) -> np.ndarray:
    """Quads of a grid with vertex index column * rows + row, facing -y when x, z rise."""
    index = np.arange(columns * rows).reshape(columns, rows)
    quads = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], -1)
    return quads.reshape(-1, 4)


def _neck_ring(field: Field) -> Piece:
    """The knitted band of the T-shirt, all around the neck."""
    angles = np.linspace(0, 2 * np.pi, 73)[:-1]
    around = np.stack([np.sin(angles), -np.cos(angles), 0 * angles], 1)
    places = np.array([0.0, 0.01, 1.66]) + 0.085 * around
    rows = []
    for below, lift in (
        (0.002, -0.004),
        (0.0, 0.0005),
        (0.001, 0.0026),
        (0.005, 0.0030),
        (0.012, 0.0030),
        (0.017, 0.0024),
        (0.019, 0.0),
        (0.034, -0.002),
    ):
        for _ in range(8):
            places = project(field, project(lambda p, b=below: neckline(p, NECK - b), places, 1), 1)
        normals = gradient(field, places)
        rows.append(places + lift * normals / np.linalg.norm(normals, axis=1, keepdims=True))
    index = np.arange(len(rows) * len(angles)).reshape(len(rows), -1)
    following = np.roll(index, -1, 1)
    quads = np.stack([index[1:], following[1:], following[:-1], index[:-1]], -1).reshape(-1, 4)
    return piece("Neck ring", np.concatenate(rows), quads, "t-shirt", "T-Shirt", palette.STRIPE)


def _trouser_leg(p: np.ndarray, joints: Joints) -> np.ndarray:
    hip, knee = joints["thigh.L"]
    ankle = joints["shin.L"][1]
    hem = ankle + (0.004, 0.0, -0.06)
    leg = union(
        cone(p, hip + (0.004, 0.012, -0.02), knee + (0.004, 0.004, 0), 0.105, 0.080),
        cone(p, knee + (0.004, 0.004, 0), hem, 0.080, 0.079),
        blend=0.06,
    )
    # Folds: stacked over the shoe, fanning out behind the knee and at the groin.
    around = np.arctan2(p[:, 0] - 0.1, -(p[:, 1] + 0.005))
    stack = np.sin(p[:, 2] * 2 * np.pi / 0.062 + 1.6 * np.sin(around + 0.6)) * bump(
        p[:, 2], 0.10, 0.075
    )
    behind = np.sin(p[:, 2] * 2 * np.pi / 0.070 + 1.2 * np.cos(around)) * bump(p[:, 2], 0.54, 0.075)
    behind = behind * smoothstep(-0.01, 0.05, p[:, 1])
    groin = np.sin((p[:, 2] + 0.7 * p[:, 0]) * 2 * np.pi / 0.075) * bump(p[:, 2], 0.98, 0.06)
    groin = groin * smoothstep(0.0, -0.06, p[:, 1])
    fold = 0.0055 * stack + 0.0045 * behind + 0.0035 * groin + 0.0018 * waves(p, 0.16, 11)
    leg = leg - fold * smoothstep(0.0, 0.03, p[:, 2])
    gap = 0.005 + 0.03 * smoothstep(0.86, 0.50, p[:, 2])
    return np.where(
        p[:, 2] < 1.02,
        intersection(leg, gap * smoothstep(0.985, 0.945, p[:, 2]) - p[:, 0], blend=0.012),
        leg,
    )


def trouser_field(points: np.ndarray, joints: Joints) -> np.ndarray:
    """Straight-cut trousers."""
    p = reflect(points)
    seat = torso(p, joints) - 0.012
    seat = intersection(seat, 0.955 - p[:, 2], blend=0.05)
    return union(_trouser_leg(p, joints), seat, blend=0.05)


def trousers(joints: Joints) -> Piece:
    """Denim trousers, worn lighter on thighs and seat, with stitched seams and hems."""

    def field(points: np.ndarray) -> np.ndarray:
        return trouser_field(points, joints)

    xs = symmetric((0.0, 0.004), (0.02, 0.006), (0.05, 0.0190), (0.23, 0.0190))
    ys = space((-0.16, 0.0190), (0.20, 0.0190))
    zs = space(
        (0.0, 0.013),
        (0.14, 0.013),
        (0.25, 0.022),
        (0.90, 0.022),
        (0.94, 0.010),
        (1.0, 0.012),
        (1.17, 0.0190),
    )
    mesh = relax(field, surface_nets(field, xs, ys, zs), 3)
    slope = 0.16

    def ends(points: np.ndarray) -> np.ndarray:
        top = points[:, 2] - WAIST - 0.08 * points[:, 1]
        bottom = HEM - slope * (points[:, 1] - 0.0) - points[:, 2]
        return np.maximum(top, bottom)

    (vertices, quads), _ = rim(clip(mesh, ends, field), 0.005, 2)
    worn = bump(vertices[:, 2], 0.80, 0.13) * smoothstep(-0.03, -0.10, vertices[:, 1])
    worn += 0.7 * bump(vertices[:, 2], 0.53, 0.06) * smoothstep(-0.05, -0.10, vertices[:, 1])
    worn += 0.6 * bump(vertices[:, 2], 1.0, 0.07) * smoothstep(0.08, 0.14, vertices[:, 1])
    worn = worn * 0.75 + 0.10 + 0.06 * waves(vertices, 0.03, 5) + 0.06 * waves(vertices, 0.10, 6)
    low, high = np.array(palette.DENIM), np.array(palette.DENIM_WORN)
    colour = low + np.clip(worn, 0, 1)[:, None] * (high - low)
    cloth = piece("Trousers", vertices, quads, "trousers", "Trousers", colour)
    trims = _pocket_and_loops(field)
    return join("Trousers", [cloth, *trims, *(mirror(t) for t in trims)])


def _pocket_and_loops(field: Field) -> list[Piece]:
    """Of the left half of the trousers."""
    pocket = strip(
        field,
        between((0.085, -0.2, 1.090), (0.158, -0.2, 0.990), 10, (-0.012, 0, -0.012)),
        0.010,
        0.0025,
        "trousers",
        "Trousers",
        np.array(palette.DENIM) * 1.35,
    )
    loops = [
        strip(
            field,
            between((x, y, WAIST + 0.06 * y + 0.004), (x, y, WAIST + 0.06 * y - 0.046), 5),
            0.011,
            0.0085,
            "trousers",
            "Trousers",
            np.array(palette.DENIM) * 1.25,
            way,
        )
        for x, y, way in (
            (0.085, -0.3, (0, 1, 0)),
            (0.3, 0.03, (-1, 0, 0)),
            (0.06, 0.3, (0, -1, 0)),
        )
    ]
    return [pocket, *loops]


def _loop(centre, across: np.ndarray, section: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closed band: section (S, 2) of (outwards, up) swept along the ring across (R, 3)."""
    rings, sides = len(across), len(section)
    outwards = across - centre
    outwards[:, 2] = 0.0
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    vertices = across[:, None] + outwards[:, None] * section[None, :, :1]
    vertices = vertices + np.array([0.0, 0.0, 1.0]) * section[None, :, 1:]
    index = np.arange(rings * sides).reshape(rings, sides)
    following = np.roll(index, -1, 0)
    quads = np.stack([index, following, np.roll(following, -1, 1), np.roll(index, -1, 1)], -1)
    return vertices.reshape(-1, 3), quads.reshape(-1, 4)


def belt(joints: Joints) -> Piece:
    """A leather belt on the waistband with a metal buckle in front."""
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    centre = np.array([0.0, 0.015, WAIST - 0.02])
    reach = np.full(len(angles), 0.05)
    direction = np.stack([np.sin(angles), -np.cos(angles), np.zeros_like(angles)], 1)
    for _ in range(40):
        places = centre + direction * reach[:, None]
        places[:, 2] += 0.08 * places[:, 1]
        reach -= 0.8 * trouser_field(places, joints)
    ring = centre + direction * (reach[:, None] - 0.0005)
    ring[:, 2] += 0.08 * ring[:, 1]
    half = 0.0185
    section = np.array(
        [[0.0, -half], [0.0048, -half + 0.001], [0.0058, 0.0], [0.0048, half - 0.001], [0.0, half]]
    )
    vertices, quads = _loop(centre, ring, section)
    strap = piece("Belt", vertices, quads, "belt", "Belt", palette.LEATHER)
    front = ring[0] + np.array([0.0, -0.0065, 0.0])
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    squircle = (np.abs(np.cos(turn)) ** 4 + np.abs(np.sin(turn)) ** 4) ** -0.25
    frame = front + np.stack(
        [0.027 * squircle * np.cos(turn), 0 * turn, 0.022 * squircle * np.sin(turn)], 1
    )
    tube = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    outwards = (frame - front) / np.linalg.norm(frame - front, axis=1, keepdims=True)
    rim = frame[:, None] + 0.0035 * (
        outwards[:, None] * np.cos(tube)[None, :, None]
        + np.array([0, -1.0, 0]) * np.sin(tube)[None, :, None]
    )
    index = np.arange(rim.shape[0] * 8).reshape(-1, 8)
    following = np.roll(index, -1, 0)
    faces = np.stack([index, np.roll(index, -1, 1), np.roll(following, -1, 1), following], -1)
    faces = faces.reshape(-1, 4)
    buckle = piece("Buckle", rim.reshape(-1, 3), faces, "belt", "Buckle", palette.BUCKLE)
    return join("Belt", [strap, buckle])
