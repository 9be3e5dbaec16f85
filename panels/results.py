# SPDX-License-Identifier: GPL-3.0-or-later
"""Results: put labels on, look at them, take them off."""

from __future__ import annotations

import bpy

from ..operators.apply import PARTS4D_OT_apply_labels
from ..operators.clear import PARTS4D_OT_clear_labels
from ..operators.overlay import PARTS4D_OT_show_overlay


class PARTS4D_PT_results(bpy.types.Panel):
    bl_idname = "PARTS4D_PT_results"
    bl_label = "Parts4D"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Parts4D"

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.operator(PARTS4D_OT_apply_labels.bl_idname, icon="IMPORT")
        row = column.row(align=True)
        row.operator(PARTS4D_OT_show_overlay.bl_idname, icon="HIDE_OFF").show = True
        row.operator(
            PARTS4D_OT_show_overlay.bl_idname, text="Show Materials", icon="MATERIAL"
        ).show = False
        column.operator(PARTS4D_OT_clear_labels.bl_idname, icon="TRASH")
