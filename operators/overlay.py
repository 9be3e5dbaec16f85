# SPDX-License-Identifier: GPL-3.0-or-later
"""Show the labels on the character, or its own materials again."""

from __future__ import annotations

import bpy

from .reporting import ReportsErrors, Result


class PARTS4D_OT_show_overlay(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.show_overlay"
    bl_label = "Show Labels"
    bl_description = "Colour labelled characters by part, in the viewport and in renders"
    bl_options = {"REGISTER", "UNDO"}

    show: bpy.props.BoolProperty(
        name="Show", description="Turn off to show the character's own materials", default=True
    )

    def perform(self, context: bpy.types.Context) -> Result:
        from ..core.scene.writeback import labelled_objects, show_overlay

        objects = labelled_objects()
        if not objects:
            self.report({"INFO"}, "No object in this file has part labels")
            return {"CANCELLED"}
        show_overlay(objects, self.show)
        return {"FINISHED"}
