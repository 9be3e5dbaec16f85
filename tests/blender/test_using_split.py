# SPDX-License-Identifier: GPL-3.0-or-later
"""Splitting by parts: every face in exactly one object, with everything the whole one had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

import bmesh  # there once bpy is

from core.errors import InputError
from core.scene.narrowing import mesh_of, specific
from core.scene.using import character_of, correct_part, split_parts
from core.scene.writeback import apply_labels, clear_labels, show_overlay
from tests.blender.test_using_corrections import choose
from tests.blender.writeback_scene import (
    changing_job,
    corner_colors,
    differences,
    empty_scene,
    file_state,
    finished_job,
    mesh_state,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


NAMES = ["Test.jacket", "Test.jeans", "Test.hair", "Test.unlabelled"]


def corners_of(mesh, layer):
    """Per face: position and value of each corner, sorted; a face's identity wherever it is."""
    return [
        sorted(
            (*(round(c, 5) for c in mesh.vertices[mesh.loops[i].vertex_index].co), *layer(i))
            for i in p.loop_indices
        )
        for p in mesh.polygons
    ]


def _rigged(tmp_path):
    """A sphere with all that can be lost: rig, weights, keys, UVs, slots, normals, attributes."""
    ob = sphere()
    mesh = ob.data
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.collection.objects.link(rig)
    ob.parent = rig
    specific(ob.modifiers.new("Armature", "ARMATURE")).object = rig
    ob.modifiers.new("Subsurf", "SUBSURF")
    ob.vertex_groups.new(name="Bone").add(range(20), 0.25, "REPLACE")
    for name in ("cloth", "skin"):
        mesh.materials.append(bpy.data.materials.new(name))
    mesh.polygons.foreach_set("material_index", np.arange(48, dtype=np.int32) % 2)
    ob.shape_key_add(name="Basis")
    key = ob.shape_key_add(name="smile")
    for point in specific(key).data:
        point.co.x *= 1.5
    key.value = 0.5
    mesh.attributes.new("mine", "INT", "FACE")
    mesh.attributes["mine"].data.foreach_set("value", np.arange(48, dtype=np.int32))
    ob["note"] = "keep"
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    return ob, labels


def test_every_face_goes_to_the_object_of_its_part_and_to_no_other(tmp_path):
    ob, labels = _rigged(tmp_path)
    bpy.context.scene.frame_set(3)
    whole = mesh_state(ob)
    split = split_parts(ob, hide_original=False)
    assert sorted(split.objects) == sorted(NAMES)
    assert split.warnings == ()
    for label, name in ((0, NAMES[0]), (1, NAMES[1]), (2, NAMES[2]), (-1, NAMES[3])):
        part = bpy.data.objects[name]
        assert sorted(values(part.data, "mine")) == np.flatnonzero(labels[3] == label).tolist()
        assert (values(part.data, "parts_label") == label).all()
        expected = corner_colors(part.data, np.full(len(part.data.polygons), label))
        assert (values(part.data, "parts") == expected).all()
        used = {v for p in part.data.polygons for v in p.vertices}
        assert len(used) == len(part.data.vertices)
    state = mesh_state(ob)
    assert not differences(whole, state)


def test_the_first_frame_can_decide(tmp_path):
    ob, labels = _rigged(tmp_path)
    bpy.context.scene.frame_set(5)
    split_parts(ob, frame="FIRST")
    found = sorted(values(bpy.data.objects["Test.hair"].data, "mine"))
    assert found == np.flatnonzero(labels[1] == 2).tolist()


def test_rig_weights_keys_uvs_materials_and_properties_come_along(tmp_path):
    ob, _ = _rigged(tmp_path)
    split_parts(ob)
    whole = ob.data
    face = {
        tuple(sorted(map(tuple, (whole.vertices[v].co for v in p.vertices)))): p
        for p in whole.polygons
    }
    weight = {tuple(v.co): [g.weight for g in v.groups if g.group == 0] for v in whole.vertices}
    smile = {
        tuple(v.co): tuple(whole.shape_keys.key_blocks["smile"].data[v.index].co)
        for v in whole.vertices
    }
    for name in NAMES:
        part = bpy.data.objects[name]
        mesh = part.data
        assert part.parent.name == "Rig"
        assert [m.name for m in part.modifiers] == ["Armature", "Subsurf"]
        assert part.modifiers["Armature"].object.name == "Rig"
        assert part.vertex_groups.keys() == ["Bone"]
        assert part["note"] == "keep"
        assert [m.name for m in mesh.materials] == ["cloth", "skin"]
        assert [k.name for k in mesh.shape_keys.key_blocks] == ["Basis", "smile"]
        assert mesh.shape_keys.key_blocks["smile"].value == 0.5
        assert mesh.shape_keys != whole.shape_keys
        for v in mesh.vertices:
            assert [g.weight for g in v.groups] == weight[tuple(v.co)]
            assert tuple(mesh.shape_keys.key_blocks["smile"].data[v.index].co) == smile[tuple(v.co)]
        for p in mesh.polygons:
            was = face[tuple(sorted(map(tuple, (mesh.vertices[v].co for v in p.vertices))))]
            assert p.material_index == was.material_index
            uv = {tuple(mesh.uv_layers[0].uv[i].vector) for i in p.loop_indices}
            assert uv == {tuple(whole.uv_layers[0].uv[i].vector) for i in was.loop_indices}


