# SPDX-License-Identifier: GPL-3.0-or-later
"""A still of the labels: exact colours, nothing else in it, and nothing changed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError, JobError
from core.scene.using import render_still, solo_part
from core.scene.writeback import apply_labels, show_overlay
from tests.blender.writeback_scene import (
    PARTS,
    changing_job,
    differences,
    empty_scene,
    file_state,
    mesh_state,
    sphere,
)


@pytest.fixture
def scene(tmp_path):
    """A labelled ball before a camera, with a box behind it that carries no labels."""
    empty_scene()
    ob = sphere()
    apply_labels(changing_job(tmp_path, ob)[0])
    bpy.ops.mesh.primitive_cube_add(location=(0, 3, 0))
    bpy.ops.object.camera_add(location=(0, -5, 0), rotation=(np.pi / 2, 0, 0))
    scene = bpy.context.scene
    scene.camera = bpy.context.object
    scene.render.resolution_x, scene.render.resolution_y = 96, 64
    scene.frame_set(1)
    return scene


def pixels(path: Path) -> np.ndarray:
    """(H, W, 4) uint8 sRGB of a picture."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return np.round(values.reshape(height, width, 4) * 255).astype(np.uint8)


def colors_in(path: Path) -> set[tuple[int, ...]]:
    """The colours of squares of 3 x 3 opaque pixels that are alike: borders mix colours."""
    windows: Any = np.lib.stride_tricks.sliding_window_view
    squares = windows(pixels(path), (3, 3), (0, 1))
    flat = squares.reshape(*squares.shape[:3], 9)  # (H - 2, W - 2, 4, 9)
    alike = (flat == flat[..., :1]).all((2, 3)) & (flat[:, :, 3, 0] == 255)
    return {tuple(map(int, c)) for c in flat[alike][:, :3, 0]}


def byte(color) -> tuple[int, ...]:
    return tuple(round(c * 255) for c in color)


@pytest.mark.parametrize("shown", [True, False])
def test_the_parts_are_in_their_colours_and_all_else_is_transparent(scene, tmp_path, shown):
    show_overlay([bpy.data.objects["Body"]], shown)
    scene.view_settings.view_transform = "AgX"
    before, mesh = file_state(), mesh_state(bpy.data.objects["Body"])
    path = tmp_path / "new folder" / "still.png"
    render_still(scene, path)
    image = pixels(path)
    assert image.shape == (64, 96, 4)
    assert (image[0, :, 3] == 0).all() and image[32, 48, 3] == 255
    wanted = {byte(part.color) for part in PARTS} | {(128, 128, 128)}
    found = colors_in(path)
    assert len(found) > 1 and found <= wanted
    assert not differences(before, file_state())
    assert not differences(mesh, mesh_state(bpy.data.objects["Body"]))


def test_what_the_overlay_shows_is_rendered(scene, tmp_path):
    solo_part(bpy.data.objects["Body"], "jacket")
    render_still(scene, tmp_path / "solo.png")
    others = {byte(part.color) for part in PARTS if part.name != "jacket"}
    assert not colors_in(tmp_path / "solo.png") & others


def test_what_is_missing_is_said(scene, tmp_path):
    scene.camera = None
    with pytest.raises(InputError, match="no camera"):
        render_still(scene, tmp_path / "still.png")
    empty_scene()
    with pytest.raises(InputError, match="has part labels"):
        render_still(bpy.context.scene, tmp_path / "still.png")


def test_an_earlier_picture_is_replaced_and_nothing_else_is_left(scene, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "still.png").write_bytes(b"an earlier picture")
    render_still(scene, folder / "still.png")
    assert pixels(folder / "still.png").shape == (64, 96, 4)
    (folder / "taken.png").mkdir()
    with pytest.raises(JobError, match=r"taken\.png"):
        render_still(scene, folder / "taken.png")
    assert sorted(p.name for p in folder.iterdir()) == ["still.png", "taken.png"]


def test_a_file_that_cannot_be_written_is_said_and_the_scene_goes(scene, tmp_path):
    (tmp_path / "file").touch()
    before = file_state()
    with pytest.raises(JobError):
        render_still(scene, tmp_path / "file" / "still.png")
    assert not differences(before, file_state())
