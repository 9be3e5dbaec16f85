# SPDX-License-Identifier: GPL-3.0-or-later
"""Mesh sequences: numbered files become one mesh per frame, each its own topology."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.scene.files.sequence import file_number, import_sequence, natural_order
from tests.blender.capture_scenes import captured, empty_file, ray_cast_elements, sphere


def write_scans(folder: Path, count: int, suffix: str = ".ply") -> list[Path]:
    """Balls that grow and get more faces, red to green."""
    paths = []
    for index in range(count):
        empty_file()
        ball = sphere(f"scan{index}", 8 + 2 * index, 6 + index, size=1 + 0.1 * index)
        layer = ball.data.color_attributes.new("Col", "BYTE_COLOR", "POINT")
        color = [0.9, 0.1, 0.1, 1.0] if index == 0 else [0.1, 0.8, 0.1, 1.0]
        layer.data.foreach_set("color_srgb", np.tile(color, len(layer.data)))
        ball.data.color_attributes.active_color = layer
        ball.select_set(True)
        path = folder / f"scan_{index + 9}{suffix}"
        if suffix == ".ply":
            bpy.ops.wm.ply_export(filepath=str(path), export_colors="SRGB")
        else:
            bpy.ops.wm.obj_export(filepath=str(path))
        paths.append(path)
    empty_file()
    return paths


def test_files_are_taken_in_natural_order():
    names = ["s10.ply", "s9.ply", "S1.ply", "s9b.ply"]
    ordered = sorted(map(Path, names), key=natural_order)
    assert [p.name for p in ordered] == ["S1.ply", "s9.ply", "s9b.ply", "s10.ply"]
    assert file_number(Path("take2_0042.ply")) == 42


def test_a_ply_sequence_is_captured_frame_by_frame_with_its_colours(tmp_path):
    paths = write_scans(tmp_path, 3)
    collection = import_sequence(list(reversed(paths)))
    assert [o["parts4d_frame"] for o in collection.objects] == [1, 2, 3]
    files = captured(tmp_path / "job", (1, 3), azimuths=1, elevation=10.0)
    manifest = files.manifest
    assert manifest.topology == "sequence" and manifest.frames == (1, 2, 3)
    counts = [sum(o.element_count for o in manifest.objects_at(t)) for t in (1, 2, 3)]
    assert counts == sorted(set(counts))
    for frame, count in zip((1, 2, 3), counts, strict=True):
        image = files.view(frame, 0)
        assert files.facts(frame).count == count
        assert 0 <= image.element.max() < count
        red, green, _ = np.median(image.color[image.silhouette], axis=0)
        assert (red > green) == (frame == 1)


def test_only_the_meshes_of_a_frame_are_in_its_picture(tmp_path):
    paths = write_scans(tmp_path, 2)
    import_sequence(paths)
    files = captured(tmp_path / "job", (1, 2), azimuths=1)
    names = [[o.name for o in files.manifest.objects_at(t)] for t in (1, 2)]
    assert len(names[0]) == len(names[1]) == 1 and names[0] != names[1]


def test_frames_may_keep_the_files_numbers(tmp_path):
    collection = import_sequence(write_scans(tmp_path, 2, ".obj"), keep_numbers=True)
    assert {o["parts4d_frame"] for o in collection.objects} == {9, 10}
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (9, 10)
    shown = []
    for frame in (8, 9, 10, 11):
        bpy.context.scene.frame_set(frame)
        shown.append(sum(not o.hide_render for o in collection.objects))
    assert shown == [0, 1, 1, 0]


def test_meshes_with_other_vertices_have_no_comparable_poses(tmp_path):
    paths = []
    for index, size in enumerate((1, 1, 1, 1, 1, 3)):
        empty_file()
        sphere(f"scan{index}", 60 + index, 40, size=size)
        paths.append(tmp_path / f"scan_{index}.ply")
        bpy.ops.wm.ply_export(filepath=str(paths[-1]))
    empty_file()
    import_sequence(paths)
    files = captured(tmp_path / "job", (1, 6), azimuths=1, keyframes=3)
    assert files.manifest.frames == (1, 3, 6)  # evenly spread


def test_bad_files_are_refused(tmp_path):
    empty_file()
    with pytest.raises(InputError, match="No files"):
        import_sequence([])
    with pytest.raises(InputError, match="does not exist"):
        import_sequence([tmp_path / "none.ply"])
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="unsupported file type"):
        import_sequence([tmp_path / "notes.txt"])
    (tmp_path / "bad.ply").write_text("hello")
    with pytest.raises(InputError, match=r"bad.ply"):
        import_sequence([tmp_path / "bad.ply"])


def test_nothing_piles_up_over_many_frames(tmp_path):
    from core.job.capture_files import CaptureFiles
    from core.scene.capture.capture import capture_in_process
    from tests.blender.capture_scenes import write_job

    empty_file()
    ball = sphere()
    remesh = ball.modifiers.new("R", "REMESH")
    remesh.mode, remesh.octree_depth = "BLOCKS", 3
    ball.keyframe_insert("scale", frame=1)
    write_job(tmp_path, (1, 40), azimuths=1, resolution=16)
    counts: list[tuple[int, ...]] = []

    def count(done: float, total: float) -> None:
        kinds = ("meshes", "objects", "images", "materials", "scenes", "node_groups", "cameras")
        if done:
            counts.append(tuple(len(getattr(bpy.data, k)) for k in kinds))

    capture_in_process(tmp_path, progress=count)
    assert CaptureFiles(tmp_path / "capture").manifest.topology == "sequence"
    assert len(counts) == 40 and len(set(counts)) == 1


def test_a_frame_of_changing_topology_agrees_with_ray_casting(tmp_path):
    paths = write_scans(tmp_path, 2)
    import_sequence(paths)
    captured(tmp_path / "job", (1, 1), azimuths=1, elevation=10.0)
    hit, wrong = ray_cast_elements(tmp_path / "job", 1, 0)
    assert hit > 500 and wrong == 0
