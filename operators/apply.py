# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the labels of a finished job onto the meshes it was made from."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.interface import pump
from ..core.interface.settings import (
    WritingOptions,
    replace_parts,
    settings,
    writing_options,
)
from ..core.job.folder import JobFolder
from ..core.job.label_files import LabelFiles
from ..core.job.spec import Part
from ..core.scene.narrowing import manager_of
from .reporting import ReportsErrors, Result


class PARTS4D_OT_apply_labels(WritingOptions, ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.apply_labels"
    bl_label = "Apply Labels"
    bl_description = "Write the part labels of a finished job onto the character's meshes"
    bl_options = {"REGISTER", "UNDO"}

    directory: bpy.props.StringProperty(
        name="Job Folder",
        description="The folder of a finished job",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    overlay: bpy.props.BoolProperty(
        name="Show Labels",
        description="Colour the character by part after applying",
        default=False,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        self._take_settings(context)
        if self.directory:
            return self.execute(context)
        manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def _take_settings(self, context: bpy.types.Context) -> None:
        """What is set in the side bar, unless the call says otherwise."""
        for name, value in writing_options(settings(context)).items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)

    def perform(self, context: bpy.types.Context) -> None:
        from ..core.scene.writeback import WriteOptions, apply_labels

        options = WriteOptions(**writing_options(self), overlay=self.overlay)
        folder = JobFolder.open(Path(bpy.path.abspath(self.directory)))
        labels = LabelFiles(folder.path)
        written = apply_labels(labels, options)
        pump.interface().applied(folder.path)
        chosen = settings(context)
        if not chosen.parts:  # never saved with the file: there would be nothing to select or solo
            words = labels.read_result().vocabulary
            replace_parts(chosen, tuple(Part(p.name, p.synonyms, p.color) for p in words))
        for warning in written.warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"Labelled {', '.join(written.objects)}")
