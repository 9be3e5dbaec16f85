# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier results step aside, under other names, until the new ones are complete."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import bpy

from . import attributes, vertex_groups
from . import ledger as registry
from .baked_frames import remove_baked, rename_baked
from .ledger import Active, MeshRecord
from .names import ASIDE
from .nodes import remove_modifier
from .transaction import Transaction


def stash_mesh(
    mesh: bpy.types.Mesh, written: Collection[str], steps: Transaction
) -> tuple[Active, Active]:
    """Free the names of what is on `mesh` and on the objects that show it.

    It goes, or comes back, with `steps`. Objects that are not in `written` lose their labels,
    for the mesh they show is about to get others. Returns what is active now and what was before
    there were any labels of ours.
    """
    record = registry.read_mesh(mesh)
    current = registry.active_of(mesh)
    steps.undo(_activate, mesh.name, current)
    steps.undo(_write_record, mesh.name, record)
    for ob in registry.objects_of(mesh):
        _stash_object(ob, ob.name in written, steps)
    if record is not None:
        _stash_record(mesh, record, steps)
    return current, registry.without_ours(current, record)


def _stash_record(mesh: bpy.types.Mesh, record: MeshRecord, steps: Transaction) -> None:
    name = mesh.name
    held = {a: f"{ASIDE}a{i}" for i, a in enumerate(record.attributes) if a in mesh.attributes}
    steps.undo(_rename_attributes, name, {new: old for old, new in held.items()})
    _rename_attributes(name, held)
    steps.finish(_remove_attributes, name, list(held.values()))
    user = registry.objects_of(mesh)[0]
    groups = {g: f"{ASIDE}g{i}" for i, g in enumerate(record.groups) if g in user.vertex_groups}
    steps.undo(_rename_groups, user.name, {new: old for old, new in groups.items()})
    _rename_groups(user.name, groups)
    steps.finish(_remove_groups, user.name, list(groups.values()))


def _stash_object(ob: bpy.types.Object, written: bool, steps: Transaction) -> None:
    document = registry.read(ob)
    if document is None:
        return
    name = ob.name
    steps.undo(_write_document, name, document)
    modifier = document.get("modifier", "")
    if modifier in ob.modifiers:
        aside = f"{ASIDE}{modifier}"
        steps.undo(_rename_modifier, name, aside, modifier)
        _rename_modifier(name, modifier, aside)
        steps.finish(_remove_modifier, name, aside)
    if document.get("overlay"):
        steps.finish(_remove_modifier, name, document["overlay"])
    if document.get("baked"):
        record = rename_baked(document["baked"], "", ASIDE)
        steps.undo(_restore_baked, record)
        steps.finish(remove_baked, name, record)
    if not written:
        steps.finish(_write_document, name, None)


def _restore_baked(record: dict[str, Any]) -> None:
    rename_baked(record, ASIDE, "")


def _activate(mesh: str, active: Active) -> None:
    registry.activate(registry.existing_mesh(mesh), active)


def _write_record(mesh: str, record: MeshRecord | None) -> None:
    registry.write_mesh(registry.existing_mesh(mesh), record)


def _rename_attributes(mesh: str, names: dict[str, str]) -> None:
    for old, new in names.items():
        registry.existing_mesh(mesh).attributes[old].name = new


def _remove_attributes(mesh: str, names: list[str]) -> None:
    attributes.remove(registry.existing_mesh(mesh), names)


def _rename_groups(user: str, names: dict[str, str]) -> None:
    for old, new in names.items():
        registry.existing_object(user).vertex_groups[old].name = new


def _remove_groups(user: str, names: list[str]) -> None:
    vertex_groups.remove(registry.existing_object(user), names)


def _rename_modifier(ob: str, old: str, new: str) -> None:
    registry.existing_object(ob).modifiers[old].name = new


def _remove_modifier(ob: str, name: str) -> None:
    remove_modifier(registry.existing_object(ob), name)


def _write_document(ob: str, document: dict[str, Any] | None) -> None:
    registry.write(registry.existing_object(ob), document)
