# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen: renders of the overlay, and that hiding it puts everything back."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.writeback import apply_labels, clear_labels, show_overlay
from tests.blender.writeback_scene import (
    PARTS,
    changing,
    differences,
    empty_scene,
    file_state,
    finished_job,
    mesh_state,
    sphere,
)


@pytest.fixture(autouse=True)
def fresh():
    empty_scene()


def _views():
    return [
        space.shading.color_type
        for screen in bpy.data.screens
        for area in screen.areas
        for space in area.spaces
        if space.type == "VIEW_3D"
    ]


def _render(path, frame, engine):
    """(64, 64, 4) uint8, exact colours: no view transform, no dither, no blending of samples."""
    scene = bpy.context.scene
    scene.render.engine = engine
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.render.dither_intensity = 0
    if engine == "CYCLES":
        scene.cycles.samples = 1
        scene.cycles.use_denoising = False
        scene.cycles.filter_width = 0.01
    else:
        scene.display.shading.light = "FLAT"
        scene.display.render_aa = "OFF"
    scene.render.film_transparent = True
    scene.render.filepath = str(path)
    scene.frame_set(frame)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    pixels = np.empty(64 * 64 * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return np.round(pixels * 255).astype(np.uint8).reshape(64, 64, 4)


def _half_and_half(tmp_path):
    """A plane seen from above whose left and right swap labels at frame 5."""
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=2, y_subdivisions=1, size=2)
    ob = bpy.context.object
    ob.data.materials.append(bpy.data.materials.new("red"))
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 2.5
    camera.location.z = 3
    bpy.context.collection.objects.link(camera)
    bpy.context.scene.camera = camera
    right = [p.center.x > 0 for p in ob.data.polygons]
    one = np.array(right, np.int16)
    labels = {f: one if f < 5 else 1 - one for f in range(1, 9)}
    return ob, finished_job(tmp_path, [ob], labels)


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_renders_show_the_parts_of_their_frame(tmp_path, engine):
    ob, files = _half_and_half(tmp_path / "job")
    apply_labels(files)
    show_overlay([ob], True)
    colors = [(*(round(c * 255) for c in p.color), 255) for p in PARTS[:2]]
    for frame, (left, right) in ((4, colors), (5, colors[::-1])):
        image = _render(tmp_path / f"{engine}{frame}.png", frame, engine)
        assert tuple(image[32, 16]) == left
        assert tuple(image[32, 48]) == right
        assert image[2, 2, 3] == 0


def test_hiding_the_overlay_restores_viewports_scene_and_object(tmp_path):
    ob = sphere()
    ob.modifiers.new("Subsurf", "SUBSURF")
    files = finished_job(tmp_path, [ob], changing(48, (1, 2), (2,)))
    apply_labels(files)
    before, file_before = mesh_state(ob), file_state()
    for _ in range(2):
        show_overlay([ob], True)
        show_overlay([ob], True)
        assert [m.name for m in ob.modifiers] == ["Parts4D", "Subsurf", "Parts4D Overlay"]
        assert set(_views()) == {"VERTEX"}
        assert bpy.context.scene.display.shading.color_type == "VERTEX"
        show_overlay([ob], False)
        assert not differences(before, mesh_state(ob))
        assert not differences(file_before, file_state())


def test_viewports_stay_as_long_as_anything_is_overlaid(tmp_path):
    a, b = sphere("A"), sphere("B")
    views = _views()
    apply_labels(finished_job(tmp_path, [a, b], changing(96, (1, 2), (2,))))
    show_overlay([a, b], True)
    show_overlay([a], False)
    assert set(_views()) == {"VERTEX"}
    clear_labels([b])
    assert _views() == views != ["VERTEX"] * len(views)
    assert bpy.context.scene.display.shading.color_type == "MATERIAL"


def test_a_view_the_user_changed_meanwhile_is_left_alone(tmp_path):
    ob = sphere()
    apply_labels(finished_job(tmp_path, [ob], changing(48, (1, 2), (2,))))
    show_overlay([ob], True)
    bpy.context.scene.display.shading.color_type = "RANDOM"
    show_overlay([ob], False)
    assert bpy.context.scene.display.shading.color_type == "RANDOM"


def test_the_overlay_stays_on_through_a_new_result(tmp_path):
    ob = sphere()
    files = finished_job(tmp_path, [ob], changing(48, (1, 2), (2,)))
    apply_labels(files)
    show_overlay([ob], True)
    apply_labels(files)
    assert [m.name for m in ob.modifiers] == ["Parts4D", "Parts4D Overlay"]
    assert len(bpy.data.materials) == 1


def test_objects_without_labels_are_passed_over():
    ob = sphere()
    before = file_state()
    show_overlay([ob], True)
    clear_labels([ob])
    assert not ob.modifiers
    assert not differences(before, file_state())
