# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a character apart into an object for each part."""

from __future__ import annotations

import bpy

from .labelled import OnLabels


class PARTS4D_OT_split_parts(OnLabels, bpy.types.Operator):
    bl_idname = "parts4d.split_parts"
    bl_label = "Split by Parts"
    bl_description = (
        "Create an object for each part. Modifiers, weights, shape keys and materials are kept"
    )
    bl_options = {"REGISTER", "UNDO"}

    frame: bpy.props.EnumProperty(
        name="Labels From",
        items=[
            ("CURRENT", "This Frame", "Use the labels of the current frame"),
            ("FIRST", "First Frame", "Use the labels of the first parsed frame"),
        ],
    )
    close_holes: bpy.props.BoolProperty(
        name="Close Holes",
        description="Fill the holes left by splitting, for example for 3D printing",
        default=False,
    )
    hide_original: bpy.props.BoolProperty(
        name="Hide Original", description="Hide the character itself after splitting", default=True
    )

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.using import split_parts

        made = split_parts(context.active_object, self.frame, self.close_holes, self.hide_original)
        for warning in made.warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"Made {len(made.objects)} objects")


CLASSES = (PARTS4D_OT_split_parts,)
