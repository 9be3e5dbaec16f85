# SPDX-License-Identifier: GPL-3.0-or-later
"""A character that already carries labels is captured as if it did not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.scene.character import find_character
from core.scene.motion import frame_range
from core.scene.writeback import WriteOptions, apply_labels
from tests.blender.capture_scenes import captured, empty_file, rigged_character, sphere
from tests.blender.writeback_scene import changing, finished_job


def test_labels_and_overlay_of_an_earlier_run_are_not_seen(tmp_path: Path) -> None:
    rigged_character()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "character.blend"))
    plain = captured(tmp_path / "plain", (1, 2))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "character.blend"))
    objects = [bpy.data.objects["body"], bpy.data.objects["hat"]]
    faces = sum(len(o.data.polygons) for o in objects)
    labels = finished_job(tmp_path / "labels", objects, changing(faces, [1, 2], [2]))
    apply_labels(labels, WriteOptions(overlay=True))
    labelled = captured(tmp_path / "labelled", (1, 2))
    assert labelled.manifest == plain.manifest
    for frame in (1, 2):
        for view in range(len(plain.manifest.views)):
            before, after = plain.view(frame, view), labelled.view(frame, view)
            np.testing.assert_array_equal(after.element, before.element)
            np.testing.assert_array_equal(after.color, before.color)


def test_a_character_that_nothing_moves_has_one_frame() -> None:
    empty_file()
    sphere("statue")
    bpy.context.scene.frame_set(7)
    assert frame_range(find_character("statue")) == (7, 7)
    bpy.data.objects["statue"].modifiers.new("Cloth", "CLOTH")
    scene = bpy.context.scene
    assert frame_range(find_character("statue")) == (scene.frame_start, scene.frame_end)
