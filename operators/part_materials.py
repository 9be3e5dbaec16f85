# SPDX-License-Identifier: GPL-3.0-or-later
"""Give each part a material of its own."""

from __future__ import annotations

import bpy

from .labelled import OnLabels


class PARTS4D_OT_part_materials(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.part_materials"
    bl_label = "Materials from Parts"
    bl_description = "Give each part its own material. Existing materials keep their slots"
    bl_options = {"REGISTER", "UNDO"}

    keep_look: bpy.props.BoolProperty(
        name="Keep Look",
        description="Copy each part's current materials instead of creating plain ones",
        default=False,
    )

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import part_materials

        made = part_materials(context.active_object, self.keep_look)
        self.report({"INFO"}, f"{len(made.materials)} materials on {', '.join(made.objects)}")


CLASSES = (PARTS4D_OT_part_materials,)
