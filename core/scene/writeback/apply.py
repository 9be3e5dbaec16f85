# SPDX-License-Identifier: GPL-3.0-or-later
"""From label files to labelled meshes, all or nothing.

Check everything; set earlier results aside; attributes, vertex groups, switch, registry for each
mesh; bake what has no mesh of its own. Any exception takes every step back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import bpy

from ...job.label_files import LabelFiles, Result
from ...job.locations import describe_job
from ..narrowing import mesh_of
from . import attributes, vertex_groups
from . import ledger as registry
from .attributes import Corners, Painter, palette_of
from .baked_frames import bake_frames
from .kept_corrections import find_part, store_corrections
from .ledger import Active, MeshRecord
from .modes import object_mode
from .names import AttributeNames, attribute_names
from .nodes import remove_modifier
from .options import PARTS_VIEW, Overlay, WriteOptions, WriteReport
from .overlay import overlay_of, show_overlay
from .plan import BakeTarget, Labelling, MeshTarget, make_plan
from .stash import stash_mesh
from .switch_nodes import Switch, add_switch
from .transaction import Transaction

_DEFAULTS = WriteOptions()


@dataclass(frozen=True)
class _Order:
    """What is to be written, how, and from where."""

    result: Result
    options: WriteOptions
    job: Mapping[str, str]  # where it lies


@dataclass
class _Tally:
    """What the report will say."""

    objects: list[str] = field(default_factory=list)
    stored: int = 0
    attributes: int = 0
    groups: int = 0
    switched: list[str] = field(default_factory=list)
    baked: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def apply_labels(labels: LabelFiles, options: WriteOptions = _DEFAULTS) -> WriteReport:
    """Write the labels of a finished job onto the objects of the open file that it names.

    Labels of ours that are already there are replaced; corrections made on them stay, and an
    overlay that is on stays on, except that confidences give way to parts. Raises
    InputError (the scene is not the one that was parsed) or JobError (the files are damaged);
    after any exception the file is as it was before.
    """
    started = time.perf_counter()
    result = labels.read_result()
    order = _Order(result, options, describe_job(labels.job, bpy.data.filepath))
    tally = _Tally()
    with object_mode(_objects_concerned(result)):
        plan = make_plan(labels, options.every_frame)
        labels.require_same(result)
        overlaid = {o.name: v for o in registry.labelled_objects() if (v := overlay_of(o))}
        with Transaction() as steps:
            for target in plan.meshes:
                _write_mesh(target, order, steps, tally)
            for bake in plan.bakes:
                _write_baked(bake, order, steps, tally)
        shown = _restore_shown(overlaid, result)
        names = tally.objects if options.overlay else [n for n in tally.objects if n in shown]
        for view in dict.fromkeys([PARTS_VIEW, *shown.values()]):
            same = [n for n in names if shown.get(n, PARTS_VIEW) == view]
            show_overlay([bpy.data.objects[name] for name in same], True, view)
    return WriteReport(
        objects=tuple(tally.objects),
        frames=tuple(sorted(result.frames)),
        stored=tally.stored,
        attributes=tally.attributes,
        groups=tally.groups,
        switched=tuple(tally.switched),
        baked=tuple(tally.baked),
        warnings=(*plan.warnings, *tally.warnings),
        seconds=time.perf_counter() - started,
    )


def _objects_concerned(result: Result) -> list[bpy.types.Object]:
    """Every object that shows a mesh the result names, whether or not it is named itself."""
    captured = [*result.objects, *(o for run in result.frame_objects.values() for o in run)]
    named = [registry.local_object(name) for name in {o.name for o in captured}]
    found = [o for o in named if o is not None and o.type == "MESH"]
    found += [o for source in found for o in registry.baked_objects(source)]
    meshes = {o.data.name: mesh_of(o) for o in found}
    return [o for mesh in meshes.values() for o in registry.objects_of(mesh)]


def _restore_shown(overlaid: Mapping[str, Overlay], result: Result) -> dict[str, Overlay]:
    """What each object's overlay shows after newer labels than those it showed."""

    def still(view: Overlay) -> bool:
        known = not view.part or find_part(result.vocabulary, [view.part]) is not None
        return view.kind == "part" and known

    return {name: view if still(view) else PARTS_VIEW for name, view in overlaid.items()}


def _write_mesh(
    target: MeshTarget,
    order: _Order,
    steps: Transaction,
    tally: _Tally,
    baked: Mapping[str, Any] | None = None,
) -> None:
    options = order.options
    mesh = registry.existing_mesh(target.mesh)
    current, before = stash_mesh(mesh, target.variant_of, steps)
    user = registry.objects_of(mesh)[0]
    taken = [a.name for a in mesh.attributes] + [g.name for g in user.vertex_groups]
    names = attribute_names(taken, len(target.variants))
    stored = [_list_stored(names, i, v) for i, v in enumerate(target.variants)]
    wanted = [names, *(n for run in stored for n in run.values())]
    steps.undo(_remove_attributes, mesh.name, [x for n in wanted for x in (n.label, n.color)])
    made = attributes.create(mesh, wanted, options.color_domain)
    corners = Corners.of(mesh)
    palette = palette_of(order.result.vocabulary)
    _paint(Painter(mesh, corners, palette, options.color_domain), target, names, stored)
    groups: dict[str, str] = {}
    if options.vertex_groups:
        parts = [part.name for part in order.result.vocabulary]
        share = vertex_groups.shares(corners, target.variants, len(parts))
        steps.undo(_keep_groups, user.name, [g.name for g in user.vertex_groups])
        groups = vertex_groups.create(user, parts, share, taken + made)
    corrections = _store_corrections(target, steps)
    made += corrections.values()

    record = MeshRecord(tuple(made), tuple(groups.values()), before)
    registry.write_mesh(mesh, record)
    kept_active = registry.still_there(mesh, current, before)
    active = replace(kept_active, color=names.color, render_color=names.color)
    registry.activate(mesh, active)
    # Removing what stepped aside makes Blender choose others.
    steps.finish(_activate, mesh.name, active)
    for name, index in target.variant_of.items():
        document = _document(order, names, stored[index], groups)
        document |= baked or {"object": name}
        if name in corrections:
            document["corrections"] = target.corrections[name].to_json(corrections[name])
        switch = _switch(names, stored, index, options)
        if _write_object(name, document, switch if options.switch else None, steps):
            tally.switched.append(name)
        tally.objects.append(name)
    mesh.update_tag()
    tally.stored += sum(max(len(run), 1) for run in stored)
    tally.attributes += len(made)
    tally.groups += len(groups)


