# SPDX-License-Identifier: GPL-3.0-or-later
"""The custom property `parts4d`: what the labels mean, and exactly what was added.

Objects hold the vocabulary and the things that belong to one object (modifiers, baked frames);
meshes hold what lives on the mesh (attributes, vertex groups) and what was active before, because
a mesh may be shared and outlives the objects that show it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import bpy

from ...errors import InputError
from ...files.reading import parse_json
from ...job.label_files import LabelledPart

PROPERTY = "parts4d"


@dataclass(frozen=True)
class Active:
    """What is selected in a mesh's lists; "" is nothing."""

    color: str  # shown in the viewport and painted on
    render_color: str
    attribute: str
    group: str
    group_index: int  # what Blender says when there is no group to name


@dataclass(frozen=True)
class MeshRecord:
    """What was added to a mesh, in order of creation, and what was active before."""

    attributes: tuple[str, ...]
    groups: tuple[str, ...]
    before: Active


def read(owner: bpy.types.ID) -> dict[str, Any] | None:
    """Our JSON on `owner`; None where there is none, or somebody else's property of that name."""
    try:
        document = parse_json(owner.get(PROPERTY, "null"))
    except (TypeError, ValueError):
        return None
    return document if isinstance(document, dict) and "schema" in document else None


def vocabulary_of(document: Mapping[str, Any]) -> tuple[LabelledPart, ...]:
    """The parts that an object's labels are indices into."""
    return tuple(
        LabelledPart(p["name"], tuple(p["color"]), tuple(p["synonyms"]))
        for p in document["vocabulary"]
    )


def check_free(owner: bpy.types.ID) -> None:
    """Raises InputError when the property on `owner` is somebody else's."""
    if PROPERTY in owner.keys() and read(owner) is None:
        raise InputError(
            f"{owner.name} has a custom property {PROPERTY!r} that Parts4D did not write",
            "Rename or delete that property",
        )


def write(owner: bpy.types.ID, document: dict[str, Any] | None) -> None:
    """Store `document`, or remove the property for None."""
    if document is not None:
        owner[PROPERTY] = json.dumps({"schema": 1, **document}, ensure_ascii=False)
    elif PROPERTY in owner.keys():
        del owner[PROPERTY]


def read_mesh(mesh: bpy.types.Mesh) -> MeshRecord | None:
    document = read(mesh)
    if document is None:
        return None
    return MeshRecord(
        tuple(document["attributes"]), tuple(document["groups"]), Active(**document["before"])
    )


def write_mesh(mesh: bpy.types.Mesh, record: MeshRecord | None) -> None:
    write(mesh, None if record is None else asdict(record))


def extend_mesh(
    mesh: bpy.types.Mesh, attributes: Iterable[str] = (), groups: Iterable[str] = ()
) -> None:
    """Record what was added to a labelled mesh later than its labels.

    Names are never taken off the record: an undo in Edit Mode takes an attribute away but not the
    property that lists it, and a redo brings it back. Raises InputError for a mesh without record.
    """
    record = read_mesh(mesh)
    if record is None:
        raise InputError(
            f"The mesh {mesh.name} has lost its custom property {PROPERTY!r}",
            "Apply the labels again",
        )
    attributes = dict.fromkeys((*record.attributes, *attributes))
    groups = dict.fromkeys((*record.groups, *groups))
    write_mesh(mesh, replace(record, attributes=tuple(attributes), groups=tuple(groups)))


def labelled_objects() -> list[bpy.types.Object]:
    """Every object in the file that carries labels of ours, linked ones left out."""
    return [o for o in bpy.data.objects if o.library is None and read(o) is not None]


def baked_objects(source: bpy.types.Object) -> list[bpy.types.Object]:
    """The frames that were baked from `source`; empty for an object that carries its own labels."""
    baked = (read(source) or {}).get("baked")
    collection = bpy.data.collections.get((baked["collection"], None)) if baked else None
    objects: Iterable[bpy.types.Object] = collection.objects if collection else ()
    return [o for o in objects if "baked_from" in (read(o) or {})]


def objects_of(mesh: bpy.types.Mesh) -> list[bpy.types.Object]:
    """The local objects that show `mesh`."""
    return [o for o in bpy.data.objects if o.data is mesh and o.library is None]


def local_object(name: str) -> bpy.types.Object | None:
    return bpy.data.objects.get((name, None))


def local_mesh(name: str) -> bpy.types.Mesh | None:
    return bpy.data.meshes.get((name, None))


def existing_object(name: str) -> bpy.types.Object:
    """The local object of that name, which is there. Raises KeyError otherwise."""
    ob = local_object(name)
    if ob is None:
        raise KeyError(name)
    return ob


def existing_mesh(name: str) -> bpy.types.Mesh:
    """The local mesh of that name, which is there. Raises KeyError otherwise."""
    mesh = local_mesh(name)
    if mesh is None:
        raise KeyError(name)
    return mesh


def active_of(mesh: bpy.types.Mesh) -> Active:
    """What is active in `mesh` now. Vertex groups are reached through an object, any will do."""
    attribute = mesh.attributes.active
    groups = _groups(mesh)
    group = groups.active if groups is not None else None
    return Active(
        color=mesh.color_attributes.active_color_name or "",
        render_color=mesh.color_attributes.default_color_name,
        attribute=attribute.name if attribute else "",
        group=group.name if group else "",
        group_index=(groups.active_index or 0) if groups is not None else 0,
    )


def without_ours(active: Active, ours: MeshRecord | None) -> Active:
    """`active`, with what was active earlier in place of anything `ours`."""
    if ours is None:
        return active
    own, before = set(ours.attributes), ours.before
    in_group = active.group in ours.groups
    return Active(
        color=before.color if active.color in own else active.color,
        render_color=before.render_color if active.render_color in own else active.render_color,
        attribute=before.attribute if active.attribute in own else active.attribute,
        group=before.group if in_group else active.group,
        group_index=before.group_index if in_group else active.group_index,
    )


def still_there(mesh: bpy.types.Mesh, wanted: Active, otherwise: Active) -> Active:
    """`wanted`, with `otherwise` in place of an attribute or group that `mesh` has no more."""
    groups = _groups(mesh)
    in_group = not wanted.group or (groups is not None and wanted.group in groups)

    def choose(name: str, other: str) -> str:
        return name if not name or name in mesh.attributes else other

    return Active(
        color=choose(wanted.color, otherwise.color),
        render_color=choose(wanted.render_color, otherwise.render_color),
        attribute=choose(wanted.attribute, otherwise.attribute),
        group=wanted.group if in_group else otherwise.group,
        group_index=wanted.group_index if in_group else otherwise.group_index,
    )


def activate(mesh: bpy.types.Mesh, active: Active) -> None:
    """Select what `active` names; a name that is gone leaves Blender's own choice."""
    colors = mesh.color_attributes
    if not active.color or active.color in colors:
        colors.active_color_name = active.color
    if not active.render_color or active.render_color in colors:
        colors.default_color_name = active.render_color
    if not active.attribute:
        mesh.attributes.active_index = -1
    elif active.attribute in mesh.attributes:
        mesh.attributes.active = mesh.attributes[active.attribute]
    groups = _groups(mesh)
    if groups is None:
        return
    if active.group in groups:
        groups.active_index = groups[active.group].index
    elif not active.group:
        groups.active_index = active.group_index


def _groups(mesh: bpy.types.Mesh) -> bpy.types.VertexGroups | None:
    users = objects_of(mesh)
    return users[0].vertex_groups if users else None
