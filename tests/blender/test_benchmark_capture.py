# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's captures: the truth of every face stays with that face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from benchmarks.quality.captured import CapturedCase, CaptureOptions, capture_case
from benchmarks.quality.cases import Case, find_cases
from core.errors import JobError, Parts4DError
from tests.blender.capture_scenes import empty_file, sphere

OPTIONS = CaptureOptions(frames=2, views=2, resolution=64)


def part_of(height: np.ndarray) -> np.ndarray:
    """0, 1 or 2 by height in a ball of radius 1."""
    return np.digitize(height, [-0.4, 0.4]).astype(np.int32)


def captured(case: Case, folder: Path) -> CapturedCase:
    return capture_case(case, folder / "captures" / case.name, OPTIONS)


def labelled_ball(folder: Path, name: str) -> Path:
    """NAME/NAME.blend with two balls; the one below has no ground truth."""
    scene = empty_file()
    upper, lower = sphere("upper"), sphere("lower", x=3.0)
    height = np.array([face.center.z for face in upper.data.polygons])
    attribute = upper.data.attributes.new("gt_part", "INT", "FACE")
    attribute.data.foreach_set("value", part_of(height))
    for ball in (upper, lower):
        ball.data.materials.append(bpy.data.materials.new(ball.name))
    parent = bpy.data.objects.new("figure", bpy.data.armatures.new("figure"))
    scene.collection.objects.link(parent)
    for ball in (upper, lower):
        ball.parent = parent
    scene["gt_names"] = json.dumps(["trousers", "shirt", "head"])
    path = folder / name / f"{name}.blend"
    path.parent.mkdir(parents=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def scan_sequence(folder: Path, shuffle_labels: bool = False) -> Path:
    """Three balls, each with faces of its own in an order of its own."""
    folder.mkdir(parents=True)
    labels: dict[str, Any] = {}
    random = np.random.default_rng(5)
    for index in range(3):
        empty_file()
        ball = sphere("ball", 8 + 2 * index, 6 + index)
        vertices = np.array([v.co[:] for v in ball.data.vertices])
        faces = [tuple(p.vertices) for p in ball.data.polygons]
        faces = [faces[i] for i in random.permutation(len(faces))]
        lines = ["ply", "format ascii 1.0", f"element vertex {len(vertices)}"]
        lines += [f"property float {axis}" for axis in "xyz"]
        lines += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
        lines += ["end_header", *(" ".join(map(str, v)) for v in vertices)]
        lines += [f"{len(f)} {' '.join(map(str, f))}" for f in faces]
        (folder / f"frame_{index + 8}.ply").write_text("\n".join(lines) + "\n")
        height = np.array([vertices[list(face)][:, 2].mean() for face in faces])
        labels[f"f{index + 8}"] = part_of(height)
    if shuffle_labels:
        labels["f8"] = labels["f8"][:-1]
    np.savez(folder / "labels.npz", **labels)
    (folder / "meta.json").write_text(json.dumps({"gt_names": ["trousers", "shirt", "head"]}))
    return folder


def test_the_truth_of_a_character_is_that_of_its_faces(tmp_path: Path) -> None:
    labelled_ball(tmp_path / "characters", "ball_two")
    (case,) = find_cases(tmp_path / "characters")
    found = captured(case, tmp_path)
    assert found.constant_topology
    assert found.names == ("trousers", "shirt", "head")
    assert found.present == ("trousers", "shirt", "head")
    frame = found.frames[0]
    facts = found.files.facts(frame)
    name = np.array(found.files.manifest.names.objects)[facts.object]
    expected = np.where(name == "upper", part_of(facts.centroid[:, 2]), -1)
    np.testing.assert_array_equal(found.truth[frame], expected)
    assert found.seconds > 0


def test_the_truth_of_a_scan_follows_the_order_of_its_files_and_faces(tmp_path: Path) -> None:
    scan_sequence(tmp_path / "scans" / "sim_balls")
    (case,) = find_cases(scans=tmp_path / "scans")
    found = captured(case, tmp_path)
    assert not found.constant_topology
    assert len(found.frames) == min(OPTIONS.scan_frames, 3)  # consecutive ones, not key poses
    counts = set()
    for frame in found.frames:
        facts = found.files.facts(frame)
        np.testing.assert_array_equal(found.truth[frame], part_of(facts.centroid[:, 2]))
        counts.add(facts.count)
    assert len(counts) == len(found.frames)


def test_a_capture_is_made_once_and_again_for_another_file(tmp_path: Path) -> None:
    path = labelled_ball(tmp_path / "characters", "ball_two")
    (case,) = find_cases(tmp_path / "characters")
    first = captured(case, tmp_path)
    image = first.files.frame_path(first.frames[0])
    made = image.stat().st_mtime_ns
    assert captured(case, tmp_path).files.frame_path(first.frames[0]).stat().st_mtime_ns == made
    # A run that was killed before the end of the capture left no mark: it goes on where it was.
    (image.parent / "done.json").unlink()
    assert captured(case, tmp_path).frames == first.frames
    assert image.stat().st_mtime_ns == made
    path.unlink()
    path.parent.rmdir()
    labelled_ball(tmp_path / "characters", "ball_two")
    captured(case, tmp_path)
    assert image.stat().st_mtime_ns > made


def test_labels_that_do_not_belong_to_the_faces_are_an_error(tmp_path: Path) -> None:
    scan_sequence(tmp_path / "scans" / "sim_balls", shuffle_labels=True)
    (case,) = find_cases(scans=tmp_path / "scans")
    with pytest.raises(JobError, match="labels"):
        captured(case, tmp_path)


def test_a_character_without_truth_is_an_error(tmp_path: Path) -> None:
    empty_file()
    sphere("ball")
    path = tmp_path / "plain" / "plain.blend"
    path.parent.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    case = Case("plain", "plain", "character", path)
    with pytest.raises(Parts4DError, match="no ground truth"):
        captured(case, tmp_path)
