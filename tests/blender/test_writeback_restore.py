# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written comes off again exactly, and a failure leaves everything as it was."""

from __future__ import annotations

import json

import pytest

bpy = pytest.importorskip("bpy")

from core.scene.writeback import (
    WriteOptions,
    apply_labels,
    clear_labels,
    labelled_objects,
)
from core.scene.writeback import vertex_groups as vertex_groups_module
from tests.blender.writeback_scene import (
    changing,
    changing_job,
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
    files, _ = changing_job(tmp_path, ob)
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
    files, labels = changing_job(tmp_path, ob)
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
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    assert (values(evaluated(ob, 5), "parts_label_p4d") == labels[5]).all()


def test_applying_twice_changes_nothing(tmp_path):
    ob = sphere()
    _user_things(ob)
    _modifiers(ob)
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files, WriteOptions(overlay=True))
    once, file_once = mesh_state(ob), file_state()
    apply_labels(files, WriteOptions(overlay=True))
    assert not differences(once, mesh_state(ob))
    assert not differences(file_once, file_state())


def test_new_results_replace_older_ones_and_clear_still_restores(tmp_path):
    ob = sphere()
    _user_things(ob)
    before, file_before = mesh_state(ob), file_state()
    first, _ = changing_job(tmp_path / "a", ob)
    second, labels = changing_job(tmp_path / "b", ob, frames=(10, 11, 12), changes=(11,))
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


def test_what_the_user_chose_after_applying_stays_chosen(tmp_path):
    ob = sphere()
    files, _ = changing_job(tmp_path, ob)
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
    files, _ = changing_job(tmp_path, ob)
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
    files, labels = changing_job(tmp_path / "job", ob)
    apply_labels(files)
    ob.name = ob.data.name = "Renamed"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    ob = bpy.data.objects["Renamed"]
    assert (values(evaluated(ob, 5), "parts_label_p4d") == labels[5]).all()
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))
