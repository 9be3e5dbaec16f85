# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own render: their engine, samples, lights, compositor and colour management."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from .. import compat
from ..narrowing import specific
from .label_scene import set_resolution


def prepare_beauty(scene: bpy.types.Scene, resolution: tuple[int, int] | None, kind: str) -> None:
    """Set size and file format; what would write other files or change the camera is switched off.

    `kind` is png (8 bit, as displayed) or exr (half float, scene-linear).
    """
    set_resolution(scene.render, resolution)
    scene.timeline_markers.clear()
    render = scene.render
    render.use_multiview = render.use_file_extension = False
    render.use_persistent_data = True
    compat.leave_out_metadata(render)
    settings = render.image_settings
    if kind == "exr":
        compat.set_image_format(settings, "OPEN_EXR", "16", "ZIP")
    else:
        compat.set_image_format(settings, "PNG", "8")
    settings.color_mode = "RGBA" if render.film_transparent else "RGB"
    for tree in filter(None, (*bpy.data.node_groups, getattr(scene, "node_tree", None))):
        for node in tree.nodes:
            if node.bl_idname == "CompositorNodeOutputFile":
                node.mute = True


def render_beauty(scene: bpy.types.Scene, path: Path) -> None:
    """Render the scene's current frame to `path`. Raises RuntimeError or OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    specific(scene.render).filepath = str(unfinished)
    try:
        bpy.ops.render.render(write_still=True, scene=scene.name)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
