# SPDX-License-Identifier: GPL-3.0-or-later
"""Correct labels by hand, and forget what was corrected."""

from __future__ import annotations

import bpy

from .labelled import OnLabels, PartArgument


class PARTS4D_OT_correct_part(PartArgument, OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.correct_part"
    bl_label = "Assign Faces to Part"
    bl_description = (
        "Assign the selected faces to a part in every frame. Corrections are kept when the "
        "character is parsed again"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if context.mode == "EDIT_MESH":
            return True
        cls.poll_message_set("Select faces in Edit Mode first")
        return False

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import correct_part, correctable

        corrected = correct_part(correctable(context), self.part)
        self.report({"INFO"}, f"{corrected.faces} faces are {self.part or 'unlabelled'} now")


class PARTS4D_OT_forget_corrections(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.forget_corrections"
    bl_label = "Forget Corrections"
    bl_description = "Discard the corrections of this character and show its labels as parsed"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import forget_corrections

        forgotten = forget_corrections(context.active_object)
        self.report({"INFO"}, f"Forgot the corrections of {forgotten.faces} faces")
        if forgotten.kept_labels:
            self.report(
                {"WARNING"},
                f"Corrections show until labels are applied again. {forgotten.kept_labels}",
            )


CLASSES = (PARTS4D_OT_correct_part, PARTS4D_OT_forget_corrections)
