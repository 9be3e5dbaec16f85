# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove everything Parts4D wrote."""

from __future__ import annotations

import bpy

from .reporting import ReportsErrors, Result


class PARTS4D_OT_clear_labels(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.clear_labels"
    bl_label = "Clear Labels"
    bl_description = "Remove all part labels from the file and restore the meshes exactly"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> Result:
        from ..core.scene.writeback import clear_labels, labelled_objects

        objects = labelled_objects()
        if not objects:
            self.report({"INFO"}, "No object in this file has part labels")
            return {"CANCELLED"}
        cleared = clear_labels(objects)
        self.report({"INFO"}, f"Cleared {', '.join(cleared.objects)}")
        return {"FINISHED"}
