# SPDX-License-Identifier: GPL-3.0-or-later
"""Materials and face sets made of parts: exact faces, what was there before, called twice."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.using import face_sets_from_parts, part_materials
from core.scene.writeback import apply_labels, clear_labels
from tests.blender.writeback_scene import (
    PARTS,
    changing,
    changing_job,
    empty_scene,
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


def material_names(ob):
    """Per face: the name of the material it shows."""
    slots = [s.material.name if s.material else None for s in ob.material_slots]
    return [slots[p.material_index] for p in ob.data.polygons]


def _names(label, otherwise):
    return [PARTS[i].name if i >= 0 else o for i, o in zip(label, otherwise, strict=True)]


def test_each_part_gets_a_material_of_its_name_and_colour(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    bpy.context.scene.frame_set(3)
    made = part_materials(ob)
    assert material_names(ob) == _names(labels[3], [None] * 48)
    assert made.objects == ("Body",)
    assert set(made.materials) == {"jacket", "jeans", "hair"}
    # what is unlabelled went from no slot to an empty one
    for part in PARTS:
        material = bpy.data.materials[part.name]
        shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
        for color in (material.diffuse_color, shader.inputs["Base Color"].default_value):
            linear = [
                c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in part.color
            ]
            assert np.allclose(color[:3], linear, atol=1e-5)


def test_earlier_materials_keep_their_slots_and_the_unlabelled_faces(tmp_path):
    ob = sphere()
    for name in ("cloth", "skin"):
        ob.data.materials.append(bpy.data.materials.new(name))
    own = np.arange(48, dtype=np.int32) % 2
    own[7] = 9  # beyond the slots: shown as the last one
    ob.data.polygons.foreach_set("material_index", own)
    before = [("cloth", "skin")[min(i, 1)] for i in own.tolist()]
    files, labels = changing_job(tmp_path, ob)
    labels[1][7] = -1
    for frame, label in labels.items():
        files.write_frame(frame, label, np.ones(48))
    finish(files)
    apply_labels(files)
    made = part_materials(ob)
    assert [m.name for m in ob.data.materials][:2] == ["cloth", "skin"]
    assert material_names(ob) == _names(labels[1], before)
    assert made.faces == (labels[1] >= 0).sum() + 1
    again = part_materials(ob)
    assert again.faces == 0
    assert again.materials == made.materials
    assert len(bpy.data.materials) == 5


def test_the_look_can_be_kept(tmp_path):
    ob = sphere()
    for name in ("cloth", "skin"):
        material = bpy.data.materials.new(name)
        material.roughness = 0.123
        ob.data.materials.append(material)
    ob.material_slots[1].link = "OBJECT"
    ob.material_slots[1].material = bpy.data.materials.new("own")
    own = np.arange(48, dtype=np.int32) % 2
    ob.data.polygons.foreach_set("material_index", own)
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    expected = [
        f"{('cloth', 'own')[i]} ({PARTS[part].name})" if part >= 0 else ("cloth", "own")[i]
        for i, part in zip(own, labels[1], strict=True)
    ]
    for _ in range(2):
        part_materials(ob, keep_look=True)
        assert material_names(ob) == expected
    assert bpy.data.materials["cloth (hair)"].roughness == pytest.approx(0.123)
    assert len([m for m in bpy.data.materials if "(" in m.name]) == 6
    assert len(ob.material_slots) == 8


def test_a_material_of_the_artist_with_a_parts_name_is_left_alone(tmp_path):
    ob = sphere()
    bpy.data.materials.new("hair").diffuse_color = (1, 1, 1, 1)
    apply_labels(changing_job(tmp_path, ob)[0])
    part_materials(ob)
    assert "hair.001" in material_names(ob)
    assert tuple(bpy.data.materials["hair"].diffuse_color) == (1, 1, 1, 1)


def test_objects_of_a_character_share_materials_and_clearing_leaves_them(tmp_path):
    a, b = sphere("A"), sphere("B")
    labels = changing(96, (1, 2), (2,))
    apply_labels(finished_job(tmp_path, [a, b], labels))
    part_materials(a)
    assert len(bpy.data.materials) == 3
    assert material_names(b) == _names(labels[1][48:], [None] * 48)
    clear_labels([a, b])
    assert material_names(b) == _names(labels[1][48:], [None] * 48)


def test_one_undo_takes_materials_back(tmp_path):
    ob = sphere()
    apply_labels(changing_job(tmp_path, ob)[0])
    before, file_before = mesh_state(ob), file_state()
    bpy.ops.ed.undo_push(message="before")
    part_materials(ob)
    bpy.ops.ed.undo_push(message="materials")
    bpy.ops.ed.undo()
    ob = bpy.data.objects["Body"]
    after = mesh_state(ob)
    assert (after["materials"], after["slots"]) == (before["materials"], before["slots"])
    assert file_state()["materials"] == file_before["materials"]


@pytest.mark.parametrize("mode", ["OBJECT", "SCULPT", "EDIT"])
def test_face_sets_are_the_labels_plus_two_and_unlabelled_is_one(tmp_path, mode):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    bpy.context.scene.frame_set(5)
    bpy.ops.object.mode_set(mode=mode)
    made = face_sets_from_parts(ob)
    assert ob.mode == mode
    bpy.ops.object.mode_set(mode="OBJECT")
    assert (values(ob.data, ".sculpt_face_set") == labels[5] + 2).all()
    assert (made.objects, made.sets, made.replaced) == (("Body",), 4, ())
    bpy.context.scene.frame_set(1)
    assert face_sets_from_parts(ob).replaced == ("Body",)
    assert (values(ob.data, ".sculpt_face_set") == labels[1] + 2).all()
    clear_labels([ob])
    assert ".sculpt_face_set" in ob.data.attributes


def test_parts_have_the_same_face_set_on_all_objects(tmp_path):
    a, b = sphere("A"), sphere("B")
    label = random_labels(96, 4)
    label[:48] = 2
    apply_labels(finished_job(tmp_path, [a, b], {1: label}))
    face_sets_from_parts(b)
    assert (values(a.data, ".sculpt_face_set") == 4).all()
    assert (values(b.data, ".sculpt_face_set") == label[48:] + 2).all()
