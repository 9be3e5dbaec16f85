# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels on meshes of constant topology: what is stored, what is shown, what comes off again."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError, JobError
from core.scene.writeback import (
    WriteOptions,
    apply_labels,
    clear_labels,
    labelled_objects,
)
from core.scene.writeback import vertex_groups as vertex_groups_module
from tests.blender.writeback_scene import (
    PARTS,
    changing,
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    file_state,
    finished_job,
    mesh_state,
    random_labels,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def _job(tmp_path, ob, frames=(1, 2, 3, 4, 5), changes=(3, 5)):
    labels = changing(len(ob.data.polygons), frames, changes)
    return finished_job(tmp_path, [ob], labels), labels


def test_attributes_are_stored_where_labels_change(tmp_path):
    ob = sphere()
    files, labels = _job(tmp_path, ob)
    report = apply_labels(files)
    names = {a.name for a in ob.data.attributes if a.name.startswith("parts")}
    assert names == {
        f"{base}{at}" for base in ("parts", "parts_label") for at in ("", ".0001", ".0003", ".0005")
    }
    assert report.stored == 3
    assert report.attributes == 8
    for frame in (1, 3, 5):
        assert (values(ob.data, f"parts_label.{frame:04d}") == labels[frame]).all()
        wanted = corner_colors(ob.data, labels[frame])
        assert (values(ob.data, f"parts.{frame:04d}") == wanted).all()
    assert (values(ob.data, "parts_label") == labels[1]).all()
    assert ob.data.attributes["parts_label"].domain == "FACE"
    assert ob.data.attributes["parts"].domain == "CORNER"
    assert ob.data.color_attributes.active_color_name == "parts"
    assert ob.data.color_attributes.default_color_name == "parts"


def test_labels_that_never_change_need_no_modifier(tmp_path):
    ob = sphere()
    files, labels = _job(tmp_path, ob, changes=())
    report = apply_labels(files)
    assert not ob.modifiers
    assert report.switched == ()
    assert [a.name for a in ob.data.attributes if a.name.startswith("parts")] == [
        "parts_label",
        "parts",
    ]
    mesh = evaluated(ob, 4)
    assert (values(mesh, "parts_label") == labels[4]).all()


def test_every_frame_gets_an_attribute_on_request(tmp_path):
    ob = sphere()
    files, labels = _job(tmp_path, ob)
    apply_labels(files, WriteOptions(every_frame=True))
    for frame in labels:
        assert (values(ob.data, f"parts_label.{frame:04d}") == labels[frame]).all()


@pytest.mark.parametrize("frames", [(1, 2, 3, 4, 5), (-3, 0, 7), (9998, 10000, 10003)])
def test_evaluated_mesh_has_the_labels_of_its_frame(tmp_path, frames):
    ob = sphere()
    files, labels = _job(tmp_path, ob, frames, frames[1:])
    apply_labels(files)
    for frame in range(frames[0] - 2, frames[-1] + 3):
        held = max((f for f in frames if f <= frame), default=frames[0])
        mesh = evaluated(ob, frame)
        assert (values(mesh, "parts_label") == labels[held]).all(), frame
        assert (values(mesh, "parts") == corner_colors(mesh, labels[held])).all(), frame
        assert mesh.attributes["parts"].data_type == "BYTE_COLOR"
        assert mesh.attributes["parts"].domain == "CORNER"


def test_fractions_of_a_frame_belong_to_the_frame_they_are_in(tmp_path):
    ob = sphere()
    files, labels = _job(tmp_path, ob)
    apply_labels(files)
    assert (values(evaluated(ob, 2, 0.75), "parts_label") == labels[2]).all()
    assert (values(evaluated(ob, 3, 0.25), "parts_label") == labels[3]).all()


def test_generated_faces_carry_the_label_of_the_face_they_come_from(tmp_path):
    ob = sphere()
    for kind in ("MIRROR", "SUBSURF", "ARRAY"):
        ob.modifiers.new(kind, kind)
    ob.modifiers["MIRROR"].use_mirror_merge = False
    ob.data.attributes.new("source", "INT", "FACE")
    ob.data.attributes["source"].data.foreach_set(
        "value", np.arange(len(ob.data.polygons), dtype=np.int32)
    )
    files, labels = _job(tmp_path, ob)
    apply_labels(files)
    assert [m.name for m in ob.modifiers] == ["Parts4D", "MIRROR", "SUBSURF", "ARRAY"]
    for frame in (2, 3, 5):
        mesh = evaluated(ob, frame)
        assert len(mesh.polygons) > 4 * len(ob.data.polygons)
        source = values(mesh, "source")
        assert (values(mesh, "parts_label") == labels[frame][source]).all()
        assert (values(mesh, "parts") == corner_colors(mesh, labels[frame][source])).all()
        assert "parts.0003" not in mesh.attributes


def test_the_switch_stays_below_a_multires_modifier(tmp_path):
    ob = sphere()
    ob.modifiers.new("Multires", "MULTIRES")
    bpy.ops.object.multires_subdivide(modifier="Multires")
    before = mesh_state(ob)
    faces = len(evaluated(ob, 1).polygons)
    files, _ = _job(tmp_path, ob)
    apply_labels(files)
    assert [m.name for m in ob.modifiers] == ["Multires", "Parts4D"]
    assert len(evaluated(ob, 1).polygons) == faces
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))


