# SPDX-License-Identifier: GPL-3.0-or-later
"""What accompanies labels: cameras, depth, normals, flow, and the user's own render."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from core.label_images.records import image_path
from core.label_images.request import LabelledCharacter
from core.scene import compat
from core.scene.using import solo_part
from tests.blender.label_scenes import SIZE, box, camera, character, part_of, rendered, save
from tests.blender.writeback_scene import empty_scene, finished_job, random_labels, sphere

POINTS = [Vector(p) for p in ((0, 0, 0), (0.5, 1, 0.2), (-0.7, 2, -0.6), (0.1, -1, 0.9))]


def _set(owner, **values) -> None:
    for name, value in values.items():
        setattr(owner, name, value)


@pytest.mark.parametrize(
    "change",
    [
        lambda cam, render: None,
        lambda cam, render: _set(cam.data, shift_x=0.2, shift_y=-0.1, lens=35),
        lambda cam, render: _set(cam.data, type="ORTHO", ortho_scale=4.0, shift_x=0.1),
        lambda cam, render: _set(cam.data, sensor_fit="VERTICAL", sensor_height=30),
        lambda cam, render: _set(render, pixel_aspect_x=1.5),
        lambda cam, render: _set(cam, scale=(2, 2, 2), rotation_euler=(1.4, 0.1, 0.2)),
        lambda cam, render: _set(render, resolution_percentage=50),
    ],
)
def test_points_project_where_blender_projects_them(tmp_path, change):
    empty_scene()
    character("Alice", tmp_path)
    cam, scene = camera(), bpy.context.scene
    change(cam, scene.render)
    bpy.context.view_layer.update()
    blend = save(tmp_path)
    expected = [world_to_camera_view(scene, cam, p).to_tuple()[:2] for p in POINTS]
    images = rendered(blend, ["Alice"])
    record, part = images.record(), images.image("parts")
    width, height = record.size
    assert part.shape == (height, width)
    for point, (x, y) in zip(POINTS, expected, strict=True):
        u, v = _projected(record, point)
        assert abs(u - x * width) < 0.01 and abs(v - (1 - y) * height) < 0.01


def _projected(record, point) -> np.ndarray:
    own = (np.array(record.world_to_camera) @ [*point, 1])[:3]
    if record.projection == "perspective":
        own /= own[2]
    own[2] = 1
    return (np.array(record.intrinsics) @ own)[:2]


def test_a_cropped_border_is_rendered_alone_and_the_camera_knows(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    camera()
    render = bpy.context.scene.render
    blend = save(tmp_path)
    whole = rendered(blend, ["Alice"], key="whole")
    expected, before = whole.image("parts"), whole.record()
    render = bpy.context.scene.render
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    render = bpy.context.scene.render
    render.use_border = render.use_crop_to_border = True
    left, top, right, bottom = 20, 10, 40, 41
    render.border_min_x, render.border_max_x = (left + 0.5) / 64, (right + 0.5) / 64
    render.border_min_y, render.border_max_y = (48.5 - bottom) / 48, (48.5 - top) / 48
    cropped = rendered(save(tmp_path), ["Alice"], key="cropped")
    assert np.array_equal(cropped.image("parts"), expected[top:bottom, left:right])
    moved = np.array(before.intrinsics) - np.array(cropped.record().intrinsics)
    assert np.allclose(moved, [[0, 0, left], [0, 0, top], [0, 0, 0]])
    assert cropped.record().size == (right - left, bottom - top)


def test_depth_and_normals_are_those_of_the_surface(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    camera()
    images = rendered(save(tmp_path), ["Alice"], passes=("parts", "depth", "normal"))
    depth, normal = images.image("depth")["Z"], images.image("normal")
    inside = images.image("parts") > 0
    assert depth[inside].min() == pytest.approx(4.0, abs=0.05)
    assert (depth[~inside] > 1e9).all()
    length = np.sqrt(sum(normal[k] ** 2 for k in "XYZ"))
    assert np.abs(length[inside] - 1).max() < 1e-3 and not length[~inside].any()
    assert (normal["Y"][inside] < 0).all()


def test_flow_leads_to_where_a_point_was_and_will_be(tmp_path):
    empty_scene()
    character("Alice", tmp_path)
    ob, cam = bpy.data.objects["Alice"], camera()
    _set(cam.data, type="ORTHO", ortho_scale=6.4)  # ten pixels a unit
    for frame, x, z in ((1, 0.0, 0.0), (2, 0.3, 0.0), (3, 0.3, 0.5)):
        ob.location = (x, 0, z)
        ob.keyframe_insert("location", frame=frame)
    bpy.context.scene.render.use_motion_blur = True
    passes = ("parts", "flow")
    images = rendered(save(tmp_path), ["Alice"], frames=(2,), passes=passes)
    flow, inside = images.image("flow", 2), images.image("parts", 2) > 0
    for name, pixels in (
        ("backward.X", -3.0),
        ("backward.Y", 0.0),
        ("forward.X", 0.0),
        ("forward.Y", -5.0),
    ):
        assert np.abs(flow[name][inside] - pixels).max() < 0.01, name


def _pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    values = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values


@pytest.mark.parametrize("applied", [True, False])
def test_the_beauty_is_what_the_artist_would_render(tmp_path, applied):
    empty_scene()
    ob = sphere("Alice", 16, 12)
    paint = ob.data.color_attributes.new("Paint", "FLOAT_COLOR", "CORNER")
    paint.data.foreach_set("color", np.tile([0.9, 0.1, 0.3, 1.0], len(paint.data)))
    material = bpy.data.materials.new("painted")
    compat.enable_nodes(material)
    tree = material.node_tree
    shader = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    color = tree.nodes.new("ShaderNodeVertexColor")  # without a name: the one for renders
    tree.links.new(color.outputs["Color"], shader.inputs["Base Color"])
    ob.data.materials.append(material)
    camera()
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("World")
    scene.render.engine, scene.cycles.samples = "CYCLES", 4
    compat.set_image_format(scene.render.image_settings, "PNG", "8")
    scene.render.filepath = str(tmp_path / "own.png")
    bpy.ops.render.render(write_still=True)
    own = _pixels(tmp_path / "own.png")
    labels = random_labels(len(ob.data.polygons), 3)
    job = finished_job(tmp_path / "job", [ob], {1: labels})
    if applied:
        from core.scene.writeback import apply_labels

        apply_labels(job)
        solo_part(ob, "jacket")
    source = "applied" if applied else str(job.job)
    images = rendered(
        save(tmp_path),
        [LabelledCharacter("Alice", source)],
        passes=("parts", "matte", "beauty"),
    )
    beauty = image_path(tmp_path / "images", "Cam", "beauty", 1, "png")
    assert np.abs(_pixels(beauty) - own).max() <= 1 / 255 + 1e-6
    content = beauty.read_bytes()  # which is given away
    assert str(tmp_path).encode() not in content and b"RenderTime" not in content
    assert len(np.unique(images.image("parts"))) > 3


def test_markers_bind_cameras_and_hidden_things_hide_nothing(tmp_path):
    empty_scene()
    labels = character("Alice", tmp_path)
    cam, scene = camera(), bpy.context.scene
    other = bpy.data.objects.new("Other", cam.data)
    other.matrix_world = cam.matrix_world.copy()
    other.location, other.rotation_euler = (0, -9, 0), cam.rotation_euler
    scene.collection.objects.link(other)
    for frame, bound in ((1, cam), (10, other)):
        scene.timeline_markers.new(bound.name, frame=frame).camera = bound
    hidden = box((0, -2, 0), 1.0)
    hidden.hide_render = True
    images = rendered(save(tmp_path), ["Alice"], cameras=("<active>",), frames=(1, 9, 12))
    first, ninth, twelfth = (images.image("parts", f, "<active>") for f in (1, 9, 12))
    assert np.array_equal(first, ninth)
    assert 0 < (twelfth > 0).sum() < 0.5 * (first > 0).sum()
    value = part_of({"Alice": labels})
    assert set(np.unique(first)) == {0, *(value("Alice", f) for f in range(len(labels)))}
    assert first.shape == SIZE[::-1]
