# SPDX-License-Identifier: GPL-3.0-or-later
"""Render the labels as a still."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.scene.narrowing import manager_of, scene_of
from .labelled import OnLabels
from .reporting import Result


class PARTS4D_OT_render_labels(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.render_labels"
    bl_label = "Render Labels"
    bl_description = (
        "Render the labels as the camera sees them in this frame, in their exact colours on a "
        "transparent background"
    )
    bl_options = {"REGISTER"}

    filepath: bpy.props.StringProperty(
        name="File",
        description="PNG file to write. Leave empty to save beside the .blend",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(default="*.png", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        self.filepath = str(_name_beside_file(scene_of(context).frame_current))
        manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import render_still

        path = _name_beside_file(scene_of(context).frame_current)
        if self.filepath:
            path = Path(bpy.path.abspath(self.filepath))
            path = path if path.suffix.lower() == ".png" else path.with_name(f"{path.name}.png")
        render_still(scene_of(context), path)
        self.report({"INFO"}, f"Saved {path}")


def _name_beside_file(frame: int) -> Path:
    blend = Path(bpy.data.filepath) if bpy.data.filepath else Path.home() / "untitled"
    return blend.with_name(f"{blend.stem}_labels_{frame:04d}.png")


CLASSES = (PARTS4D_OT_render_labels,)
