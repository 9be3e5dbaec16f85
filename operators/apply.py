# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the labels of a finished job onto the meshes it was made from."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.errors import Parts4DError
from ..core.job.folder import JobFolder
from ..core.job.label_files import LabelFiles


class PARTS4D_OT_apply_labels(bpy.types.Operator):
    bl_idname = "parts4d.apply_labels"
    bl_label = "Apply Labels"
    bl_description = "Write the part labels of a finished job onto the character's meshes"
    bl_options = {"REGISTER", "UNDO"}

    directory: bpy.props.StringProperty(
        name="Job Folder", description="The folder of a finished job", subtype="DIR_PATH"
    )
    color_domain: bpy.props.EnumProperty(
        name="Colors On",
        description="Where the colours are stored",
        items=[
            ("CORNER", "Face Corners", "Every face has its own flat colour; crisp borders"),
            ("POINT", "Vertices", "Colours blend across borders; a quarter of the memory"),
        ],
        default="CORNER",
    )
    vertex_groups: bpy.props.BoolProperty(
        name="Vertex Groups", description="Also make a vertex group for each part", default=True
    )
    every_frame: bpy.props.BoolProperty(
        name="Every Frame",
        description="Store labels for every frame, not only where they change",
        default=False,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..core.scene.writeback import WriteOptions, apply_labels

        options = WriteOptions(
            color_domain=self.color_domain,
            vertex_groups=self.vertex_groups,
            every_frame=self.every_frame,
        )
        try:
            folder = JobFolder.open(Path(bpy.path.abspath(self.directory)))
            written = apply_labels(LabelFiles(folder.path), options)
        except Parts4DError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for warning in written.warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"Labelled {', '.join(written.objects)}")
        return {"FINISHED"}