def test_point_colors_are_the_mean_around_the_vertex(tmp_path):
    ob = sphere()
    ob.data.vertices.add(2)  # of no face
    files, labels = _job(tmp_path, ob)
    apply_labels(files, WriteOptions(color_domain="POINT"))
    assert (values(ob.data, "parts.0003")[-1] == (128, 128, 128, 255)).all()
    assert ob.data.attributes["parts"].domain == "POINT"
    palette = np.array([(0.5, 0.5, 0.5), *(p.color for p in PARTS)])
    around = [p.index for p in ob.data.polygons if 7 in p.vertices]
    wanted = palette[labels[3][around] + 1].mean(0)
    mesh = evaluated(ob, 4)
    assert mesh.attributes["parts"].domain == "POINT"
    assert np.abs(values(mesh, "parts")[7, :3] / 255 - wanted).max() < 0.004


def test_vertex_group_weight_is_the_share_of_faces_and_frames(tmp_path):
    ob = sphere()
    files, labels = _job(tmp_path, ob, frames=(1, 2, 3, 4), changes=(2,))
    apply_labels(files)
    assert [g.name for g in ob.vertex_groups] == ["part:jacket", "part:jeans", "part:hair"]
    incident = [[] for _ in ob.data.vertices]
    for polygon in ob.data.polygons:
        for vertex in polygon.vertices:
            incident[vertex].append(polygon.index)
    for part in range(len(PARTS)):
        for vertex in ob.data.vertices:
            wanted = np.mean([labels[f][incident[vertex.index]] == part for f in labels])
            found = {g.group: g.weight for g in vertex.groups}.get(part, 0.0)
            assert found == pytest.approx(wanted, abs=1e-6)


def test_long_names_are_cut_between_characters_and_stay_unique(tmp_path):
    from core.job.label_files import LabelledPart

    ob = sphere()
    long = "é" * 60
    parts = [LabelledPart(long + str(i), (i / 3, 0, 0)) for i in range(3)]
    labels = {1: np.arange(len(ob.data.polygons), dtype=np.int16) % 3}
    apply_labels(finished_job(tmp_path, [ob], labels, parts))
    names = [g.name for g in ob.vertex_groups]
    assert len(set(names)) == 3
    assert all(n.startswith("part:éééé") and len(n.encode()) <= 63 for n in names)


def test_the_object_says_what_its_labels_mean(tmp_path):
    ob = sphere()
    files, _ = _job(tmp_path, ob)
    apply_labels(files)
    document = json.loads(ob["parts4d"])
    assert [p["name"] for p in document["vocabulary"]] == ["jacket", "jeans", "hair"]
    assert document["vocabulary"][0]["synonyms"] == ["coat"]
    assert document["frames"] == [1, 2, 3, 4, 5]
    assert document["backends"] == {"proposer": "structure"}
    assert document["attributes"] == {"label": "parts_label", "color": "parts"}
    assert document["groups"]["jacket"] == "part:jacket"
    assert labelled_objects() == [ob]


def _user_things(ob):
    """What an artist may already have, in our names and others."""
    mesh = ob.data
    mesh.attributes.new("parts", "FLOAT_COLOR", "POINT")
    mesh.attributes.new("parts_label", "FLOAT", "POINT")
    mesh.attributes.new("mine", "INT", "FACE")
    mesh.attributes.active = mesh.attributes["mine"]
    mesh.color_attributes.new("paint", "BYTE_COLOR", "CORNER")
    mesh.color_attributes.active_color_name = "paint"
    mesh.color_attributes.default_color_name = "parts"
    for name in ("Bone", "part:jacket", "part:jacket.001"):
        ob.vertex_groups.new(name=name).add([0, 3, 5], 0.25, "REPLACE")
    ob.vertex_groups.active_index = 1
    mesh.uv_layers.new(name="second")
    ob["note"] = "keep"


def _shape_keys(ob):
    ob.shape_key_add(name="Basis")
    key = ob.shape_key_add(name="smile")
    for point in key.data:
        point.co.x *= 1.5
    key.value = 0.5


