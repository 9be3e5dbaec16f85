# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrections: exact on everything labels are stored in, kept over re-runs, gone when cleared."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

import bmesh

from core.errors import InputError
from core.job.label_files import LabelledPart
from core.scene.compat import action_fcurves
from core.scene.using import (
    correct_part,
    face_sets_from_parts,
    forget_corrections,
    select_part,
    show_confidence,
)
from core.scene.using.topology import write_selection
from core.scene.writeback import WriteOptions, apply_labels, clear_labels
from tests.blender.test_writeback_sequence import _remeshed, _remeshed_job
from tests.blender.writeback_scene import (
    PARTS,
    changing,
    changing_job,
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    file_state,
    finished_job,
    mesh_state,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


CHOSEN = [3, 4, 5, 17, 40]


def choose(ob, faces=CHOSEN):
    """Select faces as Edit Mode would leave them, in Object Mode."""
    chosen = np.zeros(len(ob.data.polygons), bool)
    chosen[list(faces)] = True
    write_selection(ob.data, "POINT", np.zeros(len(ob.data.vertices), bool))
    write_selection(ob.data, "EDGE", np.zeros(len(ob.data.edges), bool))
    write_selection(ob.data, "FACE", chosen)


def corrected(label, part, faces=CHOSEN):
    label = label.copy()
    label[list(faces)] = part
    return label


def _labelled(tmp_path, options=None):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files, options or WriteOptions())
    return ob, files, labels


def weights(ob):
    """group name -> (vertices,) weights."""
    table = {g.name: np.zeros(len(ob.data.vertices)) for g in ob.vertex_groups}
    for v in ob.data.vertices:
        for g in v.groups:
            table[ob.vertex_groups[g.group].name][v.index] = g.weight
    return table


@pytest.mark.parametrize("domain", ["CORNER", "POINT"])
@pytest.mark.parametrize("part", ["hair", ""])
def test_a_correction_writes_what_applying_such_labels_would(tmp_path, domain, part):
    options = WriteOptions(color_domain=domain)
    ob, _, labels = _labelled(tmp_path / "a", options)
    choose(ob)
    done = correct_part([ob], part)
    assert (done.faces, done.objects) == (5, ("Body",))
    index = 2 if part else -1
    wanted = sphere("Wanted")
    files = finished_job(
        tmp_path / "b", [wanted], {f: corrected(label, index) for f, label in labels.items()}
    )
    apply_labels(files, options)
    for name in ("parts_label", "parts_label.0001", "parts_label.0003", "parts_label.0005"):
        assert (values(ob.data, name) == values(wanted.data, name)).all()
    for name in ("parts", "parts.0001", "parts.0003", "parts.0005"):
        assert (values(ob.data, name) == values(wanted.data, name)).all()
    for name, weight in weights(wanted).items():
        assert np.allclose(weights(ob)[name], weight, atol=1e-6)
    assert (values(evaluated(ob, 5), "parts_label") == corrected(labels[5], index)).all()


def test_in_edit_mode_the_selected_faces_are_corrected_and_edit_mode_stays(tmp_path):
    ob, _, labels = _labelled(tmp_path)
    bpy.context.tool_settings.mesh_select_mode = (False, False, True)
    bpy.context.scene.frame_set(3)
    select_part(ob, "jacket")
    correct_part([ob], "jeans")
    assert ob.mode == "EDIT"
    bpy.ops.object.mode_set(mode="OBJECT")
    faces = np.flatnonzero(labels[3] == 0)
    for frame in (1, 3, 5):
        found = values(ob.data, f"parts_label.{frame:04d}")
        assert (found == corrected(labels[frame], 1, faces)).all()


def test_weights_painted_elsewhere_are_left_alone(tmp_path):
    ob, _, _ = _labelled(tmp_path)
    choose(ob, [0])
    near = set(ob.data.polygons[0].vertices)
    far = next(v.index for v in ob.data.vertices if v.index not in near)
    ob.vertex_groups["part:hair"].add([far], 0.123, "REPLACE")
    correct_part([ob], "hair")
    assert weights(ob)["part:hair"][far] == pytest.approx(0.123)


