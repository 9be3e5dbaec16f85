# SPDX-License-Identifier: GPL-3.0-or-later
"""The character changes while its job runs, and what undo and redo make of labels."""

from __future__ import annotations

import bmesh
import bpy

from tests.gui.scenarios.session import (
    all_jobs_ended,
    job,
    label_counts,
    labelled,
    let_go,
    note,
    open_hero,
    parse,
    parse_and_hold,
)
from tests.gui.stage import SETTLE, Stage, Steps, mesh_of, specific, until

_APPLY = "parts4d.apply_labels(directory=*"


def deleted(stage: Stage, blend: str) -> Steps:
    """Deletes the character, tries to apply anyway, undoes the deletion and applies."""
    yield from open_hero(stage, blend)
    yield from parse_and_hold(stage)
    with stage.override():
        bpy.ops.object.select_all(action="SELECT")
        bpy.ops.object.delete("EXEC_DEFAULT", True)
    let_go()
    yield all_jobs_ended()
    yield 1.0
    _report(stage, "deleted")
    yield from stage.screenshot("1-deleted")
    yield from stage.click_button(_APPLY)
    yield 1.0
    _report(stage, "in vain")
    yield from stage.screenshot("2-in-vain")
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True)
    yield until(lambda: "hero" in bpy.data.objects, "the character", 10)
    yield from stage.click_button(_APPLY)
    yield until(labelled, "labels", 30)
    yield 1.0
    _report(stage, "applied")
    yield from stage.screenshot("3-applied")


def edited(stage: Stage, blend: str) -> Steps:
    """Deletes faces while a job runs, and is still in Edit Mode when it ends."""
    yield from open_hero(stage, blend)
    yield from parse_and_hold(stage)
    body = bpy.data.objects["body"]
    bpy.context.view_layer.objects.active = body
    with stage.override():
        bpy.ops.object.mode_set("EXEC_DEFAULT", True, mode="EDIT")
    _delete_edited_faces(mesh_of(body), 10)
    stage.undo_step()
    let_go()
    yield all_jobs_ended()
    yield 1.0
    _report(stage, "in Edit Mode")
    yield from stage.screenshot("1-in-edit-mode")
    with stage.override():
        bpy.ops.object.mode_set("EXEC_DEFAULT", True, mode="OBJECT")
    yield from stage.click_button(_APPLY)
    yield 1.0
    _report(stage, "in vain")
    yield from stage.screenshot("2-in-vain")


def undone(stage: Stage, blend: str) -> Steps:
    """Undoes a movement while a job runs, and then, while another does, faces it was begun with."""
    yield from open_hero(stage, blend)
    bpy.data.objects["hero"].location.x = 1.0
    stage.undo_step()
    yield from parse_and_hold(stage)
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True)
    stage.report("moved back", x=bpy.data.objects["hero"].location.x)
    let_go()
    yield all_jobs_ended()
    yield 1.0
    _report(stage, "movement undone")

    with stage.override():
        specific(bpy.ops).parts4d.clear_labels("EXEC_DEFAULT", True)
    _subdivide("shirt")
    stage.undo_step()
    yield SETTLE
    yield from parse_and_hold(stage)
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True)
    let_go()
    yield all_jobs_ended()
    yield 1.0
    _report(stage, "faces undone")
    yield from stage.screenshot("1-faces-undone")
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True, shift=True)
    yield from stage.click_button(_APPLY)
    yield until(labelled, "labels", 30)
    yield 1.0
    _report(stage, "faces redone")
    yield from stage.screenshot("2-applied")


def undo_and_redo(stage: Stage, blend: str) -> Steps:
    """Back and forth over labels, a correction, and their removal."""
    yield from open_hero(stage, blend)
    yield from parse(stage)
    yield from _back_and_forth(stage, "applying")

    bpy.context.view_layer.objects.active = bpy.data.objects["body"]
    with stage.override():
        specific(bpy.ops).parts4d.select_part("EXEC_DEFAULT", True, part="head")
        specific(bpy.ops).parts4d.correct_part("EXEC_DEFAULT", True, part="shirt")
    yield 1.0
    yield from _back_and_forth(stage, "correcting")
    with stage.override():
        bpy.ops.object.mode_set("EXEC_DEFAULT", True, mode="OBJECT")
        specific(bpy.ops).parts4d.clear_labels("EXEC_DEFAULT", True)
    yield 1.0
    yield from _back_and_forth(stage, "clearing")


def _back_and_forth(stage: Stage, what: str) -> Steps:
    """Ctrl Z and Ctrl Shift Z, with a look at the labels before, between and after."""
    yield from stage.move_to_viewport()
    seen = [_labels()]
    for shift in (False, True):
        yield from stage.press("Z", ctrl=True, shift=shift)
        yield 0.5
        seen.append(_labels())
    stage.report(what, labels=seen)
    yield from stage.screenshot(what)


def _labels() -> dict[str, object]:
    return {"objects": labelled(), "body": label_counts("body")}


def _report(stage: Stage, event: str) -> None:
    meshes = {o.name: label_counts(o.name) for o in bpy.data.objects if o.type == "MESH"}
    stage.report(event, phase=job().phase, note=note(), labelled=labelled(), labels=meshes)


def _delete_edited_faces(mesh: bpy.types.Mesh, count: int) -> None:
    found = bmesh.from_edit_mesh(mesh)
    bmesh.ops.delete(found, geom=list(found.faces)[:count], context="FACES")
    bmesh.update_edit_mesh(mesh)


def _subdivide(name: str) -> None:
    mesh = mesh_of(bpy.data.objects[name])
    found = bmesh.new()
    found.from_mesh(mesh)
    bmesh.ops.subdivide_edges(found, edges=list(found.edges), cuts=1, use_grid_fill=True)
    found.to_mesh(mesh)
    found.free()
    mesh.update()
