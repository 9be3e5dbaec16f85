# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels as INT attributes on faces and as sRGB byte colours on corners or vertices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...errors import InputError
from ...job.label_files import LabelledPart
from ..narrowing import specific
from .ledger import activate, active_of, objects_of
from .names import ASIDE, AttributeNames
from .options import ColorDomain

NEUTRAL = (128 / 255,) * 3  # sRGB colour of unlabelled faces


@dataclass(frozen=True)
class Corners:
    """Which face and vertex each of a mesh's C corners belongs to."""

    face: np.ndarray  # (C,) int32
    vertex: np.ndarray  # (C,) int32
    vertices: int
    degree: np.ndarray  # (vertices,) float32 number of corners, at least 1

    @classmethod
    def of(cls, mesh: bpy.types.Mesh) -> Corners:
        sizes = np.empty(len(mesh.polygons), np.int32)
        mesh.polygons.foreach_get("loop_total", sizes)
        vertex = np.empty(len(mesh.loops), np.int32)
        mesh.loops.foreach_get("vertex_index", vertex)
        face = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
        count = len(mesh.vertices)
        degree = np.maximum(np.bincount(vertex, minlength=count), 1).astype(np.float32)
        return cls(face, vertex, count, degree)


def palette_of(vocabulary: Sequence[LabelledPart]) -> np.ndarray:
    """(P + 1, 4) float32 sRGB; row 0 is for unlabelled, row i + 1 for part i."""
    colors = [NEUTRAL, *(part.color for part in vocabulary)]
    return np.array([(*color, 1.0) for color in colors], np.float32)


def create(
    mesh: bpy.types.Mesh, names: Sequence[AttributeNames], color_domain: ColorDomain
) -> list[str]:
    """Make a label and a colour attribute for each of `names`; returns all their names.

    All are made before any is filled: a new attribute invalidates references to earlier ones.
    Raises InputError, with nothing left behind, when Blender refuses one.
    """
    made: list[str] = []
    wanted = [(n.label, "INT", "FACE") for n in names]
    wanted += [(n.color, "BYTE_COLOR", color_domain) for n in names]
    for name, kind, domain in wanted:
        attribute = specific(mesh.attributes).new(name, kind, domain)
        if attribute is None or attribute.name != name:
            remove(mesh, made if attribute is None else [*made, attribute.name])
            raise InputError(
                f"{mesh.name} cannot store an attribute called {name!r}",
                "Rename the attribute, UV map or vertex group of that name",
            )
        made.append(name)
    return made


def add_later(mesh: bpy.types.Mesh, name: str, kind: str, domain: str) -> None:
    """Make one more attribute on a mesh in use; what is active stays so.

    Blender remembers the active attribute by its place, which a new one may take.
    """
    active = active_of(mesh)
    specific(mesh.attributes).new(name, kind, domain)
    activate(mesh, active)


def remove(mesh: bpy.types.Mesh, names: Sequence[str]) -> int:
    """Remove those of `names` that are there; returns how many were."""
    groups = {g.name for ob in objects_of(mesh) for g in ob.vertex_groups}
    count = 0
    for name in names:
        attribute = mesh.attributes.get(name)
        if attribute is None:
            continue
        if name in groups:  # made since; Blender would remove the group of that name instead
            attribute.name = f"{ASIDE}remove"
            attribute = mesh.attributes[f"{ASIDE}remove"]
        mesh.attributes.remove(attribute)
        count += 1
    return count


class Painter:
    """Fills attributes of one mesh; what does not change between frames is kept."""

    def __init__(
        self, mesh: bpy.types.Mesh, corners: Corners, palette: np.ndarray, domain: ColorDomain
    ) -> None:
        self._mesh = mesh
        # Four float32 are moved as one 16-byte item: twice as fast as rows of an array.
        self._palette = np.ascontiguousarray(palette).view(np.complex128)[:, 0]
        self._around = _Around(corners) if domain == "POINT" else None
        self._face = corners.face if self._around is None else self._around.face
        self._colors = np.ones((len(corners.face), 4), np.float32)

    def fill(self, names: AttributeNames, label: np.ndarray) -> None:
        """Store `label` (faces,) int16 under `names`."""
        attributes = self._mesh.attributes
        specific(attributes[names.label]).data.foreach_set("value", label.astype(np.int32))
        row = (label + 1)[self._face]  # (C,) rows of the palette
        np.take(self._palette, row, out=self._colors.view(np.complex128)[:, 0], mode="clip")
        colors = self._colors if self._around is None else self._around.mean(self._colors)
        specific(attributes[names.color]).data.foreach_set("color_srgb", colors.reshape(-1))


class _Around:
    """The corners in order of their vertices, for means around each vertex."""

    def __init__(self, corners: Corners) -> None:
        self.face = corners.face[np.argsort(corners.vertex, kind="stable")]  # (C,)
        count = np.bincount(corners.vertex, minlength=corners.vertices)
        self._used = np.flatnonzero(count)
        self._start = (np.cumsum(count) - count)[self._used]
        self._count = count[self._used, None].astype(np.float32)
        self._mean = np.ones((corners.vertices, 4), np.float32)
        self._mean[:, :3] = NEUTRAL  # vertices of no face stay so

    def mean(self, colors: np.ndarray) -> np.ndarray:
        """(vertices, 4) float32 from (C, 4)."""
        if len(self._used):
            self._mean[self._used] = np.add.reduceat(colors, self._start, axis=0) / self._count
        return self._mean
