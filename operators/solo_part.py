# SPDX-License-Identifier: GPL-3.0-or-later
"""Show one part in its colour and everything else dark."""

from __future__ import annotations

import bpy

from .labelled import OnLabels, PartArgument


class PARTS4D_OT_solo_part(PartArgument, OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.solo_part"
    bl_label = "Solo Part"
    bl_description = "Show one part in its colour and darken everything else"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import solo_part

        solo_part(context.active_object, self.part)


class PARTS4D_OT_show_all_parts(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.show_all_parts"
    bl_label = "Show All Parts"
    bl_description = "Show all parts in their colours again"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import show_all_parts

        show_all_parts(context.active_object)


CLASSES = (PARTS4D_OT_solo_part, PARTS4D_OT_show_all_parts)