def _paint(
    painter: Painter,
    target: MeshTarget,
    names: AttributeNames,
    stored: Sequence[Mapping[int, AttributeNames]],
) -> None:
    painter.fill(names, target.variants[0].labels[0])
    for labelling, run in zip(target.variants, stored, strict=True):
        for frame, label in zip(labelling.frames, labelling.labels, strict=True):
            if frame in run:
                painter.fill(run[frame], label)


def _store_corrections(target: MeshTarget, steps: Transaction) -> dict[str, str]:
    """Object -> name of the attribute that its corrections lie in."""
    stored: dict[str, str] = {}
    for name, kept in target.corrections.items():
        stored[name] = store_corrections(registry.existing_object(name), kept)
        steps.undo(_remove_attributes, target.mesh, [stored[name]])
    return stored


def _write_object(
    name: str, document: dict[str, Any], switch: Switch | None, steps: Transaction
) -> bool:
    """Records the labels on an object; whether a modifier switches them by the frame."""
    steps.undo(_remove_property, name)
    ob = registry.existing_object(name)
    switches = switch is not None and bool(switch.frames)
    if switch is not None and switches:
        steps.undo(_remove_new_modifiers, name, [m.name for m in ob.modifiers])
        document["modifier"] = add_switch(ob, switch)
    registry.write(ob, document)
    return switches


def _write_baked(bake: BakeTarget, order: _Order, steps: Transaction, tally: _Tally) -> None:
    source = registry.existing_object(bake.object)
    earlier = (registry.read(source) or {}).get("baked")
    mesh = mesh_of(source)
    current, before = stash_mesh(mesh, [bake.object], steps)
    registry.write_mesh(mesh, None)
    registry.activate(mesh, registry.still_there(mesh, current, before))
    baked = bake_frames(bake, earlier, steps)
    tally.baked.append(baked.collection)
    tally.warnings += baked.warnings
    for target in baked.meshes:
        frame = target.variants[0].frames[0]
        origin = {"object": bake.object, "baked_from": bake.object, "frame": frame}
        _write_mesh(target, order, steps, tally, origin)
    document = _document(order, attribute_names([], 1), {}, {})
    document["object"] = bake.object
    document["baked"] = baked.record
    steps.undo(_remove_property, bake.object)
    registry.write(source, document)


def _list_stored(
    names: AttributeNames, index: int, labelling: Labelling
) -> dict[int, AttributeNames]:
    """Frame -> names of what is stored beside the plain ones, which hold the first labelling.

    Nothing where labels never change, except for a further object that shows the same mesh: the
    plain names are the first object's.
    """
    if not labelling.changes and index == 0:
        return {}
    return {frame: names.variant(index).at(frame) for frame in labelling.frames}


def _switch(
    names: AttributeNames,
    stored: Sequence[Mapping[int, AttributeNames]],
    index: int,
    options: WriteOptions,
) -> Switch:
    variants = [names.variant(i) for i, run in enumerate(stored) if run]
    return Switch(
        source=names.variant(index),
        target=names,
        hidden=tuple(base for v in variants for base in (v.label, v.color)),
        frames=tuple(stored[index]),
        color_domain=options.color_domain,
    )


def _document(
    order: _Order,
    names: AttributeNames,
    stored: Mapping[int, AttributeNames],
    groups: Mapping[str, str],
) -> dict[str, Any]:
    """What an object says about its labels; see `registry`."""
    result = order.result
    return {
        "character": result.character,
        "vocabulary": [asdict(part) for part in result.vocabulary],
        "frames": list(result.frames),
        "topology": result.topology,
        "backends": dict(result.backends),
        "versions": dict(result.versions),
        **order.job,
        "options": order.options.to_json(),
        "attributes": asdict(names),
        "stored": {str(frame): asdict(at) for frame, at in stored.items()},
        "groups": dict(groups),
        "modifier": "",
        "overlay": "",
        "view": {},
    }


def _activate(mesh: str, active: Active) -> None:
    registry.activate(registry.existing_mesh(mesh), active)


def _remove_attributes(mesh: str, names: list[str]) -> None:
    attributes.remove(registry.existing_mesh(mesh), names)


def _keep_groups(user: str, names: list[str]) -> None:
    ob = registry.existing_object(user)
    vertex_groups.remove(ob, [g.name for g in ob.vertex_groups if g.name not in names])


def _remove_new_modifiers(name: str, earlier: list[str]) -> None:
    ob = registry.existing_object(name)
    for modifier in [m.name for m in ob.modifiers if m.name not in earlier]:
        remove_modifier(ob, modifier)


def _remove_property(name: str) -> None:
    registry.write(registry.existing_object(name), None)