def test_a_part_that_was_nowhere_gets_its_group(tmp_path):
    ob = sphere()
    faces = len(ob.data.polygons)
    before = mesh_state(ob)
    apply_labels(finished_job(tmp_path, [ob], {1: np.zeros(faces, np.int16)}))
    assert ob.vertex_groups.keys() == ["part:jacket"]
    choose(ob)
    correct_part([ob], "hair")
    assert ob.vertex_groups.keys() == ["part:jacket", "part:hair"]
    assert (values(ob.data, "parts_label") == corrected(np.zeros(faces, np.int16), 2)).all()
    clear_labels([ob])
    choose(ob, range(faces))
    after = mesh_state(ob)
    for state in (before, after):
        state["attributes"] = [a for a in state["attributes"] if "select" not in a[0]]
    assert not differences(before, after)


def test_without_vertex_groups_none_are_made(tmp_path):
    ob, _, _ = _labelled(tmp_path, WriteOptions(vertex_groups=False))
    choose(ob)
    correct_part([ob], "hair")
    assert not ob.vertex_groups


def test_corrections_stay_when_labels_are_applied_again(tmp_path):
    ob, files, _ = _labelled(tmp_path / "a")
    choose(ob)
    correct_part([ob], "Coat")
    choose(ob, [5, 6])
    correct_part([ob], "")
    once = mesh_state(ob)
    apply_labels(files)
    again = mesh_state(ob)
    # Weights are the same; groups are made anew.
    assert not differences({k: v for k, v in once.items() if k not in _UNORDERED}, again)
    other, labels = changing_job(tmp_path / "b", ob, frames=(1, 2), changes=(2,))
    report = apply_labels(other)
    assert report.warnings == ()
    for frame in (1, 2):
        expected = corrected(corrected(labels[frame], 0), -1, [5, 6])
        mesh = evaluated(ob, frame)
        assert (values(mesh, "parts_label") == expected).all()
        assert (values(mesh, "parts") == corner_colors(mesh, expected)).all()


_UNORDERED = ("attributes", "weights", "properties", "groups")


def test_corrections_go_by_name_in_another_vocabulary_and_wait_when_it_is_missing(tmp_path):
    ob, files, labels = _labelled(tmp_path / "a")
    choose(ob, [1, 2])
    correct_part([ob], "jacket")
    choose(ob, [8, 9])
    correct_part([ob], "hair")
    # jacket was also called coat; hair is no part any more
    parts = (PARTS[1], LabelledPart("Coat", (0.1, 0.1, 0.1)))
    label = np.zeros(len(ob.data.polygons), np.int16)
    report = apply_labels(finished_job(tmp_path / "b", [ob], {1: label}, parts))
    assert [w for w in report.warnings if "Body was corrected to hair" in w]
    assert (values(ob.data, "parts_label") == corrected(label, 1, [1, 2])).all()
    report = apply_labels(files)
    assert report.warnings == ()
    expected = corrected(corrected(labels[1], 0, [1, 2]), 2, [8, 9])
    assert (values(ob.data, "parts_label.0001") == expected).all()


def test_clearing_takes_corrections_along_and_restores_exactly(tmp_path):
    ob = sphere()
    mesh = ob.data
    mesh.attributes.new("parts_corrected", "FLOAT", "POINT")  # the user's own
    mesh.attributes.active = mesh.attributes["parts_corrected"]
    ob.vertex_groups.new(name="Bone").add([1, 2], 0.5, "REPLACE")
    choose(ob)
    before, file_before = mesh_state(ob), file_state()
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files)
    correct_part([ob], "hair")
    assert json.loads(ob["parts4d"])["corrections"]["attribute"] == "parts_corrected_p4d"
    apply_labels(files)
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())
    apply_labels(files)
    assert "corrections" not in json.loads(ob["parts4d"])


def test_forgetting_shows_the_labels_as_parsed(tmp_path):
    options = WriteOptions(color_domain="POINT", every_frame=True)
    ob, _, _ = _labelled(tmp_path, options)
    fresh = mesh_state(ob)
    choose(ob)
    correct_part([ob], "hair")
    choose(ob, range(len(ob.data.polygons)))
    forgotten = forget_corrections(ob)
    assert (forgotten.faces, forgotten.objects, forgotten.kept_labels) == (5, ("Body",), "")
    after = mesh_state(ob)
    for state in (fresh, after):
        state["attributes"] = [a for a in state["attributes"] if "select" not in a[0]]
    assert not differences(fresh, after)
    with pytest.raises(InputError, match="Nothing was corrected"):
        forget_corrections(ob)


