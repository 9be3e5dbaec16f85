# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing topology: labels on each frame's own mesh, or on meshes baked from the modifiers."""

from __future__ import annotations

import json

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.scene.narrowing import specific
from core.scene.writeback import apply_labels, clear_labels, labelled_objects
from tests.blender.writeback_scene import (
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    file_state,
    finished_sequence,
    mesh_state,
    random_labels,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def _remeshed():
    """A sphere that a Remesh modifier turns into other faces in every frame."""
    ob = sphere("Clay", 16, 12)
    ob.data.materials.append(bpy.data.materials.new("clay"))
    ob.location = (1, 2, 3)
    remesh = specific(ob.modifiers.new("Remesh", "REMESH"))
    remesh.mode = "VOXEL"
    for frame, size in ((1, 0.5), (3, 0.3), (5, 0.2)):
        remesh.voxel_size = size
        remesh.keyframe_insert("voxel_size", frame=frame)
    return ob


def _remeshed_job(folder, ob, frames=(1, 3, 5), seed=0):
    faces = {f: len(evaluated(ob, f).polygons) for f in frames}
    assert len(set(faces.values())) == len(frames)
    labels = {f: random_labels(n, f + seed) for f, n in faces.items()}
    files = finished_sequence(folder, {f: [(ob, n)] for f, n in faces.items()}, labels)
    return files, labels


def _shown(frame):
    bpy.context.scene.frame_set(frame)
    graph = bpy.context.evaluated_depsgraph_get()
    return [
        i.object.original
        for i in graph.object_instances
        if i.object.type == "MESH" and not i.object.hide_render
    ]


def test_each_mesh_of_a_sequence_gets_its_frames_labels(tmp_path):
    objects = {f: sphere(f"Scan {f}", 6 + f, 5 + f) for f in (1, 2, 3)}
    for frame, ob in objects.items():
        ob["parts4d_frame"] = frame
    states = {f: mesh_state(o) for f, o in objects.items()}
    labels = {f: random_labels(len(o.data.polygons), f) for f, o in objects.items()}
    files = finished_sequence(
        tmp_path, {f: [(o, len(o.data.polygons))] for f, o in objects.items()}, labels
    )
    report = apply_labels(files)
    assert report.stored == 3
    assert report.switched == report.baked == ()
    for frame, ob in objects.items():
        assert (values(ob.data, "parts_label") == labels[frame]).all()
        assert (values(ob.data, "parts") == corner_colors(ob.data, labels[frame])).all()
        assert len(ob.vertex_groups) == 3
        assert not ob.modifiers
    clear_labels(labelled_objects())
    for frame, ob in objects.items():
        assert not differences(states[frame], mesh_state(ob))


def test_a_lasting_object_beside_a_sequence_is_switched(tmp_path):
    hat = sphere("Hat")
    scans = {f: sphere(f"Scan {f}", 6 + f, 5 + f) for f in (1, 2, 3)}
    for frame, ob in scans.items():
        ob["parts4d_frame"] = frame
    objects = {f: [(hat, 48), (o, len(o.data.polygons))] for f, o in scans.items()}
    labels = {f: random_labels(sum(n for _, n in run), f) for f, run in objects.items()}
    report = apply_labels(finished_sequence(tmp_path, objects, labels))
    assert report.switched == ("Hat",)
    for frame, ob in scans.items():
        assert (values(evaluated(hat, frame), "parts_label") == labels[frame][:48]).all()
        assert (values(ob.data, "parts_label") == labels[frame][48:]).all()


def test_frames_of_a_remeshed_object_are_baked(tmp_path):
    ob = _remeshed()
    files, labels = _remeshed_job(tmp_path, ob)
    bpy.context.scene.frame_set(4)
    before, file_before = mesh_state(ob), file_state()
    report = apply_labels(files)
    assert bpy.context.scene.frame_current == 4
    assert report.baked == ("Clay parts",)
    assert len(bpy.data.collections["Clay parts"].objects) == 3
    for frame in range(8):
        held = max((f for f in labels if f <= frame), default=1)
        shown = _shown(frame)
        assert len(shown) == 1
        mesh = shown[0].data
        assert (values(mesh, "parts_label") == labels[held]).all()
        assert (values(mesh, "parts") == corner_colors(mesh, labels[held])).all()
        assert tuple(shown[0].matrix_world.translation) == (1, 2, 3)
        assert shown[0].material_slots[0].material.name == "clay"
    assert json.loads(ob["parts4d"])["baked"]["collection"] == "Clay parts"
    assert (ob.hide_viewport, ob.hide_render) == (True, True)
    bpy.context.scene.frame_set(4)
    assert clear_labels([ob]).collections == 1
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


def test_baking_twice_replaces_the_first(tmp_path):
    ob = _remeshed()
    before, file_before = mesh_state(ob), file_state()
    first, _ = _remeshed_job(tmp_path / "a", ob)
    second, labels = _remeshed_job(tmp_path / "b", ob, (1, 5), seed=7)
    bpy.context.scene.frame_set(1)
    apply_labels(first)
    apply_labels(second)
    assert [c.name for c in bpy.data.collections] == ["Clay parts"]
    assert sorted(o.name for o in bpy.data.objects) == ["Clay", "Clay 0001", "Clay 0005"]
    shown = _shown(5)
    assert [o.name for o in shown] == ["Clay 0005"]
    assert (values(shown[0].data, "parts_label") == labels[5]).all()
    bpy.context.scene.frame_set(1)
    clear_labels([shown[0]])  # a baked frame stands for its source
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


@pytest.mark.parametrize("earlier", [False, True])
def test_a_bake_that_fails_leaves_nothing(tmp_path, earlier):
    ob = _remeshed()
    good, _ = _remeshed_job(tmp_path / "a", ob)
    bpy.context.scene.frame_set(1)
    files = finished_sequence(
        tmp_path / "c",
        {f: [(ob, n)] for f, n in ((1, len(evaluated(ob, 1).polygons)), (3, 11))},
        {1: random_labels(len(evaluated(ob, 1).polygons), 1), 3: random_labels(11, 1)},
    )
    if earlier:
        apply_labels(good)
    bpy.context.scene.frame_set(1)
    before, file_before = mesh_state(ob), file_state()
    with pytest.raises(InputError, match="Clay has changed since it was parsed: in frame 3"):
        apply_labels(files)
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())
    assert bpy.context.scene.frame_current == 1


