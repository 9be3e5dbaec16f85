# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking labels off again: what the registry lists and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy

from ..narrowing import mesh_of
from . import attributes, vertex_groups
from . import ledger as registry
from .baked_frames import remove_baked
from .modes import object_mode
from .nodes import remove_modifier
from .options import ClearReport
from .overlay import update_shading


def clear_labels(objects: Iterable[bpy.types.Object]) -> ClearReport:
    """Remove everything Parts4D wrote to `objects`; those without labels are passed over.

    Attributes and vertex groups of a shared mesh go with the last labelled object that shows it.
    A baked frame stands for the object it was baked from. What was active before is active again,
    unless something else was chosen meanwhile. Raises InputError for an object that cannot leave
    its mode.
    """
    chosen = _choose(objects)
    sharing = {o.name for c in chosen for o in registry.objects_of(mesh_of(c))}
    with object_mode(bpy.data.objects[name] for name in sharing):
        return _clear([o.name for o in chosen])


def _clear(names: Sequence[str]) -> ClearReport:
    attribute_count = group_count = modifiers = collections = 0
    for name in names:
        modifiers += remove_from_object(name)
        baked = (registry.read(registry.existing_object(name)) or {}).get("baked")
        collections += remove_baked(name, baked) if baked else 0
        registry.write(registry.existing_object(name), None)
    for mesh in {mesh_of(registry.existing_object(name)) for name in names}:
        if not any(registry.read(o) for o in registry.objects_of(mesh)):
            removed = remove_from_mesh(mesh)
            attribute_count += removed[0]
            group_count += removed[1]
        mesh.update_tag()
    update_shading()
    return ClearReport(tuple(names), attribute_count, group_count, modifiers, collections)


def remove_from_object(name: str) -> int:
    """Take our modifiers off an object; returns how many there were."""
    ob = registry.existing_object(name)
    document = registry.read(ob) or {}
    ours = [document.get(key) for key in ("modifier", "overlay")]
    return sum(remove_modifier(ob, modifier) for modifier in ours if modifier)


def remove_from_mesh(mesh: bpy.types.Mesh) -> tuple[int, int]:
    """Take attributes and groups off a mesh; returns how many of each there were."""
    record = registry.read_mesh(mesh)
    if record is None:
        return 0, 0
    active = registry.without_ours(registry.active_of(mesh), record)
    groups = 0
    if users := registry.objects_of(mesh):
        groups = vertex_groups.remove(users[0], record.groups)
    removed = attributes.remove(mesh, record.attributes)
    registry.activate(mesh, active)
    registry.write_mesh(mesh, None)
    return removed, groups


def _choose(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """The labelled ones, each once; the source in place of its baked frames."""
    chosen: dict[str, bpy.types.Object] = {}
    for ob in objects:
        document = registry.read(ob) if ob.library is None else None
        if document is not None and (source := document.get("baked_from")):
            ob = registry.local_object(source) or ob
        if document is not None:
            chosen[ob.name] = ob
    return list(chosen.values())
