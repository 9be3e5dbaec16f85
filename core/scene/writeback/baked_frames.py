# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of a changing topology as meshes of their own, in a collection that plays them.

Where a modifier makes another mesh in every frame (Remesh, mesh caches), labels have no lasting
mesh to live on. Each parsed frame's evaluated mesh becomes an object, shown from its frame until
the next; the object it came from is hidden meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy

from ...errors import InputError
from ..compat import action_fcurves, animated_paths
from ..narrowing import specific
from . import attributes, vertex_groups
from . import ledger as registry
from .names import ASIDE, cut
from .nodes import remove_modifier
from .plan import BakeTarget, Labelling, MeshTarget
from .transaction import Transaction

_NAME_BYTES = 50  # of the object's name: the rest of Blender's 63 is for what is appended


@dataclass(frozen=True)
class Baked:
    collection: str
    meshes: list[MeshTarget]
    record: dict[str, Any]  # what `remove_baked` needs
    warnings: tuple[str, ...]


def bake_frames(target: BakeTarget, earlier: dict[str, Any] | None, steps: Transaction) -> Baked:
    """Make the collection; `earlier` is the record of one that is being replaced.

    Raises InputError when the object cannot be evaluated here or is not what was parsed.
    """
    ob = registry.existing_object(target.object)
    scene, layer = bpy.context.scene, bpy.context.view_layer
    if ob.name not in layer.objects:
        raise InputError(
            f"{ob.name} is not in the current view layer",
            "Switch to its scene and un-exclude its collection, then apply again",
        )
    hidden = (ob.hide_viewport, ob.hide_render)
    record = {"hide_viewport": hidden[0], "hide_render": hidden[1], **(earlier or {})}
    now = scene.frame_current, scene.frame_subframe
    collection = bpy.data.collections.new(f"{cut(ob.name, _NAME_BYTES)} parts")
    record["collection"] = collection.name
    steps.undo(_remove_collection, collection.name)
    steps.undo(_hide, ob.name, *hidden)
    scene.collection.children.link(collection)
    meshes = []
    try:
        ob.hide_viewport = False
        frames = sorted(target.labels)
        for i, frame in enumerate(frames):
            scene.frame_set(frame)
            until = frames[i + 1] if i + 1 < len(frames) else None
            baked = _bake(ob, collection, frame, len(target.labels[frame]))
            _key_visibility(baked, frame, until, first=i == 0)
            labelling = Labelling([frame], [target.labels[frame]], [1])
            mesh = MeshTarget(baked.data.name, [labelling], {baked.name: 0})
            if frame in target.corrections:
                mesh.corrections[baked.name] = target.corrections[frame]
            meshes.append(mesh)
    finally:
        scene.frame_set(now[0], subframe=now[1])
    _hide(ob.name, True, True)
    warnings: tuple[str, ...] = ()
    if animated_paths(ob) & {"hide_viewport", "hide_render"}:
        warnings = (
            f"The visibility of {ob.name} is animated, so it may show beside its baked frames",
        )
    return Baked(collection.name, meshes, record, warnings)


def remove_baked(name: str, record: dict[str, Any]) -> int:
    """Remove the frames baked from object `name`; returns 1.

    The object is shown again as it was, unless newer frames have taken their place.
    """
    _remove_collection(record["collection"])
    current = (registry.read(registry.existing_object(name)) or {}).get("baked")
    if not current or current["collection"] == record["collection"]:
        _hide(name, record["hide_viewport"], record["hide_render"])
    return 1


def rename_baked(record: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """Give frames and collection names that begin with `new` instead of `old`."""
    collection = bpy.data.collections.get((record["collection"], None))
    if collection is None:
        return record
    for ob in collection.objects:
        ob.name = new + ob.name.removeprefix(old)
        ob.data.name = new + ob.data.name.removeprefix(old)
    collection.name = new + collection.name.removeprefix(old)
    return {**record, "collection": collection.name}


def _bake(
    ob: bpy.types.Object, collection: bpy.types.Collection, frame: int, faces: int
) -> bpy.types.Object:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    evaluated = ob.evaluated_get(depsgraph)
    mesh = bpy.data.meshes.new_from_object(
        evaluated, preserve_all_data_layers=True, depsgraph=depsgraph
    )
    mesh.name = f"{cut(ob.name, _NAME_BYTES)} {frame:04d}"
    baked = bpy.data.objects.new(mesh.name, mesh)
    collection.objects.link(baked)
    baked.matrix_world = evaluated.matrix_world
    baked.color = ob.color
    for slot, original in zip(baked.material_slots, ob.material_slots, strict=False):
        if original.link == "OBJECT":
            slot.link, slot.material = "OBJECT", original.material
    # What an earlier run left on the object's own mesh came along.
    attributes.remove(mesh, [a.name for a in mesh.attributes if a.name.startswith(ASIDE)])
    vertex_groups.remove(baked, [g.name for g in baked.vertex_groups if g.name.startswith(ASIDE)])
    registry.write(mesh, None)
    registry.write(baked, {"baked_from": ob.name})
    if len(mesh.polygons) != faces:
        raise InputError(
            f"{ob.name} has changed since it was parsed: in frame {frame} it has "
            f"{len(mesh.polygons)} faces, but labels for {faces}",
            "Parse again",
        )
    return baked


def _key_visibility(ob: bpy.types.Object, frame: int, until: int | None, first: bool) -> None:
    """Shown from `frame` up to `until`; the first also before, the last (None) ever after."""
    keys = {frame: False}
    if not first:
        keys[frame - 1] = True
    if until is not None:
        keys[until] = True
    for path in ("hide_viewport", "hide_render"):
        for at, hidden in sorted(keys.items()):
            setattr(ob, path, hidden)
            ob.keyframe_insert(path, frame=at)
    for curve in action_fcurves(specific(ob.animation_data).action):
        for key in curve.keyframe_points:
            key.interpolation = "CONSTANT"


def _hide(name: str, viewport: bool, render: bool) -> None:
    ob = registry.existing_object(name)
    ob.hide_viewport, ob.hide_render = viewport, render


def _remove_collection(name: str) -> None:
    collection = bpy.data.collections.get((name, None))
    if collection is None:
        return
    for ob in list(collection.objects):
        if "baked_from" not in (registry.read(ob) or {}):  # the user's own, put there since
            if len(ob.users_collection) == 1:
                bpy.context.scene.collection.objects.link(ob)
            continue
        action = ob.animation_data.action if ob.animation_data else None
        mesh = ob.data
        for modifier in [m.name for m in ob.modifiers]:
            remove_modifier(ob, modifier)
        bpy.data.objects.remove(ob)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)
        if action is not None and not action.users:
            bpy.data.actions.remove(action)
    bpy.data.collections.remove(collection)