def test_custom_normals_stay_as_they_were_seen(tmp_path):
    ob = sphere("Body", 12, 9)
    mesh = ob.data
    normals = np.random.default_rng(1).normal(size=(len(mesh.loops), 3))
    normals += 3 * np.array(
        [
            mesh.polygons[i].normal
            for i in np.repeat(np.arange(len(mesh.polygons)), [p.loop_total for p in mesh.polygons])
        ]
    )
    mesh.normals_split_custom_set(normals / np.linalg.norm(normals, axis=1)[:, None])
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files)

    def seen(mesh):
        return {
            (tuple(p.center), tuple(mesh.vertices[mesh.loops[i].vertex_index].co)): np.array(
                mesh.corner_normals[i].vector
            )
            for p in mesh.polygons
            for i in p.loop_indices
        }

    whole = seen(mesh)
    found: dict[Any, Any] = {}
    for name in split_parts(ob).objects:
        assert bpy.data.objects[name].data.has_custom_normals
        assert "p4d~normal" not in bpy.data.objects[name].data.attributes
        found |= seen(bpy.data.objects[name].data)
    assert found.keys() == whole.keys()
    assert max(np.abs(found[k] - whole[k]).max() for k in whole) < 2e-3


def test_the_original_is_hidden_and_the_parts_are_selected(tmp_path):
    ob, _ = _rigged(tmp_path)
    bpy.ops.object.mode_set(mode="EDIT")
    split = split_parts(ob)
    assert bpy.context.mode == "OBJECT"
    assert (ob.hide_viewport, ob.hide_render) == (True, True)
    assert sorted(o.name for o in bpy.context.selected_objects) == sorted(split.objects)
    assert bpy.context.view_layer.objects.active.name == split.objects[0]


def _cube_halves(tmp_path, open_top=False):
    """A box of 2 x 2 x 4 faces whose lower half is jacket and upper half jeans."""
    bpy.ops.mesh.primitive_cube_add()
    ob = bpy.context.object
    bm = bmesh.new()
    bm.from_mesh(mesh_of(ob))
    bmesh.ops.subdivide_edges(bm, edges=bm.edges[:], cuts=3, use_grid_fill=True)
    if open_top:
        # open from the top down past the middle
        gone = [f for f in bm.faces if f.normal.x > 0.5]
        bmesh.ops.delete(bm, geom=gone, context="FACES")
    bm.to_mesh(mesh_of(ob))
    bm.free()
    label = np.array([p.center.z > 0 for p in ob.data.polygons], np.int16)
    apply_labels(finished_job(tmp_path, [ob], {1: label}))
    return ob, label


def test_closing_holes_makes_each_part_watertight_with_the_right_side_out(tmp_path):
    ob, label = _cube_halves(tmp_path)
    ob.data.materials.append(bpy.data.materials.new("a"))
    ob.data.materials.append(bpy.data.materials.new("b"))
    ob.data.polygons.foreach_set("material_index", label.astype(np.int32))
    split = split_parts(ob, close_holes=True)
    assert split.warnings == ()
    assert split.caps > 0
    faces = 0
    for name, part in (("Test.jacket", 0), ("Test.jeans", 1)):
        mesh = bpy.data.objects[name].data
        faces += len(mesh.polygons)
        assert (values(mesh, "parts_label") == part).all()
        assert {p.material_index for p in mesh.polygons} == {part}
        bm = bmesh.new()
        bm.from_mesh(mesh)
        assert all(e.is_manifold and e.is_contiguous for e in bm.edges)
        assert bm.calc_volume(signed=True) == pytest.approx(4.0)
        assert max(len(f.verts) for f in bm.faces) <= 4
        bm.free()
    assert faces == len(label) + split.caps