def test_labels_of_a_constant_run_do_not_ride_into_the_bake(tmp_path):
    ob = _remeshed()
    from tests.blender.writeback_scene import changing, finished_job

    before = mesh_state(ob)
    apply_labels(finished_job(tmp_path / "a", [ob], changing(len(ob.data.polygons), (1, 2), (2,))))
    files, labels = _remeshed_job(tmp_path / "b", ob)
    apply_labels(files)
    assert not ob.vertex_groups
    assert [m.name for m in ob.modifiers] == ["Remesh"]
    for baked in bpy.data.collections["Clay parts"].objects:
        frame = int(baked.name[-4:])
        assert (values(baked.data, "parts_label") == labels[frame]).all()
        assert not [a.name for a in baked.data.attributes if a.name.startswith("p4d")]
        assert [g.name for g in baked.vertex_groups] == ["part:jacket", "part:jeans", "part:hair"]
    bpy.context.scene.frame_set(1)
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))


def test_an_object_put_among_the_baked_frames_survives_clearing(tmp_path):
    ob = _remeshed()
    files, _ = _remeshed_job(tmp_path, ob)
    apply_labels(files)
    mine = bpy.data.objects.new("Mine", None)
    bpy.data.collections["Clay parts"].objects.link(mine)
    clear_labels([ob])
    assert sorted(o.name for o in bpy.context.scene.objects) == ["Clay", "Mine"]


def test_animated_visibility_of_a_baked_object_is_warned_about(tmp_path):
    ob = _remeshed()
    ob.keyframe_insert("hide_render", frame=1)
    files, _ = _remeshed_job(tmp_path, ob)
    assert "visibility of Clay is animated" in apply_labels(files).warnings[0]


def test_a_mesh_without_modifiers_that_changed_is_refused(tmp_path):
    ob = sphere("Scan")
    ob["parts4d_frame"] = 1
    files = finished_sequence(tmp_path, {1: [(ob, 11)]}, {1: np.zeros(11, np.int16)})
    with pytest.raises(InputError, match="Scan has changed since it was parsed"):
        apply_labels(files)
