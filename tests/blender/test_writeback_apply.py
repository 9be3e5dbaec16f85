# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels on meshes of constant topology: what is stored and what is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.narrowing import specific
from core.scene.using import show_confidence
from core.scene.writeback import (
    WriteOptions,
    apply_labels,
    clear_labels,
    labelled_objects,
)
from tests.blender.writeback_scene import (
    PARTS,
    changing_job,
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    finished_job,
    mesh_state,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def test_attributes_are_stored_where_labels_change(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
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
    files, labels = changing_job(tmp_path, ob, changes=())
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
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files, WriteOptions(every_frame=True))
    for frame in labels:
        assert (values(ob.data, f"parts_label.{frame:04d}") == labels[frame]).all()


@pytest.mark.parametrize("frames", [(1, 2, 3, 4, 5), (-3, 0, 7), (9998, 10000, 10003)])
def test_evaluated_mesh_has_the_labels_of_its_frame(tmp_path, frames):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob, frames, frames[1:])
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
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    assert (values(evaluated(ob, 2, 0.75), "parts_label") == labels[2]).all()
    assert (values(evaluated(ob, 3, 0.25), "parts_label") == labels[3]).all()


def test_generated_faces_carry_the_label_of_the_face_they_come_from(tmp_path):
    ob = sphere()
    for kind in ("MIRROR", "SUBSURF", "ARRAY"):
        ob.modifiers.new(kind, kind)
    specific(ob.modifiers["MIRROR"]).use_mirror_merge = False
    ob.data.attributes.new("source", "INT", "FACE")
    ob.data.attributes["source"].data.foreach_set(
        "value", np.arange(len(ob.data.polygons), dtype=np.int32)
    )
    files, labels = changing_job(tmp_path, ob)
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
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files)
    assert [m.name for m in ob.modifiers] == ["Multires", "Parts4D"]
    assert len(evaluated(ob, 1).polygons) == faces
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))


def test_point_colors_are_the_mean_around_the_vertex(tmp_path):
    ob = sphere()
    ob.data.vertices.add(2)  # of no face
    files, labels = changing_job(tmp_path, ob)
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
    files, labels = changing_job(tmp_path, ob, frames=(1, 2, 3, 4), changes=(2,))
    apply_labels(files)
    assert [g.name for g in ob.vertex_groups] == ["part:jacket", "part:jeans", "part:hair"]
    incident: list[list[int]] = [[] for _ in ob.data.vertices]
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
    files, _ = changing_job(tmp_path, ob)
    apply_labels(files)
    document = json.loads(ob["parts4d"])
    assert [p["name"] for p in document["vocabulary"]] == ["jacket", "jeans", "hair"]
    assert document["vocabulary"][0]["synonyms"] == ["coat"]
    assert document["frames"] == [1, 2, 3, 4, 5]
    assert document["backends"] == {"proposer": "structure"}
    assert document["attributes"] == {"label": "parts_label", "color": "parts"}
    assert document["groups"]["jacket"] == "part:jacket"
    assert labelled_objects() == [ob]


def test_a_labelled_file_does_not_say_whose_it_is(tmp_path, home):
    ob = sphere()
    bpy.ops.wm.save_as_mainfile(filepath=str(_made(home / "films") / "a.blend"))
    near, _ = changing_job(home / "films" / "hero.parts4d", ob)
    far, _ = changing_job(tmp_path / "scratch" / "hero.parts4d", ob)
    for files, way in ((near, "//hero.parts4d"), (far, "")):
        apply_labels(files)
        said = [
            str(dict(o.items())) for group in (bpy.data.objects, bpy.data.meshes) for o in group
        ]
        assert any("job_id" in text for text in said)
        assert not [text for text in said if home.name in text or "scratch" in text]
        assert json.loads(ob["parts4d"])["job"] == way
        assert show_confidence(ob).mean == 1.0  # and it is found again


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder
