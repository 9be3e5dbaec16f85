# SPDX-License-Identifier: GPL-3.0-or-later
"""A posed mesh as a 3D scanner would see it: one lumpy skin with blurred colours, no layers."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

Rows = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def scan_like(
    vertices: np.ndarray, faces: np.ndarray, face_color: np.ndarray, surface: np.ndarray,
    region: np.ndarray, piece: np.ndarray, rng: np.random.Generator,
) -> Rows:  # fmt: skip
    """(vertices, faces, face_color, surface, region, piece) of the remeshed skin.

    Takes and returns (V, 3) float32 metres, (F, 4) int32 with -1 last in triangles, (F, C) colours
    of any dtype, and (F,) labels; the new faces are quads.
    """
    height = float(np.ptp(vertices[faces[faces >= 0]], axis=0).max())
    voxel = height / rng.uniform(110, 190)
    points, owner = _samples(vertices, faces, voxel * 0.7, rng)
    low = points.min(0) - 4 * voxel
    cell = np.floor((points - low) / voxel).astype(int)
    solid = np.zeros(cell.max(0) + 6, bool)
    solid[tuple(cell.T)] = True
    solid = ndimage.binary_fill_holes(ndimage.binary_dilation(solid))
    soft = ndimage.gaussian_filter(ndimage.binary_erosion(solid).astype(np.float32), 0.7)
    thin = ndimage.gaussian_filter(
        (solid & ~ndimage.binary_opening(solid, iterations=2)).astype(np.float32), 0.7
    )
    value = np.maximum(soft, thin) + _bumps(solid.shape, rng) * rng.uniform(0.0, 0.12)
    grid, quads = surface_nets(value, 0.42)
    new = (low + (grid + 0.5) * voxel).astype(np.float32)
    centre = new[quads].mean(1)
    near = cKDTree(points).query(centre, k=3)[1]  # (F', 3)
    own = owner[near[:, 0]]
    color = face_color[owner[near]].astype(np.float32).mean(1)
    color = color * (1 + rng.normal(0, rng.uniform(0, 0.05), (len(color), 1)))
    if np.issubdtype(face_color.dtype, np.integer):
        color = np.clip(np.round(color), 0, 255)
    else:
        color = np.clip(color, 0, 1)
    return new, quads, color.astype(face_color.dtype), surface[own], region[own], piece[own]


def damaged(
    points: np.ndarray, faces: np.ndarray, color: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """((F,) bool faces that are left, (F, 3) uint8 colours): what photogrammetry fails at.

    Holes where no camera looked, light and shadow in the colours, and colours that run.
    """
    centre = points[faces].mean(1)
    height = float(np.ptp(points, axis=0).max())
    left = np.ones(len(faces), bool)
    for _ in range(int(rng.integers(0, 7))):
        at = centre[rng.integers(len(centre))]
        size = height * rng.uniform(0.008, 0.05)
        ragged = 1 + 0.35 * np.sin(centre @ rng.normal(0, 6 / size, 3))
        left &= np.linalg.norm(centre - at, axis=1) > size * ragged
    corner = points[faces[:, :3]]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    light = rng.normal(size=3) + [0, -0.3, 1.0]
    facing = normal @ (light / np.linalg.norm(light))
    shade = 1 - rng.uniform(0, 0.6) * (0.5 - 0.5 * facing)
    shaded = color * shade[:, None]
    if rng.random() < 0.5:  # taken from a photograph beside it
        near = cKDTree(centre).query(
            centre + rng.normal(0, rng.uniform(0, 0.012) * height, centre.shape)
        )[1]
        mixed = rng.random(len(faces)) < rng.uniform(0, 0.6)
        shaded[mixed] = shaded[near[mixed]]
    return left, np.clip(np.round(shaded), 0, 255).astype(np.uint8)


def surface_nets(value: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """((V, 3) float64 in grid steps, (F, 4) int32 quads) of the surface where `value` is `level`.

    Naive surface nets (Gibson 1998): one vertex in each cell that the surface crosses, at the mean
    of its crossings; one quad for each grid edge that crosses.
    """
    inside = value > level
    shape = np.array(value.shape) - 1
    total = np.zeros((*shape, 3))
    count = np.zeros(shape, np.int32)
    crossings = []
    for axis in range(3):
        a = np.moveaxis(value, axis, 0)[:-1]
        b = np.moveaxis(value, axis, 0)[1:]
        cross = np.moveaxis(
            np.moveaxis(inside, axis, 0)[:-1] != np.moveaxis(inside, axis, 0)[1:], 0, axis
        )
        at = np.argwhere(cross)
        first, second = np.moveaxis(a, 0, axis)[cross], np.moveaxis(b, 0, axis)[cross]
        place = at.astype(float)
        place[:, axis] += (level - first) / (second - first)
        crossings.append((axis, at, inside[tuple(at.T)]))
        others = [o for o in range(3) if o != axis]
        for du in (0, 1):
            for dv in (0, 1):
                corner = at.copy()
                corner[:, others[0]] -= du
                corner[:, others[1]] -= dv
                ok = ((corner >= 0) & (corner < shape)).all(1)
                np.add.at(total, tuple(corner[ok].T), place[ok])
                np.add.at(count, tuple(corner[ok].T), 1)
    index = np.full(shape, -1, np.int32)
    used = count > 0
    index[used] = np.arange(used.sum())
    quads = []
    for axis, at, first_inside in crossings:
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = []
        for du, dv in ((1, 1), (0, 1), (0, 0), (1, 0)):
            corner = at.copy()
            corner[:, u] -= du
            corner[:, v] -= dv
            ring.append(corner)
        ok = np.all([((c >= 0) & (c < shape)).all(1) for c in ring], axis=0)
        quad = np.stack([index[tuple(c[ok].T)] for c in ring], 1)
        quad[~first_inside[ok]] = quad[~first_inside[ok]][:, ::-1]
        quads.append(quad)
    return total[used] / count[used][:, None], np.concatenate(quads).astype(np.int32)


def _samples(
    vertices: np.ndarray, faces: np.ndarray, step: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """((N, 3) points about `step` metres apart on the faces, (N,) their faces)."""
    quad = np.flatnonzero(faces[:, 3] >= 0)
    triangle = vertices[np.concatenate([faces[:, :3], faces[quad][:, [0, 2, 3]]])]  # (T, 3, 3)
    owner = np.concatenate([np.arange(len(faces)), quad])
    area = (
        np.linalg.norm(
            np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]), axis=1
        )
        / 2
    )
    count = np.maximum(1, np.ceil(3 * area / step**2)).astype(int)
    rows = np.repeat(np.arange(len(triangle)), count)
    a, b = rng.random((2, len(rows)))
    over = a + b > 1
    a[over], b[over] = 1 - a[over], 1 - b[over]
    t = triangle[rows]
    return t[:, 0] + a[:, None] * (t[:, 1] - t[:, 0]) + b[:, None] * (t[:, 2] - t[:, 0]), owner[
        rows
    ]


def _bumps(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of spread 1."""
    coarse = rng.normal(size=[max(2, n // 6) for n in shape]).astype(np.float32)
    zoom = [n / c for n, c in zip(shape, coarse.shape, strict=True)]
    return ndimage.zoom(coarse, zoom, order=1)[tuple(slice(n) for n in shape)]
