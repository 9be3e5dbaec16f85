# SPDX-License-Identifier: GPL-3.0-or-later
"""Install, check and remove what parsing needs: the environments and the models."""

from __future__ import annotations

import bpy

from ..core.errors import ErrorKind
from ..core.interface import pump
from ..core.interface.diagnostics import diagnostics
from ..core.scene.narrowing import layout_of, manager_of
from .reporting import Result, ops

OFFLINE = "Allow online access: Edit > Preferences > System > Network"


def _network() -> list[str]:
    return [] if bpy.app.online_access else ["--offline"]


class _SetupOperator(bpy.types.Operator):
    """One action at a time."""

    bl_options = {"INTERNAL"}
    needs_network = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if pump.interface().setup.state.action:
            cls.poll_message_set("The installer is already running")
        elif cls.needs_network and not bpy.app.online_access:
            cls.poll_message_set(OFFLINE)
        else:
            return True
        return False


class PARTS4D_OT_install_environment(_SetupOperator):
    bl_idname = "parts4d.install_environment"
    bl_label = "Install"
    bl_description = (
        "Install PyTorch and the packages that the presets with models need: 6 GB, in a folder "
        "outside Blender"
    )
    needs_network = True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return manager_of(context).invoke_confirm(
            self,
            event,
            title="Install the full environment?",
            message="Downloads up to 3 GB in the background.",
            confirm_text="Install",
        )

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().setup.run("Installing the environment", ["install", "full", *_network()])
        return {"FINISHED"}


class PARTS4D_OT_install_from_folder(_SetupOperator):
    bl_idname = "parts4d.install_from_folder"
    bl_label = "Install from Folder"
    bl_description = "Install the full environment from a folder of downloaded packages"

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Result:
        folder = bpy.path.abspath(self.directory)
        pump.interface().setup.run(
            "Installing the environment", ["install", "full", "--offline", "--wheels", folder]
        )
        return {"FINISHED"}


class PARTS4D_OT_verify_setup(_SetupOperator):
    bl_idname = "parts4d.verify_setup"
    bl_label = "Verify"
    bl_description = "Verify all packages and model files, and test the device"

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().setup.run("Checking what is installed", ["verify"])
        return {"FINISHED"}


class PARTS4D_OT_remove_environment(_SetupOperator):
    bl_idname = "parts4d.remove_environment"
    bl_label = "Remove"
    bl_description = "Delete the full environment. Models and results are kept"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return manager_of(context).invoke_confirm(
            self, event, title="Remove the full environment?", confirm_text="Remove"
        )

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().release()
        pump.interface().setup.run("Removing the environment", ["remove", "full"])
        return {"FINISHED"}


class _ModelOperator(_SetupOperator):
    """Gets one model, once its terms are agreed to."""

    model: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})
    agreed: bpy.props.BoolProperty(
        name="I agree",
        description="Confirm that you have read and accept the terms",
        default=False,
        options={"SKIP_SAVE"},  # to those of one model is not to those of the next
    )

    def draw(self, context: bpy.types.Context) -> None:
        if _terms(self.model):
            _draw_text(layout_of(self), _terms(self.model))
            layout_of(self).prop(self, "agreed")

    def install(self, title: str, command: list[str]) -> Result:
        if _terms(self.model) and not self.agreed:
            self.report({"WARNING"}, "Accept the model's terms first")
            return {"CANCELLED"}
        terms = ["--accept-terms"] if self.agreed else []
        pump.interface().setup.run(title, [*command, *terms])
        return {"FINISHED"}


