# SPDX-License-Identifier: GPL-3.0-or-later
"""Selecting a part's faces in Edit Mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import bpy
import numpy as np

from ..writeback.modes import object_mode
from .labelled import Labelled, require_part, shown_of
from .topology import Domain, Topology, read_flags, write_selection

Action = Literal["REPLACE", "ADD", "REMOVE"]


@dataclass(frozen=True)
class Selection:
    faces: int  # of the part, hidden ones left out
    objects: tuple[str, ...]  # that have any


def select_part(ob: bpy.types.Object | None, name: str, action: Action = "REPLACE") -> Selection:
    """Select the faces of part `name` ("": what is unlabelled) on the character of `ob`.

    The labels are those of the scene frame; of a mesh sequence, the mesh of that frame is meant.
    Where vertices or edges are being selected, those of the faces are. Leaves the character's
    visible objects in Edit Mode, whatever mode they were in. Raises InputError when there is no
    such part.
    """
    objects = shown_of(ob)
    require_part(objects, name)
    editing = [o for o in objects if o.object.mode == "EDIT"]
    chosen = editing or objects
    if not editing:
        _leave_modes()
    counts: dict[str, int] = {}
    with object_mode(o.object for o in chosen):
        for one in _one_per_mesh(chosen):
            if faces := _select(one, name, action):
                counts[one.name] = faces
    if not editing:
        _edit([o.object for o in chosen], bpy.data.objects[next(iter(counts), chosen[0].name)])
    return Selection(sum(counts.values()), tuple(counts))


def _select(one: Labelled, name: str, action: Action) -> int:
    mesh, part = one.mesh, one.part(name)
    by_vertices, by_edges, _ = bpy.context.tool_settings.mesh_select_mode
    label = one.label(one.at(bpy.context.scene.frame_current))
    faces = (label == part) & ~read_flags(mesh, "hide", "FACE")
    if part is None:
        faces[:] = False
    topology = Topology.of(mesh)

    def combine(domain: Domain, chosen: np.ndarray) -> np.ndarray:
        if action == "REPLACE":
            return chosen
        selected = read_flags(mesh, "select", domain)
        return selected | chosen if action == "ADD" else selected & ~chosen

    # Blender makes the coarser selections follow from the finest that is enabled.
    if by_vertices:
        vertices = combine("POINT", topology.vertices_of(faces))
        edges = vertices[topology.edge_vertices].all(axis=1)
        polygons = topology.all_corners(vertices[topology.corner_vertex])
    elif by_edges:
        edges = combine("EDGE", topology.edges_of(faces))
        vertices = np.zeros(topology.vertices, bool)
        vertices[topology.edge_vertices[edges]] = True
        polygons = topology.all_corners(edges[topology.corner_edge])
    else:
        polygons = combine("FACE", faces)
        vertices, edges = topology.vertices_of(polygons), topology.edges_of(polygons)
    write_selection(mesh, "POINT", vertices)
    write_selection(mesh, "EDGE", edges)
    write_selection(mesh, "FACE", polygons)
    mesh.update_tag()
    return int(faces.sum())


def _one_per_mesh(objects: Sequence[Labelled]) -> list[Labelled]:
    """A mesh has one selection, whichever of its objects it is made on."""
    active = bpy.context.view_layer.objects.active
    first: dict[str, Labelled] = {}
    for one in objects:
        if one.mesh.name not in first or one.object == active:
            first[one.mesh.name] = one
    return list(first.values())


def _leave_modes() -> None:
    active = bpy.context.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        with bpy.context.temp_override(active_object=active, object=active):
            bpy.ops.object.mode_set(mode="OBJECT")


def _edit(objects: Sequence[bpy.types.Object], active: bpy.types.Object) -> None:
    layer = bpy.context.view_layer
    for ob in layer.objects:
        ob.select_set(ob in objects)
    current = layer.objects.active
    if current is None or current not in objects:
        layer.objects.active = current = active
    with bpy.context.temp_override(active_object=current, object=current):
        bpy.ops.object.mode_set(mode="EDIT")
