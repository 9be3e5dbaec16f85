# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the VALID library: a tiny .blend like theirs, made by Blender, and the real ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.unit.training.people.tiny_kit import bones
from training.bank import region_index, surface_index
from training.people.valid import load_valid, valid_names


@pytest.fixture(scope="module")
def blend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forearm of skin, a sleeve on the upper arm and a hair on the head: one triangle each."""
    bpy = pytest.importorskip("bpy")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = bpy.data.objects.new("Reference", bpy.data.armatures.new("Reference"))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, (parent, head, tail) in bones().items():
        bone = rig.data.edit_bones.new(name)
        bone.head, bone.tail = ([p[0] / 10, -p[2] / 10, p[1] / 10] for p in (head, tail))
        bone.parent = rig.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.meshes.new("body")
    first = np.array([(0.4, 0, 1.1), (0.5, 0, 1.0), (0.45, 0.1, 1.0)])
    points = np.concatenate([first, first, first + (0, 0, 0.4)])
    points[3:6, 1] += 1.0
    points[3] = points[0]  # split as along a texture seam
    mesh.from_pydata(points.tolist(), [], [(0, 1, 2), (3, 4, 5), (6, 7, 8)])
    mesh.uv_layers.new(name="UVMap")
    mesh.materials.append(bpy.data.materials.new("plain"))
    mesh.materials[0].use_nodes = True
    part = mesh.attributes.new("gt_part", "INT", "FACE")
    part.data.foreach_set("value", [1, 2, 0])
    body = bpy.data.objects.new("body", mesh)
    bpy.context.scene.collection.objects.link(body)
    for name, rows in (("LeftForeArm", (0, 1, 2, 3)), ("LeftArm", (4, 5)), ("Hips", (6, 7, 8))):
        body.vertex_groups.new(name=name).add(rows, 1.0, "REPLACE")
    bpy.context.scene["gt_names"] = json.dumps(["hair", "left forearm", "shirt"])
    path = tmp_path_factory.mktemp("valid") / "valid_x_asian_f1_casual.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def test_labels_become_surfaces_and_regions(blend):
    figure = load_valid(blend)
    named = [surface_index(n) for n in ("skin", "shirt", "hair")]
    assert figure.surface.tolist() == named
    regions = [region_index(n) for n in ("forearm", "upper arm", "head")]
    assert figure.region.tolist() == regions
    assert figure.pieces[figure.piece[0]] == "body" and figure.pieces[figure.piece[1]] == "shirt"


def test_seams_are_welded(blend):
    figure = load_valid(blend)
    assert len(figure.vertices) == 8
    assert figure.faces[0, 0] == figure.faces[1, 0]


def test_the_name_says_person_and_outfit(blend):
    figure = load_valid(blend)
    assert (figure.family, figure.person) == ("valid", "x_asian_f1")
    assert figure.garments == ("x_asian_f1_casual",)
    assert valid_names(blend.parent) == ["valid_x_asian_f1_casual"]


def test_a_cached_person_is_the_same(blend, tmp_path):
    first, second = load_valid(blend, tmp_path), load_valid(blend, tmp_path)
    assert np.array_equal(first.vertices, second.vertices)
    assert first.skeleton.names == second.skeleton.names


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_valid(tmp_path / "valid_nobody.blend")


def test_a_real_person_is_a_whole_figure(tmp_path):
    folder = os.environ.get("PARTS4D_TRAINING_DATA")
    if not folder:
        pytest.skip("PARTS4D_TRAINING_DATA names no folder of training data")
    pytest.importorskip("bpy")
    valid = Path(folder) / "valid"
    figure = load_valid(valid / f"{valid_names(valid)[0]}.blend", tmp_path)
    assert 1.4 < figure.height < 2.1
    assert np.allclose(figure.weights.sum(axis=1), 1, atol=1e-4)
    assert all(isinstance(m.texture, np.ndarray) and m.texture.ndim == 3 for m in figure.materials)
