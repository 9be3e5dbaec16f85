# SPDX-License-Identifier: GPL-3.0-or-later
"""A character taken apart: an object for each part, with all that the whole one had."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import bpy
import numpy as np

from ...job.label_files import UNLABELLED
from ..compat import animated_paths
from ..narrowing import mesh_of
from ..writeback import attributes
from ..writeback import ledger as registry
from ..writeback.attributes import Corners, Painter, palette_of
from ..writeback.clear import remove_from_mesh, remove_from_object
from ..writeback.ledger import MeshRecord
from ..writeback.modes import object_mode
from ..writeback.names import attribute_names
from ..writeback.transaction import Transaction
from .carve import carve
from .labelled import Labelled, shown_of

# What these do is stored for every vertex of the whole mesh.
_BOUND = {
    "HOOK",
    "LAPLACIANDEFORM",
    "MESH_CACHE",
    "MESH_DEFORM",
    "MESH_SEQUENCE_CACHE",
    "SURFACE_DEFORM",
}


@dataclass(frozen=True)
class Split:
    objects: tuple[str, ...]  # the new ones
    caps: int  # faces that close holes
    warnings: tuple[str, ...]


def split_parts(
    ob: bpy.types.Object | None,
    frame: Literal["CURRENT", "FIRST"] = "CURRENT",
    close_holes: bool = False,
    hide_original: bool = True,
) -> Split:
    """Make an object "CHARACTER.part" of each part of the visible meshes of the character of `ob`.

    The new objects have the originals' modifiers, parents, vertex groups, shape keys, animation,
    UVs, custom normals and materials, and are labelled by their part, in all frames; what is
    unlabelled becomes "CHARACTER.unlabelled". Vertices and edges of no face stay with the original.
    `frame`: whose labels decide. `close_holes` fills the borders that splitting opened, not those
    that were open before. The originals are hidden, or kept as they are. Raises InputError when
    there are no labels; after any exception nothing has changed.
    """
    objects = shown_of(ob)
    made: list[str] = []
    caps = 0
    warnings: list[str] = []
    sharing = [o for one in objects for o in registry.objects_of(one.mesh)]
    with object_mode(sharing), Transaction() as steps:
        for one in objects:
            at = min(one.document["frames"])
            if frame == "CURRENT":
                at = bpy.context.scene.frame_current
            label = one.label(one.at(at))
            template = _template(one)
            steps.undo(_remove_object, template)
            steps.finish(_remove_object, template)
            for part in np.unique(label).tolist():
                name = _copy(one, template, part)
                steps.undo(_remove_object, name)
                carved = carve(mesh_of(registry.existing_object(name)), label == part, close_holes)
                _label(one, registry.existing_object(name), part)
                made.append(name)
                caps += carved.caps
                if carved.open_borders:
                    warnings.append(f"A hole of {name} reaches an open border and stays open")
            warnings += _warnings(one, hide_original)
    if made:
        _show(made, [one.object for one in objects], hide_original)
    return Split(tuple(made), caps, tuple(warnings))


def _template(one: Labelled) -> str:
    """A copy of the object without anything of ours, for the parts to be copied from."""
    template = one.object.copy()
    template.data = mesh = one.mesh.copy()
    remove_from_object(template.name)
    remove_from_mesh(mesh)
    registry.write(template, None)
    return template.name


def _copy(one: Labelled, template: str, part: int) -> str:
    source = registry.existing_object(template)
    copy = source.copy()
    copy.data = mesh_of(source).copy()
    part_name = "unlabelled" if part == UNLABELLED else one.vocabulary[part].name
    copy.name = copy.data.name = f"{one.document['character']}.{part_name}"
    for collection in one.object.users_collection:
        collection.objects.link(copy)
    return copy.name


def _label(one: Labelled, ob: bpy.types.Object, part: int) -> None:
    """Label all faces of `ob` as `part`, with a document and record of its own."""
    mesh = mesh_of(ob)
    before = registry.active_of(mesh)
    names = attribute_names([*mesh.attributes.keys(), *ob.vertex_groups.keys()], 1)
    made = attributes.create(mesh, [names], "CORNER")
    painter = Painter(mesh, Corners.of(mesh), palette_of(one.vocabulary), "CORNER")
    painter.fill(names, np.full(len(mesh.polygons), part, np.int16))
    registry.write_mesh(mesh, MeshRecord(tuple(made), (), before))
    mesh.color_attributes.active_color_name = names.color
    mesh.color_attributes.default_color_name = names.color
    kept = ("character", "vocabulary", "frames", "topology", "backends", "versions")
    document = {key: one.document[key] for key in kept}
    own = {"stored": {}, "groups": {}, "modifier": "", "overlay": "", "view": {}}
    own["options"] = {"vertex_groups": False}
    registry.write(ob, {**document, **own, "attributes": asdict(names), "split_from": one.name})


def _show(made: list[str], originals: list[bpy.types.Object], hide: bool) -> None:
    """Select what was made; the modes of the originals were entered again, so leave them."""
    layer = bpy.context.view_layer
    active = layer.objects.active
    if active is not None and active.mode != "OBJECT":
        with bpy.context.temp_override(active_object=active, object=active):
            bpy.ops.object.mode_set(mode="OBJECT")
    for ob in layer.objects:
        ob.select_set(ob.name in made)
    layer.objects.active = layer.objects[made[0]]
    for ob in originals:
        if hide:
            ob.hide_viewport = ob.hide_render = True


def _warnings(one: Labelled, hide: bool) -> list[str]:
    found = []
    if hide and animated_paths(one.object) & {"hide_viewport", "hide_render"}:
        found.append(f"The visibility of {one.name} is animated, so it may show beside its parts")
    return found + [
        f"{m.name} of {one.name} is bound to the vertices of the whole mesh: bind it again"
        for m in one.object.modifiers
        if m.type in _BOUND
    ]


def _remove_object(name: str) -> None:
    ob = registry.existing_object(name)
    mesh = mesh_of(ob)
    bpy.data.objects.remove(ob)
    if not mesh.users:
        bpy.data.meshes.remove(mesh)
