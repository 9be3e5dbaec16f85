# SPDX-License-Identifier: GPL-3.0-or-later
"""How to parse, the button, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.interface import pump
from ..core.interface.settings import (
    PRESET_NUMBERS,
    PARTS4D_PG_settings,
    capture_settings,
    frame_selection,
    settings,
)
from ..core.interface.translation import translate
from ..core.job.choices import choose as choose_implementations
from ..core.job.choices import counts, needs_torch
from ..core.job.presets import PRESET_TABLE, PRESETS
from ..core.job.stages import STAGE_TABLE
from ..core.scene.narrowing import scene_of
from ..core.session.estimate import seconds_of
from ..core.session.state import Job
from ..operators.parse import PARTS4D_OT_cancel, PARTS4D_OT_dismiss, PARTS4D_OT_parse
from .base import SideBar, draw_remedy, duration, paragraph

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems as Icon

TITLES = {stage.name: stage.title for stage in STAGE_TABLE}
NEEDS = {preset.name: preset.needs for preset in PRESET_TABLE}


class PARTS4D_PT_parse(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_parse"
    bl_label = "Parse"
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen, interface = self.layout, settings(context), pump.interface()
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(chosen, "preset")
        layout.prop(chosen, "frames")
        if chosen.frames == "RANGE":
            column = layout.column(align=True)
            column.prop(chosen, "frame_start")
            column.prop(chosen, "frame_end")
        paragraph(layout, _needs(context, chosen, interface), context=context)
        row = layout.row()
        row.scale_y = 1.5
        row.operator(PARTS4D_OT_parse.bl_idname, icon="PLAY")
        if interface.refusal is not None:
            draw_remedy(
                self._message(context, 0, interface.refusal.advice, "ERROR"), interface.refusal
            )
        for job in interface.state.jobs:
            ours = job.character == interface.status.name
            if ours or job.active or job.number in interface.notes:
                self._draw_job(context, job, interface)

    def _draw_job(self, context: bpy.types.Context, job: Job, interface: pump.Interface) -> None:
        if job.phase in ("running", "cancelling"):
            self._draw_running(job, interface)
        elif job.phase == "queued":
            row = self.layout.box().row()
            text = translate("{character}: waiting").format(character=job.character)
            row.label(text=text, icon="TIME", translate=False)
            row.operator(PARTS4D_OT_cancel.bl_idname, text="", icon="X").number = job.number
        elif job.failure is not None:
            failure = job.failure
            box = self._message(context, job.number, failure.advice, "ERROR")
            box.operator("parts4d.open_folder", icon="FILE_FOLDER").directory = job.folder
            draw_remedy(box, failure)
        elif job.phase == "cancelled":
            self._message(context, job.number, "Cancelled. Parse again to resume.", "CANCEL")
        elif note := interface.notes.get(job.number):
            box = self._message(context, job.number, f"{note}.", "INFO")
            button = box.operator("parts4d.apply_labels", text="Apply Anyway", icon="IMPORT")
            button.directory, button.overlay = job.folder, True

    def _draw_running(self, job: Job, interface: pump.Interface) -> None:
        box = self.layout.box()
        if interface.thumbnail.icon:
            box.template_icon(interface.thumbnail.icon, scale=6.0)
        text = translate(TITLES[job.stage]) if job.stage else translate("Starting")
        if job.phase == "cancelling":
            text = translate("Cancelling")
        elif job.seconds_left is not None:
            time = duration(job.seconds_left)
            text = translate("{stage}, {time} left").format(stage=text, time=time)
        row = box.row(align=True)
        row.progress(factor=job.share, type="BAR", text=text)
        cancel = row.row(align=True)
        cancel.enabled = job.phase == "running"
        cancel.operator(PARTS4D_OT_cancel.bl_idname, text="", icon="X").number = job.number

    def _message(
        self, context: bpy.types.Context, number: int, text: str, icon: Icon
    ) -> bpy.types.UILayout:
        box = self.layout.box()
        row = box.row()
        paragraph(row, text, icon, context, beside=30)
        row.operator(PARTS4D_OT_dismiss.bl_idname, text="", icon="X", emboss=False).number = number
        return box


class PARTS4D_PT_settings(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_settings"
    bl_parent_id = "PARTS4D_PT_parse"
    bl_label = "Settings"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen = self.layout, settings(context)
        layout.use_property_split = True
        layout.use_property_decorate = False
        column = layout.column(heading="Frames", align=True)
        column.prop(chosen, "frame_step")
        column.prop(chosen, "keyframes")
        column = layout.column(align=True)
        column.prop(chosen, "views")
        column.prop(chosen, "resolution")
        column = layout.column(heading="Views", align=True)
        column.prop(chosen, "top")
        column.prop(chosen, "bottom")
        layout.prop(chosen, "engine")
        preset = PRESETS[chosen.preset]
        if counts(preset, "evidence"):
            column = layout.column(heading="Evidence", align=True)
            for name in ("use_sight", "use_names", "use_bones"):
                column.prop(chosen, name)
        if needs_torch(preset):
            layout.prop(chosen, "device")
        layout.prop(chosen, "advanced")
        column = layout.column(align=True)
        column.active = chosen.advanced
        follows_pixels = any(row.follows_pixels for row in choose_implementations(preset))
        for name in PRESET_NUMBERS:
            if name != "travel" or follows_pixels:
                column.prop(chosen, name)


class PARTS4D_PT_writing(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_writing"
    bl_parent_id = "PARTS4D_PT_parse"
    bl_label = "Output"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, chosen = self.layout, settings(context)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(chosen, "color_domain")
        layout.prop(chosen, "vertex_groups")
        layout.prop(chosen, "every_frame")


def _needs(
    context: bpy.types.Context, chosen: PARTS4D_PG_settings, interface: pump.Interface
) -> str:
    """What the preset needs to be installed, and how long it takes where that can be told."""
    frames = frame_selection(chosen, interface.status.span, scene_of(context))
    images = frames.count * capture_settings(chosen).view_count
    seconds = seconds_of(chosen.preset, images, interface.runs)
    needs = translate(NEEDS[chosen.preset])
    if seconds is None:
        return needs
    text = translate("{needs}; about {time} for {images} images")
    return text.format(needs=needs, time=duration(seconds), images=images)


CLASSES = (PARTS4D_PT_parse, PARTS4D_PT_settings, PARTS4D_PT_writing)
