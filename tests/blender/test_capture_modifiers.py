# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements ride through modifiers; where they cannot, each frame is its own topology."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix

from core.scene.capture.capture_scene import place_character
from core.scene.capture.elements import mark_elements, read_ids
from core.scene.capture.scan import visible_meshes
from tests.blender.capture_scenes import captured, empty_file, ray_cast_elements, sphere

_MATERIALS = 7  # face i has material i % 7: an independent trace of where a face came from

MODIFIERS: dict[str, dict[str, Any]] = {
    "SUBSURF": {"levels": 2, "render_levels": 1},
    "MULTIRES": {},
    "MIRROR": {"use_axis": (True, False, False)},
    "SOLIDIFY": {"thickness": 0.1},
    "TRIANGULATE": {},
    "DECIMATE": {"ratio": 0.5},
    "BEVEL": {"width": 0.02},
    "EDGE_SPLIT": {},
    "ARRAY": {"count": 3},
    "WELD": {},
    "BOOLEAN": {},
    "SCREW": {"steps": 4, "render_steps": 4},
}


@pytest.mark.parametrize("kind", [k for k in MODIFIERS if k not in ("SCREW", "BOOLEAN")])
def test_generated_faces_know_their_original(kind):
    empty_file()
    ball = sphere(segments=8, rings=6)
    for _ in range(_MATERIALS):
        ball.data.materials.append(bpy.data.materials.new("m"))
    count = len(ball.data.polygons)
    ball.data.polygons.foreach_set("material_index", np.arange(count, dtype=np.int32) % _MATERIALS)
    modifier = ball.modifiers.new("M", kind)
    for name, value in MODIFIERS[kind].items():
        setattr(modifier, name, value)
    scene = bpy.context.scene
    scene.collection.objects.unlink(ball)
    place_character([ball])
    mark_elements([ball])
    scene.frame_set(1)
    (visible,) = visible_meshes(scene, 1)
    ids = read_ids(visible.mesh)
    material = np.zeros(len(ids), np.int32)
    visible.mesh.polygons.foreach_get("material_index", material)
    assert len(ids) and ids.min() >= 1 and ids.max() <= count
    # Faces in place of edges and corners (bevel) take either neighbour's.
    agree = ((ids - 1) % _MATERIALS == material).mean()
    assert agree == 1.0 if kind != "BEVEL" else agree > 0.5


@pytest.mark.parametrize("kind", ["SUBSURF", "MIRROR", "SOLIDIFY", "DECIMATE"])
def test_maps_of_modified_meshes_agree_with_ray_casting(tmp_path, kind):
    empty_file()
    ball = sphere(x=0.3)
    ball.rotation_euler = (0.3, 0.2, 0.7)  # no edge runs through pixel centres
    if kind == "MIRROR":
        ball.data.transform(Matrix.Translation((1.3, 0, 0)))
    modifier = ball.modifiers.new("M", kind)
    for name, value in MODIFIERS[kind].items():
        setattr(modifier, name, value)
    files = captured(tmp_path, azimuths=1, elevation=25.0)
    assert files.manifest.topology == "constant"
    hit, wrong = ray_cast_elements(tmp_path, 1, 0)
    assert hit > 200 and wrong == 0


def test_centroids_are_of_the_original_faces_also_when_mirrored(tmp_path):
    empty_file()
    ball = sphere(x=0.0)
    expected = np.array([p.center[:] for p in ball.data.polygons])
    area = np.array([p.area for p in ball.data.polygons])
    ball.modifiers.new("M", "MIRROR").use_axis = (True, True, False)
    ball.modifiers.new("S", "SUBSURF")
    facts = captured(tmp_path).facts(1)
    assert np.allclose(facts.centroid, expected, atol=1e-5)
    assert np.allclose(facts.area, area, rtol=1e-3)


def test_render_settings_of_modifiers_are_what_counts(tmp_path):
    empty_file()
    ball = sphere()
    hidden = ball.modifiers.new("M", "DISPLACE")
    hidden.strength, hidden.show_render, hidden.show_viewport = 5.0, False, True
    shown = ball.modifiers.new("N", "SIMPLE_DEFORM")
    shown.deform_method, shown.deform_axis, shown.factor = "STRETCH", "Z", 1.0
    shown.show_viewport = False
    image = captured(tmp_path).view(1, 0)
    height, width = image.element.shape
    assert height > 1.5 * width


def test_remesh_makes_every_frame_its_own_topology(tmp_path):
    empty_file()
    ball = sphere(segments=24, rings=16)
    remesh = ball.modifiers.new("R", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", 0.2
    for frame, size in ((1, 1.0), (2, 1.6)):
        ball.scale.z = size
        ball.keyframe_insert("scale", frame=frame)
    remesh.keyframe_insert("voxel_size", frame=1)
    remesh.voxel_size = 0.15
    remesh.keyframe_insert("voxel_size", frame=2)
    files = captured(tmp_path, (1, 2))
    manifest = files.manifest
    assert manifest.topology == "sequence" and manifest.objects == ()
    counts = [sum(o.element_count for o in manifest.objects_at(t)) for t in (1, 2)]
    assert counts[0] != counts[1]
    for frame, count in zip((1, 2), counts, strict=True):
        facts = files.facts(frame)
        assert facts.count == count
        element = files.view(frame, 0).element
        assert 0 <= element.max() < count
        assert len(np.unique(element)) > 50


def test_geometry_nodes_that_add_faces_are_reported(tmp_path):
    empty_file()
    ball = sphere()
    tree = bpy.data.node_groups.new("add", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    join, cube = tree.nodes.new("GeometryNodeJoinGeometry"), tree.nodes.new("GeometryNodeMeshCube")
    tree.links.new(start.outputs[0], join.inputs[0])
    tree.links.new(cube.outputs[0], join.inputs[0])
    tree.links.new(join.outputs[0], end.inputs[0])
    ball.modifiers.new("G", "NODES").node_group = tree
    files = captured(tmp_path)
    assert files.manifest.topology == "constant"
    assert any("belong to no original face" in w for w in files.manifest.warnings)


def test_geometry_nodes_instances_carry_their_meshs_elements(tmp_path):
    empty_file()
    ball, leaf = sphere(), sphere("leaf", 6, 4, x=9.0, size=0.3)
    leaf.hide_render = True
    tree = bpy.data.node_groups.new("scatter", "GeometryNodeTree")
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    scatter = tree.nodes.new("GeometryNodeInstanceOnPoints")
    info = tree.nodes.new("GeometryNodeObjectInfo")
    info.inputs["Object"].default_value = leaf
    info.inputs["As Instance"].default_value = True
    tree.links.new(start.outputs[0], scatter.inputs["Points"])
    tree.links.new(info.outputs["Geometry"], scatter.inputs["Instance"])
    tree.links.new(scatter.outputs[0], end.inputs[0])
    ball.modifiers.new("G", "NODES").node_group = tree
    files = captured(tmp_path, name="ball")
    names = [o.name for o in files.manifest.objects]
    assert names == ["ball", "leaf"]
    start_of_leaf = files.manifest.objects[1].element_start
    seen = np.unique(files.view(1, 0).element)
    assert (seen[seen >= 0] >= start_of_leaf).all() and len(seen) > 5
