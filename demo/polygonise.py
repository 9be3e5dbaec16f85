# SPDX-License-Identifier: GPL-3.0-or-later
"""From a signed distance field to a clean quad mesh: surface nets, relaxation, clipping, rims."""

import numpy as np

from .fields import Field

Quads = tuple[np.ndarray, np.ndarray]  # vertices (N, 3) float64, quads (F, 4) int64


def space(*knots: tuple[float, float]) -> np.ndarray:
    """Grid coordinates whose spacing changes from place to place.

    knots: (coordinate, spacing) in rising order; spacing is interpolated between them.
    """
    places, steps = np.array(knots).T
    values = [places[0]]
    while values[-1] < places[-1]:
        values.append(values[-1] + float(np.interp(values[-1], places, steps)))
    return np.array(values)


def symmetric(*knots: tuple[float, float]) -> np.ndarray:
    """Like `space` from 0 outwards, mirrored at 0: keeps symmetric fields exactly symmetric."""
    half = space(*knots)
    return np.concatenate([-half[:0:-1], half])


def _sample(field: Field, axes: list[np.ndarray], block: int = 6) -> np.ndarray:
    """Field values at the grid points; blocks far from the surface get their centre's value."""
    shape = tuple(len(axis) for axis in axes)
    owner = [np.arange(n) // block for n in shape]
    bounds = [
        [(axis[o == i].min(), axis[o == i].max()) for i in range(o[-1] + 1)]
        for axis, o in zip(axes, owner, strict=True)
    ]
    low, high = (
        np.stack(np.meshgrid(*[[b[k] for b in bs] for bs in bounds], indexing="ij"), -1)
        for k in (0, 1)
    )
    centre = field(((low + high) / 2).reshape(-1, 3)).reshape(low.shape[:3])
    # Bounds over-estimate distances here and there, hence the generous margin.
    near = np.abs(centre) < 0.5 * np.linalg.norm(high - low, axis=-1) * 1.5 + 0.012
    index = np.ix_(*owner)
    values, active = centre[index].copy(), near[index]
    where = np.nonzero(active)
    values[where] = field(np.stack([axis[w] for axis, w in zip(axes, where, strict=True)], 1))
    return values


def surface_nets(field: Field, xs: np.ndarray, ys: np.ndarray, zs: np.ndarray) -> Quads:
    """The zero set of a field as quads facing outwards, one vertex per crossed grid cell."""
    axes = [xs, ys, zs]
    values = _sample(field, axes)
    inside = values < 0
    cells = tuple(n - 1 for n in values.shape)
    total, count = np.zeros((*cells, 3)), np.zeros(cells)
    quads = []
    for axis in range(3):
        first = [slice(None)] * 3
        first[axis] = slice(0, -1)
        second = [slice(None)] * 3
        second[axis] = slice(1, None)
        a, b = values[tuple(first)], values[tuple(second)]
        edge = np.argwhere(inside[tuple(first)] != inside[tuple(second)])
        va, vb = a[tuple(edge.T)], b[tuple(edge.T)]
        share = va / (va - vb)
        place = np.stack([axes[k][edge[:, k]] for k in range(3)], 1)
        place[:, axis] += share * (axes[axis][edge[:, axis] + 1] - axes[axis][edge[:, axis]])
        u, v = (axis + 1) % 3, (axis + 2) % 3
        ring = []
        for du, dv in ((1, 1), (0, 1), (0, 0), (1, 0)):
            cell = edge.copy()
            cell[:, u] -= du
            cell[:, v] -= dv
            ok = ((cell >= 0) & (cell < cells)).all(1)
            np.add.at(total, tuple(cell[ok].T), place[ok])
            np.add.at(count, tuple(cell[ok].T), 1)
            ring.append(
                np.where(
                    ok, np.ravel_multi_index(np.clip(cell, 0, np.array(cells) - 1).T, cells), -1
                )
            )
        quad = np.stack(ring, 1)
        quad[va > 0] = quad[va > 0, ::-1]
        quads.append(quad[(quad >= 0).all(1)])
    quads = np.concatenate(quads)
    used, quads = np.unique(quads, return_inverse=True)
    vertices = total.reshape(-1, 3)[used] / count.reshape(-1)[used, None]
    return vertices, quads.reshape(-1, 4)


def gradient(field: Field, points: np.ndarray, step: float = 4e-4) -> np.ndarray:
    """Central differences of a field (N, 3)."""
    result = np.empty_like(points)
    for k in range(3):
        shift = np.zeros(3)
        shift[k] = step
        result[:, k] = field(points + shift) - field(points - shift)
    return result / (2 * step)


def project(
    field: Field,
    points: np.ndarray,
    rounds: int = 2,
    limit: float = 0.01,
    sideways: np.ndarray | bool = False,
) -> np.ndarray:
    """Newton steps onto the zero set, each at most `limit` metres.

    sideways: mask (N,) of the points that keep their height.
    """
    for _ in range(rounds):
        slope = gradient(field, points)
        slope[:, 2] = np.where(sideways, 0.0, slope[:, 2])
        step = field(points)[:, None] * slope / np.maximum((slope * slope).sum(1), 0.04)[:, None]
        length = np.linalg.norm(step, axis=1, keepdims=True)
        points = points - step * np.minimum(1.0, limit / np.maximum(length, 1e-12))
    return points


def edges_of(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unique edges (E, 2), lower index first, and how many faces use each (E,)."""
    pairs = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    return np.unique(np.sort(pairs, 1), axis=0, return_counts=True)


def border_vertices(quads: np.ndarray, count: int) -> np.ndarray:
    """Mask (count,) of the vertices on an open border."""
    edges, uses = edges_of(quads)
    mask = np.zeros(count, bool)
    mask[edges[uses == 1]] = True
    return mask


def smooth(values: np.ndarray, edges: np.ndarray, rounds: int, amount: float = 0.5) -> np.ndarray:
    """Values (N, C) averaged with their neighbours along edges; works on positions too."""
    degree = np.bincount(edges.ravel(), minlength=len(values))[:, None]
    for _ in range(rounds):
        total = np.zeros_like(values)
        np.add.at(total, edges[:, 0], values[edges[:, 1]])
        np.add.at(total, edges[:, 1], values[edges[:, 0]])
        mean = total / np.maximum(degree, 1)
        values = np.where(degree > 0, values + amount * (mean - values), values)
    return values


def relax(field: Field, mesh: Quads, rounds: int = 3) -> Quads:
    """Evens out the quads by smoothing along the surface, then projects back onto the field."""
    vertices, quads = mesh
    edges, _ = edges_of(quads)
    still = border_vertices(quads, len(vertices))
    for _ in range(rounds):
        moved = smooth(vertices, edges, 1, 0.6)
        vertices = np.where(still[:, None], vertices, moved)
        vertices = project(field, vertices, 1)
    return project(field, vertices, 1), quads


def compact(vertices: np.ndarray, quads: np.ndarray) -> Quads:
    """Without the vertices that no face uses."""
    used, quads = np.unique(quads, return_inverse=True)
    return vertices[used], quads.reshape(-1, 4)


def clip(mesh: Quads, keep: Field, surface: Field | None = None) -> Quads:
    """The part of a mesh where keep < 0, its new border moved exactly onto keep = 0.

    Whole faces are dropped and the border vertices slide to the cut, so that quads stay quads.
    surface: the field the border must stay on while it slides.
    """
    vertices, quads = mesh
    before = border_vertices(quads, len(vertices))
    inside = keep(vertices)[quads].mean(1) < 0
    quads = quads[inside]
    new = border_vertices(quads, len(vertices)) & ~before
    place = vertices[new]
    for _ in range(6):
        place = project(keep, place, 1, 0.03)
        if surface is not None:
            place = project(surface, place, 1)
    vertices = vertices.copy()
    vertices[new] = project(keep, place, 1, 0.03)
    return compact(vertices, quads)


def score(mesh: Quads, level: Field, surface: Field) -> tuple[Quads, np.ndarray]:
    """Lets the edges between faces inside and outside a level set follow it exactly.

    Returns the mesh and the mask (F,) of the faces where level < 0.
    """
    vertices, quads = mesh
    inside = level(vertices)[quads].mean(1) < 0
    seam = np.zeros(len(vertices), bool)
    touches_outside = np.zeros(len(vertices), bool)
    seam[quads[inside]] = True
    touches_outside[quads[~inside]] = True
    seam &= touches_outside
    place = vertices[seam]
    for _ in range(4):
        place = project(surface, project(level, place, 1, 0.02), 1)
    vertices = vertices.copy()
    vertices[seam] = place
    return (vertices, quads), inside


def vertex_normals(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Area-weighted unit normals (N, 3)."""
    diagonals = (
        vertices[quads[:, 2]] - vertices[quads[:, 0]],
        vertices[quads[:, 3]] - vertices[quads[:, 1]],
    )
    normal = np.cross(*diagonals)
    result = np.zeros_like(vertices)
    for k in range(4):
        np.add.at(result, quads[:, k], normal)
    return result / np.maximum(np.linalg.norm(result, axis=1, keepdims=True), 1e-12)


def rim(mesh: Quads, thickness: float, depth: int = 2) -> tuple[Quads, np.ndarray]:
    """Gives open borders the thickness of cloth: a rounded rim and `depth` rows of lining.

    Returns the mesh and, for every new face, the face of the input it was copied from (the first
    len(quads) entries are the input itself).
    """
    vertices, quads = mesh
    normals = vertex_normals(vertices, quads)
    near = border_vertices(quads, len(vertices))
    for _ in range(depth - 1):
        near[quads[near[quads].any(1)]] = True
    rows = np.nonzero(near[quads].any(1))[0]
    inner_of = np.full(len(vertices), -1)
    lining = np.unique(quads[rows])
    inner_of[lining] = len(vertices) + np.arange(len(lining))
    inner = vertices[lining] - thickness * normals[lining]
    pairs = np.concatenate([quads[:, [k, (k + 1) % 4]] for k in range(4)])
    owners = np.tile(np.arange(len(quads)), 4)
    _, first, uses = np.unique(np.sort(pairs, 1), axis=0, return_index=True, return_counts=True)
    open_pairs, open_owner = pairs[first[uses == 1]], owners[first[uses == 1]]
    rim = np.stack(
        [
            open_pairs[:, 1],
            open_pairs[:, 0],
            inner_of[open_pairs[:, 0]],
            inner_of[open_pairs[:, 1]],
        ],
        1,
    )
    result = np.concatenate([vertices, inner])
    faces = np.concatenate([quads, inner_of[quads[rows][:, ::-1]], rim])
    source = np.concatenate([np.arange(len(quads)), rows, open_owner])
    return (result, faces), source
