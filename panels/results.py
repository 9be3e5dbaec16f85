# SPDX-License-Identifier: GPL-3.0-or-later
"""Results: the runs of this character, and what to do with their labels."""

from __future__ import annotations

import time

import bpy

from ..core.interface import pump
from ..core.session.found_runs import Run
from ..operators.apply import PARTS4D_OT_apply_labels
from ..operators.clear import PARTS4D_OT_clear_labels
from ..operators.parse import PARTS4D_OT_resume
from .base import SideBar, paragraph


class PARTS4D_PT_results(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_results"
    bl_label = "Results"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        layout, interface = self.layout, pump.interface()
        active = {job.folder for job in interface.state.jobs if job.active}
        for run in interface.runs:
            if run.folder in active and not run.finished:
                continue  # its progress is shown above
            self._draw_run(run)
            if run.models:
                row = layout.row()
                row.active = False
                row.label(text=", ".join(run.models), icon="BLANK1", translate=False)
        for warning in interface.runs[0].warnings if interface.runs else ():
            paragraph(layout, f"{warning}.", "INFO", context)
        row = layout.row(align=True)
        row.operator(
            PARTS4D_OT_apply_labels.bl_idname, text="Apply from Folder", icon="FILE_FOLDER"
        )
        row.operator(PARTS4D_OT_clear_labels.bl_idname, icon="TRASH")

    def _draw_run(self, run: Run) -> None:
        row = self.layout.row(align=True)
        row.label(
            text=f"{run.preset} {_when(run.time)}",
            icon="CHECKMARK" if run.finished else "PAUSE",
            translate=False,
        )
        end = row.row()
        end.ui_units_x = 4
        if run.finished:
            button = end.operator(PARTS4D_OT_apply_labels.bl_idname, text="Apply")
            button.directory, button.overlay = run.folder, True
        else:
            end.operator(PARTS4D_OT_resume.bl_idname, text="Continue").directory = run.folder


def _when(moment: float) -> str:
    """The time of a run of today, the day of an earlier one."""
    then, now = time.localtime(moment), time.localtime()
    today = then[:3] == now[:3]
    return time.strftime("%H:%M" if today else "%d %b", then)


CLASSES = (PARTS4D_PT_results,)
