# SPDX-License-Identifier: GPL-3.0-or-later
"""A figure while it is being dressed: what it wears is cut, painted or lifted off its surface.

Each garment is made from what is outermost so far, and takes its place: a jacket lifts the shirt's
faces, no hidden layer remains. Fields (V,) are positive inside a garment; they are evaluated on
where each vertex lay on the bare body, so that layers do not shift hems.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from training.bank import REGIONS, region_index, surface_index
from training.figure import SEGMENTS, Figure, Material
from training.wardrobe.cutting import cut
from training.wardrobe.measure import located, measured, strongest_segment
from training.wardrobe.shapes import Shape

Color = tuple[float, float, float]

_VERTEX_ROWS = ("vertices", "rest", "segment", "joints", "weights", "vertex_color")
_FACE_ROWS = ("faces", "uv", "surface", "region", "material", "piece", "fabric")
_BARE = [surface_index(name) for name in ("skin", "mouth")]


class Fitting:
    """The arrays of a figure that change with each garment; `figure()` is the dressed person."""

    def __init__(self, figure: Figure) -> None:
        self._figure = figure
        self.skeleton = figure.skeleton
        self.vertices = figure.vertices.astype(np.float32)
        self.rest = self.vertices.copy()
        self.segment = strongest_segment(figure)
        self.joints, self.weights = figure.joints, figure.weights
        self.vertex_color = figure.vertex_color
        self.faces, self.uv = figure.faces, figure.uv
        self.surface, self.region = figure.surface, figure.region
        self.material, self.piece = figure.material, figure.piece
        self.fabric = np.isin(figure.surface, _BARE)  # (F,) what a garment can be made from
        self.materials = list(figure.materials)
        self.pieces = list(figure.pieces)
        self.worn: list[str] = []
        self.body = measured(figure, self.segment)
        self._arm: np.ndarray | None = None

    @property
    def arm(self) -> np.ndarray:
        """(V,) 0 at the shoulder, 1 elbow, 2 wrist, 3 finger tips; -1 off the arms."""
        if self._arm is None or len(self._arm) != len(self.rest):
            self._arm = np.full(len(self.rest), -1.0)
            along, _ = located(self.skeleton, self.rest, self.segment)
            for number, part in enumerate(("upper arm", "forearm", "hand")):
                for side in "lr":
                    own = self.segment == SEGMENTS.index(f"{part} {side}")
                    t = np.clip(along[own], -0.9 if number == 0 else 0, 1)
                    self._arm[own] = np.maximum(number + t, -0.9)
        return self._arm

    def on(self, *names: str) -> np.ndarray:
        """(V,) bool: vertices of these segments, given without side."""
        wanted = [
            i for i, s in enumerate(SEGMENTS) if s.removesuffix(" l").removesuffix(" r") in names
        ]
        return np.isin(self.segment, wanted)

    def new_piece(self, name: str) -> int:
        """The number of a new piece."""
        self.pieces.append(name)
        return len(self.pieces) - 1

    def new_material(self, name: str, color: Color) -> int:
        """The number of a new plain material."""
        self.materials.append(Material(name, (float(color[0]), float(color[1]), float(color[2]))))
        return len(self.materials) - 1

    def inside(self, field: np.ndarray, piece: int | None = None) -> np.ndarray:
        """(F,) bool: faces in the field, after cutting them at its border.

        Only faces that garments are made from; of one piece, when given.
        """
        allowed = self.fabric if piece is None else self.fabric & (self.piece == piece)
        result = cut(self.faces, self.uv, field, allowed)
        self.faces, self.uv = result.faces, result.uv
        for name in ("surface", "region", "material", "piece", "fabric"):
            setattr(self, name, getattr(self, name)[result.parent])
        a, b = result.ends.T
        share = result.share[:, None]
        for name in ("vertices", "rest"):
            rows = getattr(self, name)
            self._append(name, rows[a] * (1 - share) + rows[b] * share)
        if self.vertex_color is not None:
            mixed = self.vertex_color[a] * (1 - share) + self.vertex_color[b] * share
            self._append("vertex_color", mixed)
        joints, weights = _mixed_weights(self.joints, self.weights, a, b, share)
        self._append("joints", joints)
        self._append("weights", weights)
        self._append("segment", np.where(result.share < 0.5, self.segment[a], self.segment[b]))
        field = np.append(field, np.zeros(len(a)))
        corner = np.where(self.faces >= 0, field[self.faces], 0)
        allowed = self.fabric if piece is None else self.fabric & (self.piece == piece)
        return allowed & (corner.sum(1) > 0)

    def paint(
        self, field: np.ndarray, material: int, piece: int | None = None, **labels: int
    ) -> None:
        """Give the faces in the field a material, and `surface`, `region`, `new_piece` labels."""
        self._label(self.inside(field, piece), material, labels)

    def lift(
        self, field: np.ndarray, material: int, thickness: np.ndarray | float, smooth: int = 0,
        piece: int | None = None, **labels: int,
    ) -> None:  # fmt: skip
        """Lift the faces in the field off the surface, with closed hems.

        `thickness` metres, one or (V,); `smooth` rounds evens the cloth out over the anatomy.
        """
        thickness = np.broadcast_to(np.asarray(thickness, np.float32), (len(self.vertices),))
        extent = np.asarray(field)
        before = len(self.vertices)
        chosen = np.flatnonzero(self.inside(extent, piece))
        if not len(chosen):
            return
        filled = np.full(len(self.vertices), np.nan, np.float32)
        filled[:before] = thickness
        used, local = np.unique(self.faces[chosen], return_inverse=True)
        local = local.reshape(-1, 4)
        if used[0] < 0:
            used, local = used[1:], local - 1
        depth = filled[used]
        depth = np.where(
            np.isnan(depth), np.nanmedian(depth) if (~np.isnan(depth)).any() else 0.005, depth
        )
        outer, rim = _lifted(self.vertices[used], local, depth, smooth)
        start = len(self.vertices)
        for name in _VERTEX_ROWS:
            rows = getattr(self, name)
            if rows is not None:
                self._append(name, outer if name == "vertices" else rows[used])
        self.faces[chosen] = np.where(local >= 0, local + start, -1)
        a, b, owner = rim
        strips = np.stack([b + start, a + start, used[a], used[b]], 1)
        self._append_faces(strips, chosen[owner])
        chosen = np.append(chosen, np.arange(len(self.faces) - len(strips), len(self.faces)))
        hit = np.zeros(len(self.faces), bool)
        hit[chosen] = True
        self._label(hit, material, labels)

    def remove(self, gone: np.ndarray) -> None:
        """Drop the faces where `gone` (F,) bool is true."""
        for name in _FACE_ROWS:
            setattr(self, name, getattr(self, name)[~gone])

    def add(
        self, shape: Shape, material: int, surface: str, piece: int, joints: np.ndarray,
        weights: np.ndarray, region: str | np.ndarray, fabric: bool = False,
    ) -> None:  # fmt: skip
        """Add a free shape; joints and weights (V, 4) of its vertices, one region or (F,)."""
        start, count = len(self.vertices), len(shape.faces)
        self._append("vertices", shape.vertices)
        self._append("rest", shape.vertices)
        self._append("joints", joints)
        self._append("weights", weights)
        self._append("segment", np.full(len(shape.vertices), SEGMENTS.index("torso")))
        if self.vertex_color is not None:
            self._append("vertex_color", np.full((len(shape.vertices), 3), 255))
        if isinstance(region, str):
            region = np.full(count, region_index(region))
        rows = {
            "faces": np.where(shape.faces < 0, -1, shape.faces + start),
            "uv": np.zeros((count, 4, 2)),
            "surface": np.full(count, surface_index(surface)),
            "region": region,
            "material": np.full(count, material),
            "piece": np.full(count, piece),
            "fabric": np.full(count, fabric),
        }
        for name, values in rows.items():
            self._append(name, values)

    def figure(self) -> Figure:
        """The figure as dressed so far, without vertices that no face uses."""
        used, faces = np.unique(self.faces, return_inverse=True)
        faces = faces.reshape(-1, 4).astype(np.int32)
        if used[0] < 0:
            used, faces = used[1:], faces - 1
        return replace(
            self._figure,
            vertices=self.vertices[used], faces=faces, uv=self.uv, surface=self.surface,
            region=self.region, material=self.material, piece=self.piece,
            joints=self.joints[used], weights=self.weights[used],
            materials=tuple(self.materials), pieces=tuple(self.pieces),
            vertex_color=None if self.vertex_color is None else self.vertex_color[used],
            garments=(*self._figure.garments, *dict.fromkeys(self.worn)),
        )  # fmt: skip

    def joint(self, segment: str) -> int:
        """The joint that carries a rigid thing on a segment: the torso's last, others' first."""
        joints = self.skeleton.segments[segment]
        return joints[-1] if segment == "torso" else joints[0]

    def rigid(self, count: int, segment: str) -> tuple[np.ndarray, np.ndarray]:
        """Joints and weights (count, 4) that follow one segment."""
        joints = np.zeros((count, 4), np.int16)
        joints[:, 0] = self.joint(segment)
        return joints, np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))

    def leg_region(self, heights: np.ndarray) -> np.ndarray:
        """The region by height of what hangs from the trunk."""
        low = heights < self.body.knee
        mid = (heights >= self.body.knee) & (heights < self.body.crotch)
        hips = (heights >= self.body.crotch) & (heights < (self.body.hip + self.body.waist) / 2)
        names = np.select([low, mid, hips], ["lower leg", "thigh", "pelvis"], "torso")
        return np.array([REGIONS.index(n) for n in names], np.uint8)

    def points(self, segments: np.ndarray | tuple[int, ...], worn: bool = True) -> np.ndarray:
        """(N, 3) vertices of the fabric on some segments (numbers), as worn so far or at rest."""
        used = np.zeros(len(self.vertices), bool)
        faces = self.faces[self.fabric]
        used[faces[faces >= 0]] = True
        chosen = used & np.isin(self.segment, segments)
        return (self.vertices if worn else self.rest)[chosen]

    def _label(self, faces: np.ndarray, material: int, labels: dict[str, int]) -> None:
        self.material[faces] = material
        for name, value in labels.items():
            getattr(self, "piece" if name == "new_piece" else name)[faces] = value

    def _append(self, name: str, rows: np.ndarray) -> None:
        old = getattr(self, name)
        setattr(self, name, np.concatenate([old, np.asarray(rows).astype(old.dtype)]))

    def _append_faces(self, faces: np.ndarray, like: np.ndarray) -> None:
        for name in _FACE_ROWS:
            self._append(name, faces if name == "faces" else getattr(self, name)[like])


def _mixed_weights(
    joints: np.ndarray, weights: np.ndarray, a: np.ndarray, b: np.ndarray, share: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The four strongest of both ends' weights."""
    names = np.concatenate([joints[a], joints[b]], 1)  # (N, 8)
    values = np.concatenate([weights[a] * (1 - share), weights[b] * share], 1)
    twin = names[:, None, :4] == names[:, 4:, None]  # (N, second, first)
    for second in range(4):
        same = twin[:, second] & (values[:, :4] > 0)
        rows = np.flatnonzero(same.any(1))
        values[rows, same[rows].argmax(1)] += values[rows, 4 + second]
        values[rows, 4 + second] = 0
    order = np.argsort(-values, 1)[:, :4]
    rows_ = np.arange(len(names))[:, None]
    best = values[rows_, order]
    return names[rows_, order], best / np.maximum(best.sum(1, keepdims=True), 1e-9)


