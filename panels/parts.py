# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts that are looked for."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.interface.settings import settings
from ..operators.edit_parts import (
    PARTS4D_MT_lists,
    PARTS4D_OT_move_part,
    PARTS4D_OT_paste_parts,
    PARTS4D_OT_remove_part,
)
from .base import SideBar, paragraph


class PARTS4D_UL_parts(bpy.types.UIList):
    bl_idname = "PARTS4D_UL_parts"

    def draw_item(  # noqa: PLR0913 -- Blender calls it so
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        owner: object,
        item: Any,  # PARTS4D_PG_part
        icon: int | None,
        active_owner: object,
        active_name: str | None,
        index: int | None,
        filtered: int | None = 0,
    ) -> None:
        row = layout.row(align=True)
        swatch = row.row()
        swatch.ui_units_x = 1.2
        swatch.prop(item, "color", text="")
        row.prop(item, "name", text="", emboss=False, translate=False)
        if item.synonyms:
            synonyms = row.row()
            synonyms.active = False
            synonyms.label(text=item.synonyms, translate=False)


class PARTS4D_PT_parts(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_parts"
    bl_label = "Parts"
    bl_order = 1

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        self.layout.menu(PARTS4D_MT_lists.bl_idname, text="", icon="PRESET")

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen = self.layout, settings(context)
        row = layout.row(align=True)
        row.prop(chosen, "typed", text="", icon="ADD", placeholder="jacket, jeans, left shoe")
        row.operator(PARTS4D_OT_paste_parts.bl_idname, text="", icon="PASTEDOWN")
        if chosen.refused:
            paragraph(layout, chosen.refused, "ERROR", context)
        if not chosen.parts:
            layout.menu(PARTS4D_MT_lists.bl_idname, text="Start from a List", icon="PRESET")
            return
        row = layout.row()
        row.template_list(
            PARTS4D_UL_parts.bl_idname, "", chosen, "parts", chosen, "active_part", rows=5
        )
        side = row.column(align=True)
        side.operator(PARTS4D_OT_remove_part.bl_idname, text="", icon="REMOVE")
        side.separator()
        side.operator(PARTS4D_OT_move_part.bl_idname, text="", icon="TRIA_UP").up = True
        side.operator(PARTS4D_OT_move_part.bl_idname, text="", icon="TRIA_DOWN").up = False
        if 0 <= chosen.active_part < len(chosen.parts):
            part = chosen.parts[chosen.active_part]
            layout.prop(part, "synonyms", text="", icon="SYNTAX_OFF", placeholder="Synonyms")


CLASSES = (PARTS4D_UL_parts, PARTS4D_PT_parts)
