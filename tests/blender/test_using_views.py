# SPDX-License-Identifier: GPL-3.0-or-later
"""One part on its own, and confidences as colours: exact on the evaluated mesh, gone when off."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.scene.narrowing import specific
from core.scene.using import (
    correct_part,
    show_all_parts,
    show_confidence,
    solo_part,
)
from core.scene.writeback import WriteOptions, apply_labels, clear_labels, show_overlay
from core.scene.writeback.overlay_nodes import FADED, RAMP
from tests.blender.test_using_corrections import CHOSEN, choose
from tests.blender.test_writeback_overlay import _half_and_half, _render
from tests.blender.writeback_scene import (
    GREY,
    PARTS,
    changing,
    changing_job,
    corner_colors,
    differences,
    empty_scene,
    evaluated,
    file_state,
    finish,
    finished_job,
    finished_sequence,
    mesh_state,
    random_labels,
    sphere,
    values,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


DARK = (*(round(c * 255) for c in FADED), 255)


def close(found, expected):
    """Colours that went through scene-linear values may be off by one."""
    return np.abs(found.astype(int) - np.asarray(expected).astype(int)).max() <= 1


def solo_colors(mesh, label, part):
    colors = corner_colors(mesh, label)
    sizes = [p.loop_total for p in mesh.polygons]
    colors[np.repeat(label, sizes) != part] = DARK
    return colors


def test_solo_darkens_all_but_the_part_in_every_frame(tmp_path):
    ob = sphere()
    specific(ob.modifiers.new("Subsurf", "SUBSURF")).levels = 0
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    before, file_before = mesh_state(ob), file_state()
    solo_part(ob, "Coat")
    for frame in (1, 3, 5):
        mesh = evaluated(ob, frame)
        assert close(values(mesh, "parts"), solo_colors(mesh, labels[frame], 0))
    solo_part(ob, "")
    mesh = evaluated(ob, 5)
    assert close(values(mesh, "parts"), solo_colors(mesh, labels[5], -1))
    assert [m.name for m in ob.modifiers] == ["Parts4D", "Subsurf", "Parts4D Overlay"]
    assert len(bpy.data.materials) == 1
    assert len(bpy.data.node_groups) == 2
    show_all_parts(ob)
    mesh = evaluated(ob, 5)
    assert (values(mesh, "parts") == corner_colors(mesh, labels[5])).all()
    show_overlay([ob], False)
    bpy.context.scene.frame_set(1)
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


def test_solo_follows_corrections(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    solo_part(ob, "hair")
    choose(ob)
    correct_part([ob], "hair")
    label = labels[3].copy()
    label[CHOSEN] = 2
    mesh = evaluated(ob, 3)
    assert close(values(mesh, "parts"), solo_colors(mesh, label, 2))


def test_solo_on_vertex_colours_keeps_vertices_of_the_part(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files, WriteOptions(color_domain="POINT"))
    plain = values(evaluated(ob, 3), "parts").copy()
    solo_part(ob, "hair")
    mesh = evaluated(ob, 3)
    kept = np.zeros(len(mesh.vertices), bool)
    kept[[v for p in mesh.polygons if labels[3][p.index] == 2 for v in p.vertices]] = True
    found = values(mesh, "parts")
    assert (found[kept] == plain[kept]).all()
    assert close(found[~kept], DARK)


def test_solo_is_seen_in_renders_and_only_on_its_character(tmp_path):
    ob, files = _half_and_half(tmp_path / "job")
    other = sphere("Other")
    other.location.y = 50
    apply_labels(files)
    solo_part(ob, "jacket")
    image = _render(tmp_path / "solo.png", 4, "CYCLES")
    assert close(image[32, 16], (*(round(c * 255) for c in PARTS[0].color), 255))
    assert close(image[32, 48], DARK)
    assert not other.modifiers


def test_solo_stays_through_new_labels_while_its_part_does(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path / "a", ob)
    apply_labels(files)
    solo_part(ob, "hair")
    apply_labels(files)
    mesh = evaluated(ob, 3)
    assert close(values(mesh, "parts"), solo_colors(mesh, labels[3], 2))
    label = random_labels(48, 3) % 2
    apply_labels(finished_job(tmp_path / "b", [ob], {1: label}, PARTS[:2]))
    mesh = evaluated(ob, 1)
    assert (values(mesh, "parts") == corner_colors(mesh, label, PARTS[:2])).all()


def test_a_part_that_is_not_there_is_refused(tmp_path):
    ob = sphere()
    apply_labels(changing_job(tmp_path, ob)[0])
    with pytest.raises(InputError, match="no part called 'shoe'"):
        solo_part(ob, "shoe")
    assert [m.name for m in ob.modifiers] == ["Parts4D"]


STOPS = np.array([0.0, 0.25, 0.5, 0.75, 1.0], np.float16)
RAMP_BYTES = np.array([(*(round(c * 255) for c in color), 255) for color in RAMP])


def _sure(files, labels, shift=0):
    """Confidences that are stops of the ramp, other ones in every frame."""
    stops = {}
    for frame, label in labels.items():
        stops[frame] = (np.arange(len(label)) + frame + shift) % 5
        files.write_frame(frame, label, STOPS[stops[frame]])
    finish(files)
    return stops


def _confidence_colors(mesh, stops, label):
    colors = RAMP_BYTES[stops]
    colors[label < 0] = (GREY, GREY, GREY, 255)
    return np.repeat(colors, [p.loop_total for p in mesh.polygons], axis=0)


def test_confidences_of_the_frame_are_shown_and_clearing_removes_them(tmp_path):
    ob = sphere()
    before, file_before = mesh_state(ob), file_state()
    files, labels = changing_job(tmp_path, ob)
    stops = _sure(files, labels)
    apply_labels(files)
    for frame, read in ((4, 4), (1, 1), (9, 5)):
        bpy.context.scene.frame_set(frame)
        shown = show_confidence(ob)
        assert shown.frame == read
        sure = STOPS[stops[read]][labels[read] >= 0]
        assert shown.mean == pytest.approx(sure.mean(dtype=float), abs=1e-6)
        mesh = evaluated(ob, frame)
        held = {4: 3, 1: 1, 5: 5}[read]
        assert close(values(mesh, "parts"), _confidence_colors(mesh, stops[read], labels[held]))
        assert (values(ob.data, "parts_confidence") == STOPS[stops[read]]).all()
    bpy.context.scene.frame_set(1)
    clear_labels([ob])
    assert not differences(before, mesh_state(ob))
    assert not differences(file_before, file_state())


def test_corrected_faces_are_sure(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    stops = _sure(files, labels)
    apply_labels(files)
    choose(ob)
    correct_part([ob], "hair")
    show_confidence(ob)
    expected = STOPS[stops[1]].copy()
    expected[CHOSEN] = 1.0
    assert (values(ob.data, "parts_confidence") == expected).all()


def test_several_objects_take_their_own_piece_also_on_one_mesh_and_in_edit_mode(tmp_path):
    left = sphere("Left")
    right = bpy.data.objects.new("Right", left.data)
    bpy.context.collection.objects.link(right)
    third = sphere("Third")
    labels = changing(48 * 3, (1, 2), (2,))
    files = finished_job(tmp_path, [left, right, third], labels)
    stops = _sure(files, labels)
    apply_labels(files)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.scene.frame_set(2)
    show_confidence(third)
    assert third.mode == "EDIT"
    bpy.ops.object.mode_set(mode="OBJECT")
    for i, ob in enumerate((left, right, third)):
        piece = slice(48 * i, 48 * (i + 1))
        mesh = evaluated(ob, 2)
        expected = _confidence_colors(mesh, stops[2][piece], labels[2][piece])
        assert close(values(mesh, "parts"), expected)


def test_each_mesh_of_a_sequence_shows_its_own_frame(tmp_path):
    scans = {f: sphere(f"Scan {f}", 6 + f, 5 + f) for f in (1, 2)}
    labels = {f: random_labels(len(o.data.polygons), f) for f, o in scans.items()}
    files = finished_sequence(
        tmp_path, {f: [(o, len(labels[f]))] for f, o in scans.items()}, labels
    )
    stops = _sure(files, labels)
    apply_labels(files)
    show_confidence(scans[1])
    for frame, ob in scans.items():
        assert (values(ob.data, "parts_confidence") == STOPS[stops[frame]]).all()


def test_a_job_that_moved_is_found_where_one_says(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path / "a", ob)
    stops = _sure(files, labels)
    apply_labels(files)
    shutil.move(tmp_path / "a", tmp_path / "b")
    before = mesh_state(ob)
    with pytest.raises(InputError, match="is missing"):
        show_confidence(ob)
    assert not differences(before, mesh_state(ob))
    show_confidence(ob, tmp_path / "b")
    assert (values(ob.data, "parts_confidence") == STOPS[stops[1]]).all()


def test_a_mesh_that_was_edited_since_is_refused(tmp_path):
    ob = sphere()
    apply_labels(changing_job(tmp_path, ob)[0])
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    with pytest.raises(InputError, match=r"Body has \d+ faces, but confidences for 48"):
        show_confidence(ob)


def test_new_labels_take_the_confidences_away_and_show_parts(tmp_path):
    ob = sphere()
    files, labels = changing_job(tmp_path, ob)
    apply_labels(files)
    show_confidence(ob)
    apply_labels(files)
    assert "parts_confidence" not in ob.data.attributes
    mesh = evaluated(ob, 3)
    assert (values(mesh, "parts") == corner_colors(mesh, labels[3])).all()
    assert [m.name for m in ob.modifiers] == ["Parts4D", "Parts4D Overlay"]