def _lifted(
    points: np.ndarray, faces: np.ndarray, depth: np.ndarray, smooth: int
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """((N, 3) lifted points, rim edges as (starts, ends, their faces))."""
    key = np.round(points * 2e4).astype(np.int64)
    _, first, weld = np.unique(key, axis=0, return_index=True, return_inverse=True)
    weld = weld.ravel()
    base, welded = points[first].astype(np.float64), np.where(faces >= 0, weld[faces], -1)
    count = np.where(faces[:, 3] < 0, 3, 4)
    a, b, face = _edges(faces, count)
    low, high = np.minimum(weld[a], weld[b]), np.maximum(weld[a], weld[b])
    code = low.astype(np.int64) * len(base) + high
    _, inverse, times = np.unique(code, return_inverse=True, return_counts=True)
    rim = (times[inverse] == 1) & (low != high)

    normal = _sum_of_normals(base, welded, count)
    graph = sparse.coo_matrix(
        (np.ones(len(a)), (weld[a], weld[b])), shape=(len(base), len(base))
    ).tocsr()
    graph = ((graph + graph.T) > 0).astype(np.float64)
    mean = sparse.diags(1 / np.maximum(np.asarray(graph.sum(1)).ravel(), 1)) @ graph
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    for _ in range(2 + smooth // 8):
        normal = normal + mean @ normal
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)

    free = np.ones(len(base))
    free[weld[a[rim]]] = free[weld[b[rim]]] = 0.15
    wanted = np.zeros(len(base))
    np.maximum.at(wanted, weld, depth)
    p = base.copy()
    for _ in range(smooth):
        p += 0.6 * free[:, None] * (mean @ p - p)
    for _ in range(3 if smooth else 1):
        out = np.einsum("ij,ij->i", p - base, normal)
        p += normal * np.maximum(wanted - out, 0)[:, None]
        if smooth:
            p += 0.5 * free[:, None] * (mean @ p - p)
    return p[weld].astype(np.float32), (a[rim], b[rim], face[rim])


def _edges(faces: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(starts, ends, their faces) of all edges of faces (F, 4) with `count` (F,) corners."""
    starts, ends, owner = [], [], []
    for corner in range(4):
        has = count > corner
        starts.append(faces[has, corner])
        ends.append(
            faces[has, (corner + 1) % 4]
            if corner < 2
            else np.where(count[has] == corner + 1, faces[has, 0], faces[has, (corner + 1) % 4])
        )
        owner.append(np.flatnonzero(has))
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(owner)


def _sum_of_normals(points: np.ndarray, faces: np.ndarray, count: np.ndarray) -> np.ndarray:
    """(N, 3) of the faces around each point, as long as these are large."""
    normal = np.zeros_like(points)
    cross = np.cross(
        points[faces[:, 1]] - points[faces[:, 0]], points[faces[:, 2]] - points[faces[:, 0]]
    )
    for corner in range(4):
        has = count > corner
        np.add.at(normal, faces[has, corner], cross[has])
    return normal
