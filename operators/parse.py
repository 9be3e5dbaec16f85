# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse the character: prepare the job here, run it beside Blender."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from ..core.errors import Parts4DError
from ..core.interface import pump, status
from ..core.interface.ownership import owner_of
from ..core.interface.settings import (
    capture_settings,
    frame_selection,
    parsing_settings,
    settings,
    vocabulary,
)
from ..core.job.folder import JobFolder
from ..core.job.presets import require_models
from ..core.job.spec import JobSpec
from ..core.job.spec_checks import check_spec
from ..core.scene.motion import frame_range
from ..core.scene.narrowing import scene_of
from ..core.scene.prepare import prepare_job
from ..core.session.events import Dismissed, Submitted
from ..core.session.found_runs import run_folder
from .reporting import ReportsErrors, Result, ops


class PARTS4D_OT_parse(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.parse"
    bl_label = "Parse"
    bl_description = (
        "Render the character from all sides, find the parts you typed, and label its faces. Runs "
        "in the background"
    )
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        chosen = settings(context)
        found = pump.interface().status
        if found.problem:
            cls.poll_message_set(f"{found.problem}. {found.remedy}")
        elif not vocabulary(chosen):
            cls.poll_message_set("Type at least one part first")
        elif _is_running(found.name, chosen.preset):
            cls.poll_message_set("Already being parsed; wait or cancel first")
        else:
            return True
        return False

    def perform(self, context: bpy.types.Context) -> Result:
        interface = pump.interface()
        interface.refusal = None
        try:
            self._submit(context, interface)
        except Parts4DError as error:
            interface.refusal = error.failure  # the panel has a button that helps
            raise
        if bpy.app.background:  # no timer runs there: wait for it here
            return self._wait(interface)
        return {"FINISHED"}

    def _submit(self, context: bpy.types.Context, interface: pump.Interface) -> None:
        chosen = settings(context)
        scene = scene_of(context)
        character = status.current_character(context)
        parsing = parsing_settings(chosen)
        require_models(parsing)
        spec = JobSpec(
            character=character.name,
            blend="",  # the snapshot is in the folder, and the folder may be given away
            parts=vocabulary(chosen),
            frames=frame_selection(chosen, frame_range(character, scene), scene),
            capture=capture_settings(chosen),
            parsing=parsing,
        )
        path = run_folder(bpy.data.filepath, character.name, parsing.preset, interface.untitled)
        sources = [Path(bpy.data.filepath)] if bpy.data.filepath else []
        check_spec(spec)  # before anything is made on disk
        folder = JobFolder(path)
        with folder.held():
            prepare_job(folder, spec, character, sources, bpy.data.is_dirty)
            fingerprint = folder.fingerprint()
        owner = owner_of(character, interface.session)
        job = Submitted(character.name, str(folder.path), parsing.preset, owner)
        # It may wait for other jobs, and the folder is anybody's meanwhile.
        interface.submit(job, lambda folder: folder.require(fingerprint))

    def _wait(self, interface: pump.Interface) -> Result:
        number = interface.state.next_number - 1
        while (job := interface.state.job(number)) is not None and job.active:
            interface.tick()
            time.sleep(0.02)
        if job is None or job.phase != "finished":
            failure = job.failure if job else None
            self.report({"ERROR"}, str(failure or "The job was stopped"))
            return {"CANCELLED"}
        return {"FINISHED"}


def _is_running(character: str, preset: str) -> bool:
    job = pump.interface().state.running
    return job is not None and (job.character, job.preset) == (character, preset)


class PARTS4D_OT_resume(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.resume"
    bl_label = "Continue"
    bl_description = "Resume an interrupted run"
    bl_options = {"REGISTER"}

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})

    def perform(self, context: bpy.types.Context) -> None:
        interface = pump.interface()
        folder = JobFolder.open(Path(self.directory))
        spec = folder.load_spec()
        character = status.current_character(context)
        owner = owner_of(character, interface.session)
        interface.submit(Submitted(spec.character, str(folder.path), spec.parsing.preset, owner))


class PARTS4D_OT_cancel(bpy.types.Operator):
    bl_idname = "parts4d.cancel"
    bl_label = "Cancel"
    bl_description = "Cancel the job. Finished stages are kept; parse again to resume"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if any(job.active for job in pump.interface().state.jobs):
            return True
        cls.poll_message_set("No job is running")
        return False

    def execute(self, context: bpy.types.Context) -> Result:
        interface = pump.interface()
        running = interface.state.running
        interface.cancel(self.number or (running.number if running else 0))
        return {"FINISHED"}


class PARTS4D_OT_dismiss(bpy.types.Operator):
    bl_idname = "parts4d.dismiss"
    bl_label = "Close"
    bl_description = "Dismiss this message"
    bl_options = {"INTERNAL"}

    number: bpy.props.IntProperty(  # of the job; 0: why there is none
        options={"HIDDEN", "SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> Result:
        interface = pump.interface()
        if not self.number:
            interface.refusal = None
        interface.notes.pop(self.number, None)
        interface.dispatch(Dismissed(self.number))
        return {"FINISHED"}


class PARTS4D_OT_open_folder(bpy.types.Operator):
    bl_idname = "parts4d.open_folder"
    bl_label = "Open Job Folder"
    bl_description = "Open the folder with the job's captured views, labels and logs"
    bl_options = {"INTERNAL"}

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> Result:
        return ops.wm.path_open(filepath=self.directory)


class PARTS4D_OT_open_log(bpy.types.Operator):
    bl_idname = "parts4d.open_log"
    bl_label = "Show Log"
    bl_description = "Show what led to the error"
    bl_options = {"INTERNAL"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> Result:
        return ops.wm.path_open(filepath=self.filepath)


CLASSES = (
    PARTS4D_OT_parse,
    PARTS4D_OT_resume,
    PARTS4D_OT_cancel,
    PARTS4D_OT_dismiss,
    PARTS4D_OT_open_folder,
    PARTS4D_OT_open_log,
)
