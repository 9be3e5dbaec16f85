# SPDX-License-Identifier: GPL-3.0-or-later
"""All Blender versions give the same element maps: those recorded once, by Blender 5.0.

Run this file as a program to record them anew after the figure or the rig has changed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
bpy = pytest.importorskip("bpy")

from core.job.arrays import load_arrays, save_arrays
from tests.blender.capture_scenes import captured, rigged_character

RECORDED = Path(__file__).with_name("data") / "element_maps.npz"
OTHER_PROCESSORS = 3  # pixels: where a ray meets an edge, rounding decides


def element_maps(job: Path) -> dict[str, np.ndarray]:
    """Full element maps of a bent figure with a subdivided hat, by frame and view."""
    rigged_character()
    bpy.data.objects["hat"].modifiers.new("Subdivision", "SUBSURF").render_levels = 2
    files = captured(job, (1, 5), step=2, resolution=160)
    maps = {}
    for frame in files.manifest.frames:
        for view in range(len(files.manifest.views)):
            image = files.view(frame, view)
            maps[f"{frame}_{view}"] = image.uncrop(image.element, -1).astype(np.int16)
    return maps


def test_element_maps_are_those_of_every_other_version(tmp_path: Path) -> None:
    recorded, maps = load_arrays(RECORDED), element_maps(tmp_path)
    assert maps.keys() == recorded.keys()
    different = sum(int((maps[k] != recorded[k]).sum()) for k in maps)
    assert sum(int((m >= 0).sum()) for m in maps.values()) > 20_000
    assert different <= OTHER_PROCESSORS


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        save_arrays(RECORDED, element_maps(Path(folder)), level=9)
    sys.stdout.flush()
    __import__("os")._exit(0)
