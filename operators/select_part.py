# SPDX-License-Identifier: GPL-3.0-or-later
"""Select a part's faces."""

from __future__ import annotations

import bpy

from .labelled import OnLabels, PartArgument


class PARTS4D_OT_select_part(PartArgument, OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.select_part"
    bl_label = "Select Part"
    bl_description = "Select the faces of a part in Edit Mode, as labelled in this frame"
    bl_options = {"REGISTER", "UNDO"}

    action: bpy.props.EnumProperty(
        name="Action",
        items=[
            ("REPLACE", "Set", "Select only this part"),
            ("ADD", "Extend", "Add the part to the selection"),
            ("REMOVE", "Deselect", "Remove the part from the selection"),
        ],
    )

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import select_part

        selection = select_part(context.active_object, self.part, self.action)
        if not selection.faces:
            what = f"labelled {self.part}" if self.part else "unlabelled"
            self.report({"INFO"}, f"No visible face in Edit Mode is {what} in this frame")


CLASSES = (PARTS4D_OT_select_part,)
