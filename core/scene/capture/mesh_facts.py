# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the facts of elements from Blender's meshes; the arithmetic is in facts.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import bpy
import numpy as np

from ...job.capture_files import Facts, Names
from ..character import Character, armature_of
from ..checks import vertex_positions
from ..narrowing import mesh_of
from . import facts as arithmetic
from .capture_materials import is_filler
from .facts import NONE, MeshTopology
from .scan import visible_meshes

# Modifiers that move vertices but keep their number and order.
_DEFORMING = {
    "ARMATURE", "CAST", "CURVE", "DISPLACE", "HOOK", "LAPLACIANDEFORM", "LATTICE", "MESH_DEFORM",
    "SHRINKWRAP", "SIMPLE_DEFORM", "SMOOTH", "CORRECTIVE_SMOOTH", "LAPLACIANSMOOTH",
    "SURFACE_DEFORM", "WARP", "WAVE", "VOLUME_DISPLACE", "CLOTH", "SOFT_BODY", "MESH_CACHE",
    "MESH_SEQUENCE_CACHE",
}  # fmt: skip


@dataclass
class NameTable:
    """Names met so far and their indices."""

    objects: list[str] = field(default_factory=list)
    materials: list[str] = field(default_factory=list)
    bones: list[str] = field(default_factory=list)
    bone_parent: list[int] = field(default_factory=list)
    rigs: dict[str, dict[str, int]] = field(default_factory=dict)  # armature -> bone -> index

    @classmethod
    def of(cls, character: Character) -> NameTable:
        """All names of a character, in an order that does not depend on frames."""
        table = cls()
        for obj in character.sources:
            table.object(obj.name)
            for slot in obj.material_slots:
                if slot.material is not None and not is_filler(slot.material):
                    table.material(slot.material.name)
            if (rig := armature_of(obj)) is not None:
                table.rig(rig)
        for material in sorted(bpy.data.materials, key=lambda m: m.name_full):
            if material.users and not is_filler(material):  # geometry nodes may set any
                table.material(material.name)
        return table

    def names(self) -> Names:
        return Names(
            tuple(self.objects), tuple(self.materials), tuple(self.bones), tuple(self.bone_parent)
        )

    def material(self, name: str) -> int:
        if name not in self.materials:
            self.materials.append(name)
        return self.materials.index(name)

    def object(self, name: str) -> int:
        if name not in self.objects:
            self.objects.append(name)
        return self.objects.index(name)

    def rig(self, armature: bpy.types.Object) -> dict[str, int]:
        """Bone name -> index; a second armature's equal bone names are told apart."""
        if armature.name_full not in self.rigs:
            start, taken = len(self.bones), set(self.bones)
            bones = list(armature.data.bones)
            index = {bone.name: start + i for i, bone in enumerate(bones)}
            for bone in bones:
                name = bone.name if bone.name not in taken else f"{armature.name}:{bone.name}"
                self.bones.append(name)
                self.bone_parent.append(index[bone.parent.name] if bone.parent else NONE)
            self.rigs[armature.name_full] = index
        return self.rigs[armature.name_full]


@dataclass(frozen=True)
class ElementSource:
    """A mesh whose polygons are elements, with where its vertices are in the world."""

    object: bpy.types.Object  # for names, slots, groups, rig
    mesh: bpy.types.Mesh
    positions: np.ndarray  # (V, 3) float32 world


def gather_facts(sources: Sequence[ElementSource], table: NameTable) -> Facts:
    """Facts of the sources' polygons, one source after the other; names go into `table`."""
    columns: dict[str, list[np.ndarray]] = {
        k: [] for k in ("object", "material", "bone", "loose", "island", "area", "center", "pairs")
    }
    start = 0
    for source in sources:
        topology = read_topology(source.mesh)
        faces = len(topology.start)
        area, center = arithmetic.face_areas_and_centers(topology, source.positions)
        number = table.object(source.object.name)
        columns["object"].append(np.full(faces, number, np.int32))
        columns["material"].append(_materials(source, faces, table))
        columns["bone"].append(_bones(source, topology, table))
        columns["loose"].append(arithmetic.loose_parts(topology))
        columns["island"].append(_islands(source.mesh, topology))
        columns["area"].append(area)
        columns["center"].append(center)
        columns["pairs"].append(arithmetic.neighbour_pairs(topology) + np.int32(start))
        start += faces

    def join(key: str) -> np.ndarray:
        return np.concatenate(columns[key])

    return Facts(
        object=join("object"),
        material=join("material"),
        bone=join("bone"),
        loose_part=arithmetic.join_parts(columns["loose"]),
        uv_island=arithmetic.join_parts(columns["island"]),
        area=join("area"),
        centroid=join("center"),
        neighbours=join("pairs").astype(np.int32),
    )


