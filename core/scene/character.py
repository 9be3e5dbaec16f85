# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user means by a character: which meshes carry its elements, which objects show it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import bpy

from ..errors import InputError
from . import compat
from .narrowing import mesh_of, scene_of, specific

FRAME_PROPERTY = "parts4d_frame"  # on a mesh object: it exists on this scene frame only

Kind = Literal["mesh", "rigged", "sequence"]


@dataclass(frozen=True)
class Character:
    """Mesh objects parsed together.

    `sources` own the elements: element order is their order, polygon by polygon. `roots` are put
    into the capture's scene: the same objects, or the empties that instance them.
    """

    name: str
    kind: Kind
    sources: tuple[bpy.types.Object, ...]  # by name, one per mesh datablock
    roots: tuple[bpy.types.Object, ...]
    warnings: tuple[str, ...] = ()

    @property
    def faces(self) -> int:
        """Polygons of all sources together."""
        return sum(len(mesh_of(o).polygons) for o in self.sources)

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames that a mesh sequence has meshes for; empty for other characters."""
        if self.kind != "sequence":
            return ()
        return tuple(sorted({int(o[FRAME_PROPERTY]) for o in self.sources}))


def find_character(name: str | None = None, scene: bpy.types.Scene | None = None) -> Character:
    """The character of that name: a mesh, an armature, an empty or a collection.

    An armature or empty stands for all render-visible meshes it deforms or carries; a collection
    for its meshes, those of child collections and of collection instances. Without a name: the
    scene's only character. Raises InputError when there is none, or several to choose from.
    """
    scene = scene or scene_of(bpy.context)
    if not name:
        name = _only_character(scene)
    target = bpy.data.objects.get((name, None)) or bpy.data.objects.get(name)
    if target is None:
        target = bpy.data.collections.get((name, None)) or bpy.data.collections.get(name)
    if target is None:
        raise InputError(
            f"There is no object or collection named '{name}'", _choices(scene) or "Check the name"
        )
    return _resolve(target, scene)


def candidates(scene: bpy.types.Scene) -> list[str]:
    """Names of what could be parsed: armatures with meshes, mesh sequences, meshes on their own."""
    shown = render_visible(scene)
    rigs: set[str] = set()
    sequences: set[str] = set()
    alone: set[str] = set()
    for obj in shown:
        if obj.type == "EMPTY" and _list_instanced(obj):
            alone.add(_rig_of(obj) or obj.name)
        if obj.type != "MESH" or not obj.data.polygons:
            continue
        if FRAME_PROPERTY in obj.keys():
            homes = [c.name for c in obj.users_collection if c is not scene.collection]
            sequences.add(homes[0] if homes else obj.name)
        elif rig := _rig_of(obj):
            rigs.add(rig)
        else:
            alone.add(obj.name)
    # Props of a scene (floor, backdrop) are seldom what is meant when somebody is rigged.
    return sorted(rigs | sequences) or sorted(alone)


def armature_of(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that deforms `obj`, or carries it as parent (directly or further up)."""
    for modifier in obj.modifiers:
        rig = modifier.object if isinstance(modifier, bpy.types.ArmatureModifier) else None
        if rig is not None and modifier.show_render:
            return rig
    parent = obj.parent
    while parent is not None:
        if parent.type == "ARMATURE":
            return parent
        parent = parent.parent
    return None


