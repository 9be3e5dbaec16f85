# SPDX-License-Identifier: GPL-3.0-or-later
"""Make face sets of the parts."""

from __future__ import annotations

import bpy

from .labelled import OnLabels


class PARTS4D_OT_part_face_sets(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.part_face_sets"
    bl_label = "Face Sets from Parts"
    bl_description = "Create a face set for each part. Existing face sets are replaced"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import face_sets_from_parts

        made = face_sets_from_parts(context.active_object)
        self.report({"INFO"}, f"{made.sets} face sets on {', '.join(made.objects)}")
        if made.replaced:
            self.report({"INFO"}, f"Replaced the face sets of {', '.join(made.replaced)}")


CLASSES = (PARTS4D_OT_part_face_sets,)
