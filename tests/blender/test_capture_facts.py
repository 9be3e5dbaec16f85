# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of elements: bones, materials, loose parts, UV islands, areas, neighbours."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.capture import facts as arithmetic
from core.scene.capture.capture_scene import add_camera, configure_passes, render_scene
from core.scene.capture.exr import ExrError, decode_exr, read_exr
from core.scene.capture.mesh_facts import ElementSource, NameTable, gather_facts, read_topology
from core.scene.capture.passes import render_channels
from tests.blender.capture_scenes import captured, empty_file, rigged_character, sphere


def grid(name: str, side: int, seam: bool = False):
    """side x side quads with UVs; `seam` cuts the UVs (not the mesh) in the middle."""
    mesh = bpy.data.meshes.new(name)
    line = np.arange(side + 1)
    x, y = np.meshgrid(line, line)
    vertices = np.stack([x, y, np.zeros_like(x)], -1).reshape(-1, 3) / side
    first = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    faces = np.stack([first, first + 1, first + side + 2, first + side + 1], 1)
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    uv = vertices[faces.ravel()][:, :2].copy()
    if seam:
        uv[np.repeat(first % (side + 1) >= side // 2, 4), 0] += 5
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uv.astype(np.float32).ravel())
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


def test_faces_know_the_bone_that_moves_them_most(tmp_path):
    rigged_character()
    files = captured(tmp_path)
    names, facts = files.manifest.names, files.facts(1)
    assert names.bones == ("lower", "upper") and names.bone_parent == (-1, 0)
    body = facts.object == names.objects.index("body")
    assert (facts.bone[body & (facts.centroid[:, 2] < -0.3)] == 0).all()
    assert (facts.bone[body & (facts.centroid[:, 2] > 0.3)] == 1).all()
    hat = facts.object == names.objects.index("hat")
    assert (facts.bone[hat] == 1).all()  # by its parent bone


def test_centroids_follow_the_pose_of_the_first_captured_frame(tmp_path):
    rigged_character()
    upright = captured(tmp_path / "a", (1, 1)).facts(1)
    rigged_character()
    bent = captured(tmp_path / "b", (5, 5)).facts(5)
    moved = np.linalg.norm(upright.centroid - bent.centroid, axis=1)
    assert moved[upright.bone == 1].max() > 0.5
    assert moved[(upright.bone == 0) & (upright.centroid[:, 2] < -0.5)].max() < 1e-4


def test_materials_loose_parts_islands_areas_and_neighbours(tmp_path):
    empty_file()
    one, two = grid("one", 4, seam=True), grid("two", 2)
    two.location.x, two.scale = 2.0, (2, 2, 2)
    one.data.materials.append(bpy.data.materials.new("cloth"))
    one.data.materials.append(bpy.data.materials.new("skin"))
    one.data.polygons[3].material_index = 1
    both = bpy.data.collections.new("both")
    bpy.context.scene.collection.children.link(both)
    for obj in (one, two):
        both.objects.link(obj)
    files = captured(tmp_path, name="both", azimuths=1, elevation=60.0)
    facts, names = files.facts(1), files.manifest.names
    assert names.materials == ("cloth", "skin")
    assert facts.material.tolist() == [0, 0, 0, 1] + [0] * 12 + [-1] * 4
    assert facts.loose_part.tolist() == [0] * 16 + [1] * 4
    assert facts.uv_island.tolist() == [0, 0, 1, 1] * 4 + [2] * 4
    assert np.allclose(facts.area[:16], 1 / 16) and np.allclose(facts.area[16:], 1.0)
    assert facts.centroid[16] == pytest.approx([2.5, 0.5, 0])
    pairs = {tuple(p) for p in facts.neighbours.tolist()}
    assert len(pairs) == len(facts.neighbours) == 24 + 4
    assert {(0, 1), (0, 4), (16, 17), (16, 18)} <= pairs and (15, 16) not in pairs


def test_components_agree_with_a_flood_fill():
    rng = np.random.default_rng(4)
    for count in (1, 5, 60, 400):
        links = rng.integers(0, count, (count, 2))
        reached = {i: {i} for i in range(count)}
        for a, b in links.tolist():
            merged = reached[a] | reached[b]
            for node in merged:
                reached[node] = merged
        expected = [min(reached[i]) for i in range(count)]
        assert arithmetic.connected_components(count, links).tolist() == expected


def test_meshes_with_nothing_in_them_have_empty_facts():
    empty_file()
    mesh = bpy.data.meshes.new("empty")
    obj = bpy.data.objects.new("empty", mesh)
    facts = gather_facts([ElementSource(obj, mesh, np.zeros((0, 3), np.float32))], NameTable())
    assert facts.count == 0 and facts.neighbours.shape == (0, 2)
    assert arithmetic.uv_islands(read_topology(mesh), np.zeros((0, 2), np.float32)).shape == (0,)


def test_the_reader_agrees_with_blenders_own_file_and_refuses_every_truncation(tmp_path):
    empty_file()
    ball = sphere()
    shown = bpy.data.collections.new("shown")
    shown.objects.link(ball)
    camera = add_camera(bpy.context.scene)
    camera.location, camera.rotation_euler = (0, -3, 0), (np.pi / 2, 0, 0)
    scene = render_scene("passes", shown, camera, 1)
    configure_passes(scene, depth=True)
    scene.render.resolution_x, scene.render.resolution_y = 24, 16
    channels = render_channels(scene, tmp_path)
    depth, normal = channels["ViewLayer.Depth.Z"], channels["ViewLayer.Normal.Y"]
    assert depth.shape == (16, 24) and depth.dtype == np.float32
    assert depth[8, 12] == pytest.approx(2.0, abs=0.05) and normal[8, 12] < -0.9

    scene.render.filepath = str(tmp_path / "kept.exr")
    bpy.ops.render.render(write_still=True, scene=scene.name)
    content = (tmp_path / "kept.exr").read_bytes()
    assert np.array_equal(decode_exr(content)["ViewLayer.Depth.Z"], depth)
    for length in range(0, len(content), 97):
        with pytest.raises(ExrError):
            decode_exr(content[:length])
    scene.render.image_settings.exr_codec = "ZIP"
    bpy.ops.render.render(write_still=True, scene=scene.name)
    assert np.array_equal(read_exr(tmp_path / "kept.exr")["ViewLayer.Depth.Z"], depth)
    scene.render.image_settings.exr_codec = "PIZ"
    bpy.ops.render.render(write_still=True, scene=scene.name)
    with pytest.raises(ExrError, match="compressed"):
        read_exr(tmp_path / "kept.exr")