def deformed_sources(
    scene: bpy.types.Scene, sources: Sequence[bpy.types.Object], frame: int
) -> list[ElementSource]:
    """The sources' own polygons as posed at `frame`: only deforming modifiers are evaluated.

    Generating modifiers would change vertices' numbers; with them off, vertex i is vertex i.
    """
    muted = [
        modifier
        for obj in sources
        for modifier in obj.modifiers
        if modifier.show_viewport and modifier.type not in _DEFORMING
    ]
    for modifier in muted:
        modifier.show_viewport = False
    try:
        scene.frame_set(frame)
        posed: dict[str, np.ndarray] = {}
        counts = {o.data.name_full: len(o.data.vertices) for o in sources}
        for visible in visible_meshes(scene, frame):
            mesh = visible.object.data.name_full
            if mesh not in posed and counts.get(mesh) == len(visible.mesh.vertices):
                posed[mesh] = visible.positions()
    finally:
        for modifier in muted:
            modifier.show_viewport = True
    return [
        ElementSource(obj, mesh_of(obj), posed.get(obj.data.name_full, _undo_deformation(obj)))
        for obj in sources
    ]


def read_topology(mesh: bpy.types.Mesh) -> MeshTopology:
    """A mesh's faces as index arrays."""
    corners, faces = len(mesh.loops), len(mesh.polygons)
    vertex, edge = np.zeros(corners, np.int32), np.zeros(corners, np.int32)
    start, size = np.zeros(faces, np.int32), np.zeros(faces, np.int32)
    if faces:
        mesh.loops.foreach_get("vertex_index", vertex)
        mesh.loops.foreach_get("edge_index", edge)
        mesh.polygons.foreach_get("loop_start", start)
        mesh.polygons.foreach_get("loop_total", size)
    return MeshTopology(len(mesh.vertices), vertex, edge, start, size)


def _undo_deformation(obj: bpy.types.Object) -> np.ndarray:
    matrix = np.array(obj.matrix_world, np.float32)
    return vertex_positions(mesh_of(obj)) @ matrix[:3, :3].T + matrix[:3, 3]


def _materials(source: ElementSource, faces: int, table: NameTable) -> np.ndarray:
    slot = np.zeros(faces, np.int32)
    if faces:
        source.mesh.polygons.foreach_get("material_index", slot)
    slots = [s.material for s in source.object.material_slots] or list(source.mesh.materials)
    of_slot = [
        table.material(m.name) if m is not None and not is_filler(m) else NONE for m in slots
    ]
    if not of_slot:
        return np.full(faces, NONE, np.int32)
    return np.array(of_slot, np.int32)[np.clip(slot, 0, len(of_slot) - 1)]


def _bones(source: ElementSource, topology: MeshTopology, table: NameTable) -> np.ndarray:
    faces = len(topology.start)
    rig = armature_of(source.object)
    if rig is None:
        return np.full(faces, NONE, np.int32)
    index = table.rig(rig)
    parent = _parent_bone(source.object, rig)
    carried = index.get(parent, NONE) if parent else NONE
    groups = np.array([index.get(g.name, NONE) for g in source.object.vertex_groups], np.int32)
    if not (groups >= 0).any():
        return np.full(faces, carried, np.int32)
    vertex, group, weight = vertex_weights(source.mesh)
    known = (group >= 0) & (group < len(groups))
    vertex, weight, bone = vertex[known], weight[known], groups[group[known]]
    deforming = bone >= 0
    found = arithmetic.dominant_bone(
        topology, vertex[deforming], bone[deforming], weight[deforming]
    )
    return np.where(found >= 0, found, carried).astype(np.int32)


def _parent_bone(obj: bpy.types.Object, rig: bpy.types.Object) -> str | None:
    child: bpy.types.Object | None = obj
    while child is not None and child is not rig:
        if child.parent == rig and child.parent_type == "BONE":
            return child.parent_bone
        child = child.parent
    return None


def vertex_weights(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All vertex group memberships: vertex (W,) int32, group (W,) int32, weight (W,) float32."""
    members = [v.groups.values() for v in mesh.vertices]
    count = np.fromiter(map(len, members), np.int32, len(members))
    flat = list(chain.from_iterable(members))
    group = np.fromiter((m.group for m in flat), np.int32, len(flat))
    weight = np.fromiter((m.weight for m in flat), np.float32, len(flat))
    return np.repeat(np.arange(len(members), dtype=np.int32), count), group, weight


def _islands(mesh: bpy.types.Mesh, topology: MeshTopology) -> np.ndarray:
    layer = mesh.uv_layers.active
    if layer is None or not len(topology.start):
        return np.full(len(topology.start), NONE, np.int32)
    uv = np.zeros(len(topology.corner_vertex) * 2, np.float32)
    layer.uv.foreach_get("vector", uv)
    return arithmetic.uv_islands(topology, uv.reshape(-1, 2))
