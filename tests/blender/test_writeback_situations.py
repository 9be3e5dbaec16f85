# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing onto rigs, simulations, edited and shared meshes, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError, JobError
from core.job.arrays import save_arrays
from core.scene.narrowing import specific
from core.scene.writeback import (
    apply_labels,
    clear_labels,
)
from tests.blender.writeback_scene import (
    changing,
    changing_job,
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    file_state,
    finish,
    finished_job,
    mesh_state,
    random_labels,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def test_armature_deformation_is_bit_identical(tmp_path):
    ob = sphere()
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, z in (("low", -1.0), ("high", 0.0)):
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = (0, 0, z), (0, 0, z + 1)
    bpy.ops.object.mode_set(mode="OBJECT")
    for name in ("low", "high"):
        group = ob.vertex_groups.new(name=name)
        for v in ob.data.vertices:
            group.add([v.index], abs(v.co.z), "REPLACE")
    specific(ob.modifiers.new("Armature", "ARMATURE")).object = rig
    ob.modifiers.new("Subsurf", "SUBSURF")
    rig.pose.bones["high"].rotation_mode = "XYZ"
    rig.pose.bones["high"].rotation_euler = (0.7, 0.2, 0)
    bpy.context.view_layer.update()
    files, _ = changing_job(tmp_path, ob)
    before = values(evaluated(ob, 3), "position").tobytes()
    apply_labels(files)
    assert values(evaluated(ob, 3), "position").tobytes() == before


def test_a_baked_cloth_simulation_plays_on(tmp_path):
    ob = sphere()
    cloth = specific(ob.modifiers.new("Cloth", "CLOTH"))
    cloth.point_cache.frame_end = 6
    with bpy.context.temp_override(point_cache=cloth.point_cache, object=ob, active_object=ob):
        bpy.ops.ptcache.bake(bake=True)
    fallen = values(evaluated(ob, 6), "position")
    assert np.abs(fallen - values(ob.data, "position")).max() > 0.01
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    mesh = evaluated(ob, 6)
    assert values(mesh, "position").tobytes() == fallen.tobytes()
    assert (values(mesh, "parts_label") == labels[5]).all()
    assert cloth.point_cache.is_baked


@pytest.mark.parametrize("mode", ["EDIT", "SCULPT", "WEIGHT_PAINT", "VERTEX_PAINT"])
def test_other_modes_are_left_for_the_write_and_entered_again(tmp_path, mode):
    ob = sphere()
    bpy.ops.object.mode_set(mode=mode)
    bpy.ops.object.mode_set(mode="OBJECT")
    before = mesh_state(ob)
    bpy.ops.object.mode_set(mode=mode)
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    assert ob.mode == mode
    clear_labels([ob])
    assert ob.mode == mode
    bpy.ops.object.mode_set(mode="OBJECT")
    assert not differences(before, mesh_state(ob))
    bpy.ops.object.mode_set(mode=mode)
    apply_labels(files)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert (values(ob.data, "parts_label.0003") == labels[3]).all()


@pytest.mark.parametrize("chosen", [0, 1])
def test_meshes_that_are_edited_together_stay_so(tmp_path, chosen):
    objects = [sphere("A"), sphere("B"), sphere("C")]
    for ob in objects:
        ob.select_set(ob.name != "C")
    bpy.context.view_layer.objects.active = objects[1]
    bpy.ops.object.mode_set(mode="EDIT")
    assert [o.mode for o in objects] == ["EDIT", "EDIT", "OBJECT"]
    files, labels = changing_job(tmp_path, objects[chosen])
    apply_labels(files)
    assert [o.mode for o in objects] == ["EDIT", "EDIT", "OBJECT"]
    assert bpy.context.view_layer.objects.active == objects[1]
    assert [o.select_get() for o in objects] == [True, True, False]
    bpy.ops.object.mode_set(mode="OBJECT")
    assert (values(objects[chosen].data, "parts_label.0003") == labels[3]).all()


def test_an_edited_mesh_that_is_not_active_is_written_too(tmp_path):
    edited, active = sphere("A"), sphere("B")
    active.select_set(False)
    bpy.context.view_layer.objects.active = edited
    bpy.ops.object.mode_set(mode="EDIT")
    active.select_set(True)
    bpy.context.view_layer.objects.active = active
    assert active.mode == "OBJECT"
    files, _ = changing_job(tmp_path, edited)
    apply_labels(files)
    assert edited.mode == "EDIT"
    assert active.mode == "OBJECT"
    assert bpy.context.view_layer.objects.active == active


def test_faces_added_in_edit_mode_are_noticed(tmp_path):
    ob = sphere()
    files, _ = changing_job(tmp_path, ob)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    with pytest.raises(InputError, match="Body has changed since it was parsed"):
        apply_labels(files)
    assert ob.mode == "EDIT"


def test_two_objects_of_one_mesh_keep_their_own_labels(tmp_path):
    left = sphere("Left shoe")
    right = bpy.data.objects.new("Right shoe", left.data)
    plain = bpy.data.objects.new("Third", left.data)
    for ob in (right, plain):
        bpy.context.collection.objects.link(ob)
    states = [mesh_state(o) for o in (left, right, plain)]
    file_before = file_state()
    faces = len(left.data.polygons)
    frames = (1, 2, 3)
    labels = {
        f: np.concatenate([random_labels(faces, f), random_labels(faces, 50 - f)]) for f in frames
    }
    files = finished_job(tmp_path, [left, right], labels)
    apply_labels(files)
    for frame in frames:
        found = values(evaluated(left, frame), "parts_label")
        assert (found == labels[frame][:faces]).all()
        mesh = evaluated(right, frame)
        assert (values(mesh, "parts_label") == labels[frame][faces:]).all()
        assert (values(mesh, "parts") == corner_colors(mesh, labels[frame][faces:])).all()
    clear_labels([left])
    assert (values(evaluated(right, 2), "parts_label") == labels[2][faces:]).all()
    assert not left.modifiers
    clear_labels([right])
    for ob, state in zip((left, right, plain), states, strict=True):
        assert not differences(state, mesh_state(ob))
    assert not differences(file_before, file_state())


def test_equal_labels_of_a_shared_mesh_are_stored_once(tmp_path):
    a = sphere()
    b = bpy.data.objects.new("Copy", a.data)
    bpy.context.collection.objects.link(b)
    one = changing(len(a.data.polygons), (1, 2), (2,))
    report = apply_labels(
        finished_job(tmp_path, [a, b], {f: np.tile(label, 2) for f, label in one.items()})
    )
    assert report.attributes == 6
    one, two = (specific(o.modifiers["Parts4D"]) for o in (a, b))
    assert one.node_group == two.node_group


def test_objects_with_the_same_changes_share_a_node_group(tmp_path):
    a, b = sphere("A"), sphere("B")
    faces = len(a.data.polygons) * 2
    apply_labels(finished_job(tmp_path, [a, b], changing(faces, (1, 2, 3), (2, 3))))
    one, two = (specific(o.modifiers["Parts4D"]) for o in (a, b))
    assert one.node_group == two.node_group
    assert [g.name for g in bpy.data.node_groups] == ["Parts4D Switch"]


def _refused(files, *words):
    with pytest.raises(InputError) as caught:
        apply_labels(files)
    assert caught.value.remedy
    assert all(w in caught.value.message for w in words), caught.value.message


def test_bad_scenes_are_refused_by_name_before_anything_is_written(tmp_path):
    good, ob = sphere("Good"), sphere("Bad")
    faces = len(ob.data.polygons) * 2
    files = finished_job(tmp_path, [good, ob], changing(faces, (1, 2), (2,)))
    before = mesh_state(good)

    ob.name = "Other"
    _refused(files, "Bad", "not in this file")
    ob.name = "Bad"
    other = sphere("More", 12, 9)
    mesh, ob.data = ob.data, other.data
    _refused(files, "Bad", "changed since it was parsed")
    ob.data = mesh
    good["parts4d"] = "somebody else's"
    _refused(files, "Good", "parts4d")
    clear_labels([good])
    assert good["parts4d"] == "somebody else's"
    del good["parts4d"]
    assert not differences(before, mesh_state(good))

    empty = bpy.data.objects.new("Empty", None)
    ob.name = "x"
    empty.name = "Bad"
    _refused(files, "Bad", "not a mesh")


def test_linked_objects_are_refused(tmp_path):
    ob = sphere("Linked")
    labels = changing(len(ob.data.polygons), (1, 2), (2,))
    files = finished_job(tmp_path / "job", [ob], labels)
    bpy.data.libraries.write(str(tmp_path / "lib.blend"), {ob})
    empty_scene()
    with bpy.data.libraries.load(str(tmp_path / "lib.blend"), link=True) as (_, target):
        target.objects = ["Linked"]
    bpy.context.collection.objects.link(target.objects[0])
    _refused(files, "Linked", "linked")


def test_damaged_labels_are_refused_before_anything_is_written(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    before = mesh_state(ob)
    files.write_frame(3, labels[3][:-1], np.ones(len(labels[3]) - 1))
    finish(files)
    with pytest.raises(JobError, match="frame 3"):
        apply_labels(files)
    files.write_frame(3, labels[3] + 100, np.ones(len(labels[3])))
    finish(files)
    with pytest.raises(JobError, match="frame 3"):
        apply_labels(files)
    for kind in (np.float64, np.str_):
        save_arrays(files.frame_path(3), {"label": labels[3].astype(kind)})
        finish(files)
        with pytest.raises(JobError, match="frame 3"):
            apply_labels(files)
    files.frame_path(4).write_bytes(b"broken")
    with pytest.raises(JobError):
        apply_labels(files)
    assert not differences(before, mesh_state(ob))