def _modifiers(ob):
    ob.modifiers.new("Subsurf", "SUBSURF")
    ob.modifiers.new("Mirror", "MIRROR")
    ob.modifiers.active = ob.modifiers["Subsurf"]


def _materials(ob):
    ob.data.materials.append(bpy.data.materials.new("cloth"))
    ob.data.materials.append(bpy.data.materials.new("skin"))
    ob.material_slots[1].link = "OBJECT"
    ob.material_slots[1].material = bpy.data.materials.new("own")


def _no_active_color(ob):
    ob.data.attributes.new("paint", "BYTE_COLOR", "CORNER")
    ob.data.color_attributes.active_color_name = ""


def _empty_groups(ob):
    ob.vertex_groups.new(name="empty")


SET_UPS = [
    lambda ob: None,
    _user_things,
    _shape_keys,
    _modifiers,
    _materials,
    _no_active_color,
    _empty_groups,
]


@pytest.mark.parametrize("set_up", SET_UPS)
@pytest.mark.parametrize("overlay", [False, True])
def test_clearing_restores_the_mesh_exactly(tmp_path, set_up, overlay):
    ob = sphere()
    set_up(ob)
    before, file_before = mesh_state(ob), file_state()
    files, _ = _job(tmp_path, ob)
    apply_labels(files, WriteOptions(overlay=overlay))
    assert differences(before, mesh_state(ob))
    report = clear_labels([ob])
    assert report.attributes == 8
    assert report.groups == 3
    assert report.modifiers == 1 + overlay
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())
    assert labelled_objects() == []


def test_names_the_user_has_are_left_alone(tmp_path):
    ob = sphere()
    _user_things(ob)
    groups = [(g.name, g.index) for g in ob.vertex_groups]
    files, labels = _job(tmp_path, ob)
    apply_labels(files)
    document = json.loads(ob["parts4d"])
    assert document["attributes"] == {"label": "parts_label_p4d", "color": "parts_p4d"}
    assert document["groups"]["jacket"] == "part:jacket.002"
    assert [(g.name, g.index) for g in ob.vertex_groups][:3] == groups
    assert ob.vertex_groups.active_index == 1
    assert ob.data.attributes.active.name == "mine"
    assert ob.data.attributes["parts"].data_type == "FLOAT_COLOR"
    mesh = evaluated(ob, 3)
    assert (values(mesh, "parts_label_p4d") == labels[3]).all()


def test_a_vertex_group_called_parts_is_no_obstacle(tmp_path):
    ob = sphere()
    ob.vertex_groups.new(name="parts")
    files, labels = _job(tmp_path, ob)
    apply_labels(files)
    assert (values(evaluated(ob, 5), "parts_label_p4d") == labels[5]).all()


def test_applying_twice_changes_nothing(tmp_path):
    ob = sphere()
    _user_things(ob)
    _modifiers(ob)
    files, _ = _job(tmp_path, ob)
    apply_labels(files, WriteOptions(overlay=True))
    once, file_once = mesh_state(ob), file_state()
    apply_labels(files, WriteOptions(overlay=True))
    assert not differences(once, mesh_state(ob))
    assert not differences(file_once, file_state())


def test_new_results_replace_older_ones_and_clear_still_restores(tmp_path):
    ob = sphere()
    _user_things(ob)
    before, file_before = mesh_state(ob), file_state()
    first, _ = _job(tmp_path / "a", ob)
    second, labels = _job(tmp_path / "b", ob, frames=(10, 11, 12), changes=(11,))
    apply_labels(first)
    apply_labels(second)
    stored = [a.name for a in ob.data.attributes if a.name.startswith("parts_p4d.")]
    assert stored == ["parts_p4d.0010", "parts_p4d.0011"]
    assert (values(evaluated(ob, 12), "parts_label_p4d") == labels[12]).all()
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("where", ["groups", "switch", "late"])
def test_a_failure_half_way_leaves_everything_as_it_was(tmp_path, monkeypatch, earlier, where):
    from core.scene.writeback import apply as apply_module

    ob, other = sphere("A"), sphere("B")
    for one in (ob, other):
        _user_things(one)
        _modifiers(one)
    faces = len(ob.data.polygons) * 2
    files = finished_job(tmp_path, [ob, other], changing(faces, (1, 2, 3), (2,)))
    if earlier:
        apply_labels(files, WriteOptions(overlay=True))
    before = [mesh_state(o) for o in (ob, other)]
    file_before = file_state()
    target, name = {
        "groups": (vertex_groups_module, "create"),
        "switch": (apply_module, "add_switch"),
        "late": (apply_module.registry, "write"),
    }[where]
    original, calls = getattr(target, name), []

    def failing(*arguments):
        calls.append(arguments)
        result = original(*arguments)
        if len(calls) == (2 if where != "late" else 4):
            monkeypatch.undo()
            raise MemoryError
        return result

    monkeypatch.setattr(target, name, failing)
    with pytest.raises(MemoryError):
        apply_labels(files)
    for one, state in zip((ob, other), before, strict=True):
        assert not differences(state, mesh_state(one))
    assert not differences(file_before, file_state())


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
    ob.modifiers.new("Armature", "ARMATURE").object = rig
    ob.modifiers.new("Subsurf", "SUBSURF")
    rig.pose.bones["high"].rotation_mode = "XYZ"
    rig.pose.bones["high"].rotation_euler = (0.7, 0.2, 0)
    bpy.context.view_layer.update()
    files, _ = _job(tmp_path, ob)
    before = values(evaluated(ob, 3), "position").tobytes()
    apply_labels(files)
    assert values(evaluated(ob, 3), "position").tobytes() == before


