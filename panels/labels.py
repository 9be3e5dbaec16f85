# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do with the labels on the mesh: look at parts, correct them, make something of them."""

from __future__ import annotations

import bpy

from ..core.interface.settings import settings
from ..core.scene.narrowing import layout_of
from .base import SideBar


class PARTS4D_PT_labels(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_labels"
    bl_parent_id = "PARTS4D_PT_results"
    bl_label = "Labels"

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen = self.layout, settings(context)
        row = layout.row(align=True)
        row.operator("parts4d.show_overlay", text="Labels").show = True
        row.operator("parts4d.show_confidence", text="Confidence")
        row.operator("parts4d.show_overlay", text="Materials").show = False
        if 0 <= chosen.active_part < len(chosen.parts):
            name = chosen.parts[chosen.active_part].name
            box = layout.box()
            box.label(text=name, icon="GROUP_VERTEX", translate=False)
            row = box.row(align=True)
            row.operator(
                "parts4d.select_part", text="Select", icon="RESTRICT_SELECT_OFF"
            ).part = name
            row.operator("parts4d.solo_part", text="Solo", icon="SOLO_ON").part = name
            row.operator("parts4d.show_all_parts", text="", icon="SOLO_OFF")
            row = box.row(align=True)
            row.operator(
                "parts4d.correct_part", text="Assign Selected", icon="CHECKMARK"
            ).part = name
            row.operator("parts4d.correct_part", text="", icon="X").part = ""
        layout.menu(PARTS4D_MT_make.bl_idname, icon="MODIFIER")
        layout.operator("parts4d.render_labels", icon="RENDER_STILL")


class PARTS4D_MT_make(bpy.types.Menu):
    bl_idname = "PARTS4D_MT_make"
    bl_label = "Create from Labels"

    def draw(self, context: bpy.types.Context) -> None:
        layout = layout_of(self)
        layout.operator("parts4d.part_materials", icon="MATERIAL")
        layout.operator("parts4d.part_face_sets", icon="SCULPTMODE_HLT")
        layout.operator("parts4d.split_parts", icon="MOD_EXPLODE")
        layout.separator()
        layout.operator("parts4d.forget_corrections", icon="LOOP_BACK")


CLASSES = (PARTS4D_PT_labels, PARTS4D_MT_make)