def render_visible(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """Objects of `scene` that a render would show, by name; keyed visibility counts as shown."""
    found: dict[str, bpy.types.Object] = {}

    def visit(layer: bpy.types.LayerCollection) -> None:
        if layer.exclude or layer.collection.hide_render:
            return
        for obj in layer.collection.objects:
            if not obj.hide_render or "hide_render" in compat.animated_paths(obj):
                found[obj.name_full] = obj
        for child in layer.children:
            visit(child)

    for view_layer in scene.view_layers:
        visit(view_layer.layer_collection)
    return [found[key] for key in sorted(found)]


def _resolve(target: bpy.types.Object | bpy.types.Collection, scene: bpy.types.Scene) -> Character:
    members = _members(target)
    if not members:
        raise InputError(f"'{target.name}' has no mesh", "Select a mesh or an armature with meshes")
    home = _home(members, scene)
    shown = {o.name_full for o in render_visible(home)}
    if isinstance(target, bpy.types.Object) and target.type == "MESH":
        members = [target]
    visible = [o for o in members if o.name_full in shown]
    if not visible:
        raise InputError(
            f"Everything of '{target.name}' is hidden from render",
            "Enable its camera icon in the Outliner",
        )
    warnings: list[str] = []
    sources: list[bpy.types.Object] = []
    roots: list[bpy.types.Object] = []
    for obj in visible:
        if obj.type == "MESH":
            sources.append(obj)
            roots.append(obj)
        elif instanced := _list_instanced(obj):
            sources.extend(o for o in instanced if o.type == "MESH")
            roots.append(obj)
        elif obj.type in {"CURVE", "SURFACE", "FONT", "META", "CURVES"}:
            warnings.append(
                f"'{obj.name}' is not a mesh and is left out; convert it to a mesh to label it"
            )
    sources += _instanced_by_modifiers(roots, home)
    sources = _one_per_mesh(sources, warnings)
    if not sources:
        raise InputError(f"'{target.name}' has no mesh", "Select a mesh or an armature with meshes")
    if all(FRAME_PROPERTY in o.keys() for o in sources):
        kind: Kind = "sequence"
    else:
        kind = "rigged" if any(armature_of(o) for o in (*sources, *roots)) else "mesh"
    warnings += _simulation_warnings(sources)
    roots.sort(key=lambda o: o.name_full)
    return Character(target.name, kind, tuple(sources), tuple(roots), tuple(warnings))


def _members(target: bpy.types.Object | bpy.types.Collection) -> list[bpy.types.Object]:
    """Meshes and instancing empties that a target stands for, visible or not, by name."""
    if isinstance(target, bpy.types.Collection):
        found = set(target.all_objects)
    elif target.type == "MESH":
        found = {target}
    else:
        found = {target, *target.children_recursive}
        rigs = {o for o in found if o.type == "ARMATURE"}
        for obj in bpy.data.objects:
            if obj.type == "MESH" and armature_of(obj) in rigs:
                found |= {obj, *obj.children_recursive}
    carrying = [o for o in found if o.type not in {"ARMATURE", "LIGHT", "CAMERA", "LATTICE"}]
    carrying = [o for o in carrying if o.type != "EMPTY" or _list_instanced(o)]
    return sorted(carrying, key=lambda o: o.name_full)


def _home(members: list[bpy.types.Object], scene: bpy.types.Scene) -> bpy.types.Scene:
    """The scene that shows the members: the given one where it has any of them."""
    own = {o.name_full for o in scene.objects}
    if any(o.name_full in own for o in members):
        return scene
    for obj in members:
        if obj.users_scene:
            return obj.users_scene[0]
    return scene


def _list_instanced(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """Objects that a collection instance shows, nested instances included."""
    if obj.instance_type != "COLLECTION" or obj.instance_collection is None:
        return []
    found = []
    for member in obj.instance_collection.all_objects:
        if member.hide_render or any(c.hide_render for c in member.users_collection):
            continue
        found += [member, *_list_instanced(member)]
    return found


def _instanced_by_modifiers(
    roots: list[bpy.types.Object], scene: bpy.types.Scene
) -> list[bpy.types.Object]:
    """Mesh objects that geometry nodes, vertices or faces of the roots instance."""
    instancing = {"VERTS", "FACES"}
    if not any(
        o.instance_type in instancing or any(m.type == "NODES" for m in o.modifiers) for o in roots
    ):
        return []
    names = {o.name_full for o in roots}
    depsgraph = scene.view_layers[0].depsgraph
    depsgraph.update()
    found: dict[str, bpy.types.Object] = {}
    for instance in depsgraph.object_instances:
        if instance.is_instance and instance.parent.original.name_full in names:
            original = specific(instance.object).original
            if original.type == "MESH" and original.name_full not in names:
                found[original.name_full] = original
    return list(found.values())


def _one_per_mesh(
    objects: Iterable[bpy.types.Object], warnings: list[str]
) -> list[bpy.types.Object]:
    """The first object (by name) of every mesh; the others share its elements and labels."""
    owners: dict[str, bpy.types.Object] = {}
    shared: dict[str, list[str]] = {}
    for obj in sorted({o.name_full: o for o in objects}.values(), key=lambda o: o.name_full):
        if obj.data.name_full in owners:
            shared.setdefault(obj.data.name_full, []).append(obj.name)
        else:
            owners[obj.data.name_full] = obj
    for mesh, others in shared.items():
        who = ", ".join(f"'{n}'" for n in [owners[mesh].name, *others][:4])
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        warnings.append(
            f"{who}{more} share the mesh '{owners[mesh].data.name}': they get the same labels"
        )
    return list(owners.values())


def _simulation_warnings(sources: Iterable[bpy.types.Object]) -> list[str]:
    """Simulations whose frames depend on the ones before, which a capture need not evaluate."""
    found = []
    for obj in sources:
        for modifier in obj.modifiers:
            cache = getattr(modifier, "point_cache", None)
            if cache is None or not modifier.show_render:
                continue
            which = f"The simulation '{modifier.name}' of '{obj.name}'"
            if not cache.is_baked:
                found.append(
                    f"{which} is not baked: its frames may be captured wrongly; bake it first"
                )
            elif not (cache.use_disk_cache or compat.HANDS_ON_BAKES):
                found.append(
                    f"{which} is baked into the file, which this Blender does not hand on: its "
                    "frames may be captured wrongly; turn on Disk Cache and bake it again"
                )
    return found


def _rig_of(obj: bpy.types.Object) -> str | None:
    rig = armature_of(obj)
    return rig.name if rig else None


def _only_character(scene: bpy.types.Scene) -> str:
    names = candidates(scene)
    if not names:
        raise InputError(
            "The scene has no mesh that renders", "Add a character or enable its camera icon"
        )
    if len(names) > 1:
        raise InputError(f"The scene has {len(names)} possible characters", _choices(scene))
    return names[0]


def _choices(scene: bpy.types.Scene) -> str:
    names = candidates(scene)
    if not names:
        return ""
    more = ", ..." if len(names) > 12 else ""
    return "Name one of: " + ", ".join(names[:12]) + more
