# SPDX-License-Identifier: GPL-3.0-or-later
"""Selecting a part: exact faces, select modes, several objects, the labels of the frame."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.scene.files.sequence import show_only_at
from core.scene.using import character_of, select_part
from core.scene.writeback import apply_labels, clear_labels
from tests.blender.writeback_scene import (
    changing,
    changing_job,
    differences,
    empty_scene,
    finished_job,
    finished_sequence,
    leave_edit_mode_once,
    mesh_state,
    random_labels,
    sphere,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def selected(ob, elements="polygons"):
    """(elements,) bool as Edit Mode has it."""
    ob.update_from_editmode()
    flags = np.empty(len(getattr(ob.data, elements)), bool)
    getattr(ob.data, elements).foreach_get("select", flags)
    return flags


def use(*mode):
    bpy.context.tool_settings.mesh_select_mode = mode


FACES, EDGES, VERTICES = (False, False, True), (False, True, False), (True, False, False)


def _labelled(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    use(*FACES)
    return ob, labels


def test_from_object_mode_it_enters_edit_mode_and_selects_exactly_the_part(tmp_path):
    ob, labels = _labelled(tmp_path)
    selection = select_part(ob, "jeans")
    assert ob.mode == "EDIT"
    assert (selected(ob) == (labels[1] == 1)).all()
    assert selection.faces == (labels[1] == 1).sum()
    assert selection.objects == ("Body",)


def test_the_labels_are_those_of_the_scene_frame(tmp_path):
    ob, labels = _labelled(tmp_path)
    for frame, held in ((5, 5), (4, 3), (9, 5), (0, 1)):
        bpy.context.scene.frame_set(frame)
        select_part(ob, "hair")
        assert (selected(ob) == (labels[held] == 2)).all()


def test_case_and_synonyms_name_the_part_and_nothing_names_what_is_unlabelled(tmp_path):
    ob, labels = _labelled(tmp_path)
    select_part(ob, "COAT")
    assert (selected(ob) == (labels[1] == 0)).all()
    select_part(ob, "")
    assert (selected(ob) == (labels[1] == -1)).all()


def test_extending_and_deselecting_act_on_what_is_selected(tmp_path):
    ob, labels = _labelled(tmp_path)
    select_part(ob, "jacket")
    select_part(ob, "hair", "ADD")
    assert (selected(ob) == np.isin(labels[1], (0, 2))).all()
    select_part(ob, "jacket", "REMOVE")
    assert (selected(ob) == (labels[1] == 2)).all()


@pytest.mark.parametrize("mode", [VERTICES, EDGES])
def test_vertices_and_edges_of_the_part_are_selected_in_their_modes(tmp_path, mode):
    ob, labels = _labelled(tmp_path)
    use(*mode)
    part = [p for p in ob.data.polygons if labels[1][p.index] == 0]
    corners = np.zeros(len(ob.data.vertices), bool)
    corners[[v for p in part for v in p.vertices]] = True
    keys = {k for p in part for k in p.edge_keys}
    borders = [e.key in keys for e in ob.data.edges]
    select_part(ob, "jacket")
    assert (selected(ob, "vertices") == corners).all()
    if mode == EDGES:
        assert (selected(ob, "edges") == borders).all()
    assert selected(ob)[labels[1] == 0].all()
    select_part(ob, "jacket", "REMOVE")
    assert not selected(ob, "vertices").any()


def test_hidden_faces_are_left_alone(tmp_path):
    ob, labels = _labelled(tmp_path)
    first = int(np.flatnonzero(labels[1] == 1)[0])
    ob.data.polygons[first].hide = True
    assert select_part(ob, "jeans").faces == (labels[1] == 1).sum() - 1
    assert not selected(ob)[first]


def test_all_visible_objects_of_the_character_and_no_others_are_edited(tmp_path):
    a, b, c, other = (sphere(n) for n in ("A", "B", "C", "Other"))
    faces = len(a.data.polygons)
    labels = changing(faces * 3, (1, 2), (2,))
    apply_labels(finished_job(tmp_path, [a, b, c], labels))
    c.hide_set(True)
    use(*FACES)
    selection = select_part(a, "jacket")
    assert [o.mode for o in (a, b, c, other)] == ["EDIT", "EDIT", "OBJECT", "OBJECT"]
    assert selection.faces == (labels[1][: faces * 2] == 0).sum()
    assert (selected(b) == (labels[1][faces : faces * 2] == 0)).all()
    assert not other.select_get()


def test_in_edit_mode_only_what_is_edited_is_selected(tmp_path):
    a, b = sphere("A"), sphere("B")
    labels = changing(len(a.data.polygons) * 2, (1, 2), (2,))
    apply_labels(finished_job(tmp_path, [a, b], labels))
    use(*FACES)
    a.select_set(False)
    bpy.context.view_layer.objects.active = b
    bpy.ops.object.mode_set(mode="EDIT")
    select_part(b, "jeans")
    assert (a.mode, b.mode) == ("OBJECT", "EDIT")
    assert (selected(b) == (labels[1][len(a.data.polygons) :] == 1)).all()


def test_the_armature_of_a_character_stands_for_it_also_in_pose_mode(tmp_path):
    ob, _ = _labelled(tmp_path)
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(rig)
    ob.modifiers.new("Armature", "ARMATURE").object = rig
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="POSE")
    assert [one.name for one in character_of(rig)] == ["Body"]
    select_part(rig, "hair")
    assert (ob.mode, rig.mode) == ("EDIT", "OBJECT")


def test_of_a_sequence_the_mesh_of_the_frame_is_selected(tmp_path):
    objects = {f: sphere(f"Scan {f}", 6 + f, 5 + f) for f in (1, 2, 3)}
    for frame, ob in objects.items():
        ob["parts4d_frame"] = frame
        show_only_at(ob, frame)
    labels = {f: random_labels(len(o.data.polygons), f) for f, o in objects.items()}
    apply_labels(
        finished_sequence(
            tmp_path, {f: [(o, len(o.data.polygons))] for f, o in objects.items()}, labels
        )
    )
    use(*FACES)
    bpy.context.scene.frame_set(2)
    assert select_part(objects[3], "jacket").objects == ("Scan 2",)
    assert (selected(objects[2]) == (labels[2] == 0)).all()


def test_faces_cut_in_edit_mode_still_belong_to_their_part(tmp_path):
    ob, labels = _labelled(tmp_path)
    corners = np.array([len(p.vertices) for p in ob.data.polygons])
    part = labels[1] == 0
    select_part(ob, "jacket")
    bpy.ops.mesh.inset(thickness=0.01, use_individual=True)
    select_part(ob, "jacket")
    assert selected(ob).sum() == part.sum() + corners[part].sum()


def test_what_cannot_be_selected_says_what_can(tmp_path):
    ob, _ = _labelled(tmp_path)
    with pytest.raises(InputError, match=r"no part called 'shoe'.*jacket, jeans, hair"):
        select_part(ob, "shoe")
    with pytest.raises(InputError, match="Other has no part labels"):
        select_part(sphere("Other"), "jacket")
    ob.hide_set(True)
    with pytest.raises(InputError, match="hidden"):
        select_part(ob, "jacket")
    ob.hide_set(False)
    ob.data.attributes.remove(ob.data.attributes["parts_label.0001"])
    with pytest.raises(InputError, match=r"lost its attribute 'parts_label.0001'"):
        select_part(ob, "jacket")
    assert ob.mode == "OBJECT"


def test_selecting_leaves_nothing_on_the_mesh(tmp_path):
    ob = sphere()
    for vertex in ob.data.vertices:
        vertex.select = True
    leave_edit_mode_once(ob)
    before = mesh_state(ob)
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files)
    use(*FACES)
    select_part(ob, "jacket")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.object.mode_set(mode="OBJECT")
    clear_labels([ob])
    after = mesh_state(ob)
    for state in (before, after):  # selections are attributes too
        state["attributes"] = [a for a in state["attributes"] if "select" not in a[0]]
    assert not differences(before, after)