def test_forgetting_without_the_job_folder_says_that_the_labels_stay(tmp_path):
    ob, _, labels = _labelled(tmp_path / "a")
    choose(ob)
    correct_part([ob], "hair")
    shutil.rmtree(tmp_path / "a")
    assert "missing" in forget_corrections(ob).kept_labels
    assert (values(ob.data, "parts_label") == corrected(labels[1], 2)).all()
    other, labels = changing_job(tmp_path / "b", ob)
    apply_labels(other)
    assert (values(ob.data, "parts_label") == labels[1]).all()


def test_objects_of_one_mesh_with_labels_of_their_own_are_corrected_apart(tmp_path):
    left = sphere("Left shoe")
    right = bpy.data.objects.new("Right shoe", left.data)
    bpy.context.collection.objects.link(right)
    faces = len(left.data.polygons)
    labels = changing(faces * 2, (1, 2), (2,))
    files = finished_job(tmp_path, [left, right], labels)
    apply_labels(files)
    for _ in range(2):
        choose(left)
        correct_part([right], "hair")
        for frame in (1, 2):
            expected = labels[frame][:faces]
            assert (values(evaluated(left, frame), "parts_label") == expected).all()
            expected = corrected(labels[frame][faces:], 2)
            assert (values(evaluated(right, frame), "parts_label") == expected).all()
        apply_labels(files)


def test_objects_that_share_labels_share_corrections(tmp_path):
    a = sphere()
    b = bpy.data.objects.new("Copy", a.data)
    bpy.context.collection.objects.link(b)
    labels = {f: np.tile(v, 2) for f, v in changing(48, (1, 2), (2,)).items()}
    files = finished_job(tmp_path, [a, b], labels)
    apply_labels(files)
    choose(a)
    correct_part([a], "hair")
    for _ in range(2):
        for ob in (a, b):
            for frame in (1, 2):
                expected = corrected(labels[frame][:48], 2)
                assert (values(evaluated(ob, frame), "parts_label") == expected).all()
        apply_labels(files)


def test_a_correction_of_a_baked_frame_survives_baking_again(tmp_path):
    ob = _remeshed()
    files, labels = _remeshed_job(tmp_path / "a", ob)
    bpy.context.scene.frame_set(1)
    apply_labels(files)
    choose(bpy.data.objects["Clay 0003"])
    correct_part([bpy.data.objects["Clay 0003"]], "hair")
    for _ in range(2):
        apply_labels(files)
        found = values(bpy.data.objects["Clay 0003"].data, "parts_label")
        assert (found == corrected(labels[3], 2)).all()
        assert (values(bpy.data.objects["Clay 0005"].data, "parts_label") == labels[5]).all()


def test_a_baked_frame_with_other_faces_loses_its_corrections_and_says_so(tmp_path):
    ob = _remeshed()
    [curve] = action_fcurves(ob.animation_data.action)
    curve.keyframe_points[1].co.y = 0.35
    other, labels = _remeshed_job(tmp_path / "b", ob)
    curve.keyframe_points[1].co.y = 0.3
    files, _ = _remeshed_job(tmp_path / "a", ob)
    apply_labels(files)
    choose(bpy.data.objects["Clay 0003"])
    correct_part([bpy.data.objects["Clay 0003"]], "hair")
    curve.keyframe_points[1].co.y = 0.35
    report = apply_labels(other)
    assert [w for w in report.warnings if "Corrections of Clay in frames 3 are lost" in w]
    assert (values(bpy.data.objects["Clay 0003"].data, "parts_label") == labels[3]).all()


def test_what_is_active_on_the_mesh_stays_active(tmp_path):
    ob = sphere()
    for mode in ("EDIT", "OBJECT"):  # lets Blender 5.0 add what it keeps of UV selection
        bpy.ops.object.mode_set(mode=mode)
    for name in (".select_vert", ".select_edge", ".select_poly"):
        if name in ob.data.attributes:
            ob.data.attributes.remove(ob.data.attributes[name])
    ob.vertex_groups.new(name="Bone")
    ob.data.attributes.active = ob.data.attributes["UVMap"]
    apply_labels(finished_job(tmp_path, [ob], {1: np.zeros(48, np.int16)}))
    ob.vertex_groups.active_index = 0
    bpy.context.tool_settings.mesh_select_mode = (False, False, True)
    for action in (
        lambda: select_part(ob, "jacket"),
        lambda: correct_part([ob], "hair"),
        lambda: show_confidence(ob),
        lambda: face_sets_from_parts(ob),
    ):
        action()
        bpy.ops.object.mode_set(mode="OBJECT")
        assert ob.data.attributes.active.name == "UVMap"
        assert ob.vertex_groups.active.name == "Bone"
        assert ob.data.color_attributes.active_color_name == "parts"