class PARTS4D_OT_fetch_model(_ModelOperator):
    bl_idname = "parts4d.fetch_model"
    bl_label = "Download"
    bl_description = "Download the model and the models it depends on"
    needs_network = True

    follow: bpy.props.BoolProperty(
        name="Follow",
        description="Download from another host than the model's address says, or unencrypted",
        default=False,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if _terms(self.model) or _redirect():
            return manager_of(context).invoke_props_dialog(self, width=420)
        return self.execute(context)

    def draw(self, context: bpy.types.Context) -> None:
        super().draw(context)
        if redirect := _redirect():
            _draw_text(layout_of(self), redirect)
            layout_of(self).prop(self, "follow")

    def execute(self, context: bpy.types.Context) -> Result:
        follow = ["--follow"] if self.follow else []
        command = ["fetch", self.model, *follow, *_network()]
        return self.install(f"Downloading {self.model}", command)


class PARTS4D_OT_import_model(_ModelOperator):
    bl_idname = "parts4d.import_model"
    bl_label = "Import File"
    bl_description = "Import a model file from disk"

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.pth;*.pt;*.safetensors", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        manager_of(context).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> Result:
        path = bpy.path.abspath(self.filepath)
        return self.install(f"Importing {self.model}", ["import", self.model, path])


class PARTS4D_OT_remove_model(_SetupOperator):
    bl_idname = "parts4d.remove_model"
    bl_label = "Remove Model"
    bl_description = "Delete the model's file"

    model: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return manager_of(context).invoke_confirm(self, event, confirm_text="Remove")

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().setup.run(f"Removing {self.model}", ["remove-model", self.model])
        return {"FINISHED"}


class PARTS4D_OT_cancel_setup(bpy.types.Operator):
    bl_idname = "parts4d.cancel_setup"
    bl_label = "Cancel"
    bl_description = "Cancel. Downloads resume where they stopped"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().setup.cancel()
        return {"FINISHED"}


class PARTS4D_OT_refresh_setup(_SetupOperator):
    bl_idname = "parts4d.refresh_setup"
    bl_label = "Refresh"
    bl_description = "Check what is installed"

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().setup.forget_failure()
        pump.interface().setup.refresh()
        return {"FINISHED"}


class PARTS4D_OT_release_memory(bpy.types.Operator):
    bl_idname = "parts4d.release_memory"
    bl_label = "Release Memory"
    bl_description = "End the idle worker process to free its memory"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        interface = pump.interface()
        if interface.state.running is not None:
            cls.poll_message_set("A job is running")
            return False
        return bool(interface.workers)

    def execute(self, context: bpy.types.Context) -> Result:
        pump.interface().release()
        return {"FINISHED"}


class PARTS4D_OT_copy_diagnostics(bpy.types.Operator):
    bl_idname = "parts4d.copy_diagnostics"
    bl_label = "Copy Diagnostics"
    bl_description = "Copy versions, setup state and recent errors for a bug report"

    def execute(self, context: bpy.types.Context) -> Result:
        manager_of(context).clipboard = diagnostics(pump.interface())
        self.report({"INFO"}, "Copied: paste it into the bug report")
        return {"FINISHED"}


class PARTS4D_OT_open_setup(bpy.types.Operator):
    bl_idname = "parts4d.open_setup"
    bl_label = "Open Setup"
    bl_description = "Open the preferences that show what is installed"

    def execute(self, context: bpy.types.Context) -> Result:
        package = __package__.rpartition(".")[0]
        return ops.preferences.addon_show(module=package)


def _terms(model: str) -> str:
    found = (m.terms for m in pump.interface().setup.state.models if m.name == model)
    return next(found, "")


def _redirect() -> str:
    """Why the last download was refused: it would have come from elsewhere; else empty."""
    failure = pump.interface().setup.state.failure
    return failure.message if failure and failure.kind is ErrorKind.REDIRECTED else ""


def _draw_text(layout: bpy.types.UILayout, text: str) -> None:
    import textwrap

    for line in textwrap.wrap(text, 60):
        layout.label(text=line, translate=False)


CLASSES = (
    PARTS4D_OT_install_environment,
    PARTS4D_OT_install_from_folder,
    PARTS4D_OT_verify_setup,
    PARTS4D_OT_remove_environment,
    PARTS4D_OT_fetch_model,
    PARTS4D_OT_import_model,
    PARTS4D_OT_remove_model,
    PARTS4D_OT_cancel_setup,
    PARTS4D_OT_refresh_setup,
    PARTS4D_OT_release_memory,
    PARTS4D_OT_copy_diagnostics,
    PARTS4D_OT_open_setup,
)