def test_caps_of_a_mesh_with_custom_normals_are_flat(tmp_path):
    ob, _ = _cube_halves(tmp_path)
    mesh = ob.data
    mesh.normals_split_custom_set([(0.6, 0.0, 0.8)] * len(mesh.loops))
    split = split_parts(ob, close_holes=True)
    flat = 0
    for name in split.objects:
        mesh = bpy.data.objects[name].data
        for p in mesh.polygons:
            for i in p.loop_indices:
                seen = np.array(mesh.corner_normals[i].vector)
                if np.allclose(seen, p.normal, atol=2e-3):
                    assert np.allclose(np.abs(p.normal), (0, 0, 1), atol=1e-6)
                    flat += 1
                else:
                    assert np.allclose(seen, (0.6, 0.0, 0.8), atol=2e-3)
    assert flat >= 3 * split.caps


def test_what_was_open_before_stays_open_and_is_told_of(tmp_path):
    ob, label = _cube_halves(tmp_path, open_top=True)
    split = split_parts(ob, close_holes=True)
    assert split.caps == 0
    assert any("Test.jacket" in w and "stays open" in w for w in split.warnings)
    total = sum(len(bpy.data.objects[n].data.polygons) for n in split.objects)
    assert total == len(label)


def test_loose_vertices_and_wires_stay_with_the_original(tmp_path):
    ob = sphere()
    bm = bmesh.new()
    bm.from_mesh(mesh_of(ob))
    loose = bm.verts.new((5, 5, 5))
    bm.verts.ensure_lookup_table()
    bm.edges.new((loose, bm.verts[0]))
    far = next(v for v in bm.verts if v.co.z < -0.9)
    bm.edges.new((bm.verts[0], far))
    bm.to_mesh(mesh_of(ob))
    bm.free()
    apply_labels(finished_job(tmp_path, [ob], {1: np.zeros(48, np.int16)}))
    [name] = split_parts(ob).objects
    mesh = bpy.data.objects[name].data
    assert len(mesh.polygons) == 48
    assert len(mesh.edges) == 88
    assert len(mesh.vertices) == 42


def test_several_objects_of_a_character_are_split_together(tmp_path):
    a, b = sphere("A"), sphere("B")
    label = np.repeat(np.array([0, 0], np.int16), 48)
    label[48:60] = 1
    apply_labels(finished_job(tmp_path, [a, b], {1: label}))
    split = split_parts(b)
    assert sorted(split.objects) == ["Test.jacket", "Test.jacket.001", "Test.jeans"]
    assert sum(len(bpy.data.objects[n].data.polygons) for n in split.objects) == 96


def test_parts_are_a_character_of_their_own_that_can_be_corrected_and_cleared(tmp_path):
    ob, _ = _rigged(tmp_path)
    show_overlay([ob], True)
    split = split_parts(ob, hide_original=False)
    part = bpy.data.objects["Test.hair"]
    assert sorted(one.name for one in character_of(part)) == sorted(split.objects)
    assert [one.name for one in character_of(ob)] == ["Body"]
    choose(part, [0])
    correct_part([part], "jeans")
    assert values(part.data, "parts_label")[0] == 1
    clear_labels([part])
    assert not [a.name for a in part.data.attributes if a.name.startswith("parts")]
    assert "parts4d" not in part
    assert part.vertex_groups.keys() == ["Bone"]
    assert [m.name for m in ob.modifiers] == ["Parts4D", "Armature", "Subsurf", "Parts4D Overlay"]


def test_bound_modifiers_are_warned_about(tmp_path):
    ob = sphere()
    ob.modifiers.new("Hook", "HOOK")
    apply_labels(changing_job(tmp_path, ob)[0])
    assert "Hook of Body is bound" in split_parts(ob).warnings[0]


def test_animated_visibility_of_the_original_is_warned_about(tmp_path):
    ob = sphere()
    ob.keyframe_insert("hide_render", frame=1)
    apply_labels(changing_job(tmp_path, ob)[0])
    assert split_parts(ob, hide_original=False).warnings == ()
    assert "visibility of Body is animated" in split_parts(ob).warnings[0]


def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    from core.scene.using import split as split_module

    ob, _ = _rigged(tmp_path)
    before, file_before = mesh_state(ob), file_state()
    calls = []
    original = split_module.carve

    def failing(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise MemoryError
        return original(*arguments)

    monkeypatch.setattr(split_module, "carve", failing)
    with pytest.raises(MemoryError):
        split_parts(ob)
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


def test_what_has_no_labels_is_not_split():
    with pytest.raises(InputError, match="has no part labels"):
        split_parts(sphere())
