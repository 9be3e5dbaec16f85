# SPDX-License-Identifier: GPL-3.0-or-later
"""Element maps are exact, whatever else the scene holds."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.job.arrays import ArrayReader
from core.job.capture_files import PASSES, CaptureFiles
from core.scene.capture.capture import capture_in_process
from tests.blender.capture_scenes import (
    captured,
    empty_file,
    ray_cast_elements,
    rigged_character,
    sphere,
)


@pytest.mark.parametrize("projection", ["orthographic", "perspective"])
def test_a_bent_rigged_character_agrees_with_ray_casting(tmp_path, projection):
    rigged_character()
    files = captured(tmp_path, (1, 5), step=2, projection=projection, elevation=20.0)
    assert files.manifest.topology == "constant"
    assert [o.name for o in files.manifest.objects] == ["body", "hat"]
    for frame, view in ((1, 0), (3, 1), (5, 2)):
        hit, wrong = ray_cast_elements(tmp_path, frame, view)
        assert hit > 300
        assert wrong == 0


def test_frames_show_their_own_pose(tmp_path):
    rigged_character()
    files = captured(tmp_path, (1, 5), step=4)
    first, last = (files.view(t, 1).element for t in (1, 5))
    assert first.shape != last.shape or (first != last).any()


def test_colour_management_and_compositor_of_the_file_do_not_matter(tmp_path):
    rigged_character()
    plain = captured(tmp_path / "plain", (3, 3))
    expected = [plain.view(3, v) for v in range(3)]

    rigged_character()
    scene = bpy.context.scene
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Punchy"
    scene.view_settings.exposure = 3.0
    scene.render.use_motion_blur = True
    scene.render.dither_intensity = 2.0
    if bpy.app.version >= (5, 0, 0):
        scene.compositing_node_group = bpy.data.node_groups.new("comp", "CompositorNodeTree")
    else:
        scene.use_nodes = True
        scene.node_tree.nodes.clear()
    scene.sequence_editor_create()
    disturbed = captured(tmp_path / "disturbed", (3, 3))
    for view, image in enumerate(expected):
        other = disturbed.view(3, view)
        for field in ("element", "color", "normal", "depth"):
            assert np.array_equal(getattr(other, field), getattr(image, field)), field


def test_a_second_capture_gives_the_same_bytes(tmp_path):
    rigged_character()
    files = captured(tmp_path, (2, 2))
    first = files.frame_path(2).read_bytes()
    files.frame_path(2).unlink()
    capture_in_process(tmp_path)
    assert files.frame_path(2).read_bytes() == first


def test_depth_and_intrinsics_are_stored_only_where_they_are_asked_for(tmp_path):
    rigged_character()
    whole = captured(tmp_path / "whole", (3, 3)).view(3, 0)
    rigged_character()
    files = captured(tmp_path / "plain", (3, 3), depth=False)
    plain = files.view(3, 0)
    assert whole.depth is not None and whole.intrinsics is not None
    assert plain.depth is None and plain.intrinsics is None and plain.silhouette.any()
    for one in PASSES:
        if not one.optional:
            assert np.array_equal(getattr(plain, one.name), getattr(whole, one.name)), one.name
    with ArrayReader(files.frame_path(3)) as reader:
        kinds = {name.rpartition("_")[0] for name in reader.names()}
    assert kinds == {"box", "element", "color", "normal", "world_to_camera"}


def test_depth_is_measured_from_the_bounds_centre_and_normals_are_in_world_space(tmp_path):
    empty_file()
    sphere(segments=64, rings=48).data.shade_smooth()
    image = captured(tmp_path).view(1, 0)
    centre = tuple(n // 2 for n in image.element.shape)
    assert image.depth is not None
    assert float(image.depth[centre]) == pytest.approx(-1.0, abs=0.02)
    assert image.normal[centre][1] < -120
    assert abs(int(image.normal[centre][0])) < 12


def test_neither_the_number_nor_the_order_of_processes_changes_anything(tmp_path):
    rigged_character()
    files = captured(tmp_path, (1, 3))
    whole = {t: files.frame_path(t).read_bytes() for t in (1, 2, 3)}
    for path in tmp_path.glob("capture/frame_*.npz"):
        path.unlink()
    capture_in_process(tmp_path, 1, 2)
    assert [p.name for p in sorted(tmp_path.glob("capture/frame_*"))] == ["frame_0002.npz"]
    capture_in_process(tmp_path, 0, 2)
    assert {t: files.frame_path(t).read_bytes() for t in (1, 2, 3)} == whole


def test_frames_that_are_there_are_kept_and_damaged_ones_made_anew(tmp_path):
    rigged_character()
    files = captured(tmp_path, (1, 2))
    kept, damaged = files.frame_path(1), files.frame_path(2)
    before, content = kept.stat().st_mtime_ns, damaged.read_bytes()
    damaged.write_bytes(content[: len(content) // 2])
    capture_in_process(tmp_path)
    assert kept.stat().st_mtime_ns == before
    assert damaged.read_bytes() == content


def test_key_poses_are_far_apart(tmp_path):
    rigged_character()
    files = captured(tmp_path, (1, 5), keyframes=2)
    assert files.manifest.frames == (1, 5)
    assert sorted(p.name for p in tmp_path.glob("capture/frame_*")) == [
        "frame_0001.npz",
        "frame_0005.npz",
    ]


def test_nothing_is_left_in_the_job_folder_but_results(tmp_path):
    rigged_character()
    captured(tmp_path)
    found = sorted(p.name for p in (tmp_path / "capture").iterdir())
    assert found == ["capture.json", "facts.npz", "frame_0001.npz"]


def test_a_character_that_is_hidden_for_a_while_gives_an_empty_silhouette_then(tmp_path):
    empty_file()
    ball = sphere()
    for hidden, frame in ((False, 1), (True, 2), (False, 3)):
        ball.hide_render = hidden
        ball.keyframe_insert("hide_render", frame=frame)
    files = captured(tmp_path, (1, 3))
    assert isinstance(files, CaptureFiles)
    seen = [bool(files.view(t, 0).silhouette.any()) for t in (1, 2, 3)]
    assert seen == [True, False, True]
