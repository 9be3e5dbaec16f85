# SPDX-License-Identifier: GPL-3.0-or-later
"""Which character: what it is, and what stands in the way."""

from __future__ import annotations

import bpy

from ..core.interface import pump
from ..core.interface.settings import settings
from .base import SideBar, paragraph


class PARTS4D_PT_character(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_character"
    bl_label = "Character"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen, found = self.layout, settings(context), pump.interface().status
        column = layout.column(align=True)
        column.prop(chosen, "target", text="", icon="ARMATURE_DATA")
        if chosen.target is None:
            column.prop(chosen, "collection", text="", icon="OUTLINER_COLLECTION")
        if found.name:
            own_choice = chosen.target or chosen.collection
            if own_choice is None:
                layout.label(text=found.name, icon="OUTLINER_OB_ARMATURE", translate=False)
            if found.line:
                paragraph(layout, found.line, context=context)
        if found.problem:
            box = layout.box()
            paragraph(box, f"{found.problem}. {found.remedy}.", "ERROR", context)
            if found.fix:
                box.operator(found.fix)
        for warning in found.warnings:
            paragraph(layout, f"{warning}.", "INFO", context)


CLASSES = (PARTS4D_PT_character,)