def test_a_baked_cloth_simulation_plays_on(tmp_path):
    ob = sphere()
    cloth = ob.modifiers.new("Cloth", "CLOTH")
    cloth.point_cache.frame_end = 6
    with bpy.context.temp_override(point_cache=cloth.point_cache, object=ob, active_object=ob):
        bpy.ops.ptcache.bake(bake=True)
    fallen = values(evaluated(ob, 6), "position")
    assert np.abs(fallen - values(ob.data, "position")).max() > 0.01
    files, labels = _job(tmp_path, ob)
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
    files, labels = _job(tmp_path, ob)
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
    files, labels = _job(tmp_path, objects[chosen])
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
    files, _ = _job(tmp_path, edited)
    apply_labels(files)
    assert edited.mode == "EDIT"
    assert active.mode == "OBJECT"
    assert bpy.context.view_layer.objects.active == active


def test_faces_added_in_edit_mode_are_noticed(tmp_path):
    ob = sphere()
    files, _ = _job(tmp_path, ob)
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
    assert a.modifiers["Parts4D"].node_group == b.modifiers["Parts4D"].node_group


def test_objects_with_the_same_changes_share_a_node_group(tmp_path):
    a, b = sphere("A"), sphere("B")
    faces = len(a.data.polygons) * 2
    apply_labels(finished_job(tmp_path, [a, b], changing(faces, (1, 2, 3), (2, 3))))
    assert a.modifiers["Parts4D"].node_group == b.modifiers["Parts4D"].node_group
    assert [g.name for g in bpy.data.node_groups] == ["Parts4D Switch"]


def test_what_the_user_chose_after_applying_stays_chosen(tmp_path):
    ob = sphere()
    files, _ = _job(tmp_path, ob)
    apply_labels(files)
    ob.data.color_attributes.new("later", "BYTE_COLOR", "CORNER")
    ob.data.color_attributes.active_color_name = "later"
    ob.vertex_groups.new(name="later group")
    clear_labels([ob])
    assert ob.data.color_attributes.active_color_name == "later"
    assert [g.name for g in ob.vertex_groups] == ["later group"]
    assert ob.vertex_groups.active.name == "later group"


def test_a_vertex_group_made_later_in_our_name_survives_clearing(tmp_path):
    ob = sphere()
    files, _ = _job(tmp_path, ob)
    apply_labels(files)
    ob.vertex_groups.new(name="parts").add([1, 2], 0.5, "REPLACE")
    clear_labels([ob])
    assert [g.name for g in ob.vertex_groups] == ["parts"]
    assert [v.index for v in ob.data.vertices if len(v.groups)] == [1, 2]
    assert "parts" not in ob.data.attributes


def test_results_survive_saving_and_renaming(tmp_path):
    ob = sphere()
    _user_things(ob)
    before = mesh_state(ob)
    files, labels = _job(tmp_path / "job", ob)
    apply_labels(files)
    ob.name = ob.data.name = "Renamed"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    ob = bpy.data.objects["Renamed"]
    assert (values(evaluated(ob, 5), "parts_label_p4d") == labels[5]).all()
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))


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
    files, labels = _job(tmp_path, ob)
    before = mesh_state(ob)
    files.write_frame(3, labels[3][:-1], np.ones(len(labels[3]) - 1))
    with pytest.raises(JobError, match="frame 3"):
        apply_labels(files)
    files.write_frame(3, labels[3] + 100, np.ones(len(labels[3])))
    with pytest.raises(JobError, match="frame 3"):
        apply_labels(files)
    files.frame_path(4).write_bytes(b"broken")
    with pytest.raises(JobError):
        apply_labels(files)
    assert not differences(before, mesh_state(ob))
