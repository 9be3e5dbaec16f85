# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove everything Parts4D wrote."""

from __future__ import annotations

import bpy

from ..core.errors import Parts4DError


class PARTS4D_OT_clear_labels(bpy.types.Operator):
    bl_idname = "parts4d.clear_labels"
    bl_label = "Clear Labels"
    bl_description = "Remove all part labels from the file; the meshes are as they were before"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..core.scene.writeback import clear_labels, labelled_objects

        objects = labelled_objects()
        if not objects:
            self.report({"INFO"}, "No object in this file carries part labels")
            return {"CANCELLED"}
        try:
            cleared = clear_labels(objects)
        except Parts4DError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Cleared {', '.join(cleared.objects)}")
        return {"FINISHED"}