def test_faces_made_later_count_as_not_corrected(tmp_path):
    ob, _, _ = _labelled(tmp_path)
    choose(ob)
    correct_part([ob], "hair")
    mesh = ob.data
    faces = len(mesh.polygons)
    # As the tools of edit mode do. (In Blender 5.2 `mesh.polygons.add` leaves the values of every
    # attribute of new faces to chance.)
    edited = bmesh.new()
    edited.from_mesh(mesh)
    edited.faces.new([edited.verts.new((x, y, 0)) for x, y in ((0, 0), (1, 0), (0, 1))])
    edited.to_mesh(mesh)
    edited.free()
    assert len(mesh.polygons) == faces + 1
    assert values(mesh, "parts_corrected")[-1] == 0


def test_a_failure_while_applying_keeps_corrections(tmp_path, monkeypatch):
    from core.scene.writeback import apply as apply_module

    ob, files, _ = _labelled(tmp_path)
    choose(ob)
    correct_part([ob], "hair")
    before = mesh_state(ob)

    def fail(*arguments):
        raise MemoryError

    monkeypatch.setattr(apply_module, "add_switch", fail)
    with pytest.raises(MemoryError):
        apply_labels(files)
    assert not differences(before, mesh_state(ob))


def test_nothing_selected_and_unknown_parts_are_refused(tmp_path):
    ob, _, _ = _labelled(tmp_path)
    before = mesh_state(ob)
    choose(ob, [])
    with pytest.raises(InputError, match="No face is selected"):
        correct_part([ob], "hair")
    with pytest.raises(InputError, match="no part called 'shoe'"):
        correct_part([ob], "shoe")
    with pytest.raises(InputError, match="has labels"):
        correct_part([], "hair")
    assert not [a for a in ob.data.attributes if a.name == "parts_corrected"]
    assert before["properties"] == mesh_state(ob)["properties"]


def test_a_mesh_whose_attributes_were_deleted_is_refused_before_anything_is_written(tmp_path):
    a, b = sphere("A"), sphere("B")
    apply_labels(finished_job(tmp_path, [a, b], {1: np.zeros(96, np.int16)}))
    choose(a)
    choose(b)
    b.data.attributes.remove(b.data.attributes["parts"])
    before = mesh_state(a)
    with pytest.raises(InputError, match="B has lost its colours 'parts'"):
        correct_part([a, b], "hair")
    assert not differences(before, mesh_state(a))


def test_undo_in_edit_mode_takes_a_correction_back_and_redo_brings_it_again(tmp_path):
    ob, files, labels = _labelled(tmp_path)
    bpy.context.tool_settings.mesh_select_mode = (False, False, True)
    select_part(ob, "jacket")
    bpy.ops.ed.undo_push(message="Select")
    correct_part([bpy.context.object], "hair")
    bpy.ops.ed.undo_push(message="Correct")
    faces = np.flatnonzero(labels[1] == 0)

    def shown():
        ob = bpy.context.object
        bpy.ops.object.mode_set(mode="OBJECT")
        label = values(ob.data, "parts_label.0003")
        weight = weights(ob).get("part:hair")
        bpy.ops.object.mode_set(mode="EDIT")
        return label, weight

    after, weight_after = shown()
    assert (after == corrected(labels[3], 2, faces)).all()
    bpy.ops.ed.undo()
    undone, weight_undone = shown()
    assert (undone == labels[3]).all()
    assert not np.allclose(weight_after, weight_undone)
    bpy.ops.ed.redo()
    assert (shown()[0] == after).all()
    bpy.ops.ed.undo()
    # What was undone does not come back with other labels.
    apply_labels(files)
    assert (shown()[0] == labels[3]).all()
    correct_part([bpy.context.object], "hair")
    assert (shown()[0] == corrected(labels[3], 2, faces)).all()
