# SPDX-License-Identifier: GPL-3.0-or-later
"""Out of the modes in which a mesh cannot be captured."""

from __future__ import annotations

import bpy

from .reporting import Result, ops


class PARTS4D_OT_leave_mode(bpy.types.Operator):
    bl_idname = "parts4d.leave_mode"
    bl_label = "Back to Object Mode"
    bl_description = "Switch to Object Mode so that the character can be captured"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            return True
        cls.poll_message_set("Already in Object Mode")
        return False

    def execute(self, context: bpy.types.Context) -> Result:
        return ops.object.mode_set(mode="OBJECT")


CLASSES = (PARTS4D_OT_leave_mode,)
