# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour the character by how sure its labels are."""

from __future__ import annotations

from pathlib import Path

import bpy

from .labelled import OnLabels


class PARTS4D_OT_show_confidence(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.show_confidence"
    bl_label = "Show Confidence"
    bl_description = (
        "Colour the character by label confidence in this frame: dark is low, bright is high, "
        "grey is unlabelled"
    )
    bl_options = {"REGISTER", "UNDO"}

    directory: bpy.props.StringProperty(
        name="Job Folder",
        description="Job folder of the labels. Leave empty to use the one that was applied",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import show_confidence

        folder = Path(bpy.path.abspath(self.directory)) if self.directory else None
        shown = show_confidence(context.active_object, folder)
        self.report({"INFO"}, f"Frame {shown.frame}: {shown.mean:.0%} confident on average")


CLASSES = (PARTS4D_OT_show_confidence,)
