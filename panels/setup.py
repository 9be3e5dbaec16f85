# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed: in the side bar, and the same in the preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.data_folder import choose_data_folder, data_folder
from ..core.interface import pump
from ..core.scene.narrowing import layout_of
from ..core.session.setup import Environment, Model, SetupState
from ..operators import setup as operators
from .base import SideBar, draw_log, paragraph

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems as Icon

_NAMES = {"embedded": "Embedded packages", "full": "Full environment"}
_EMBEDDED_STATES = {"not installed": "Unpacked at first use"}
_ICONS: dict[str, Icon] = {"ready": "CHECKMARK", "not installed": "IMPORT"}


def draw_setup(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Environments, models, storage and help."""
    state = pump.interface().setup.state
    if not state.known:
        layout.operator(operators.PARTS4D_OT_refresh_setup.bl_idname, icon="FILE_REFRESH")
        return
    if state.action:
        _draw_action(layout, state)
    if state.failure:
        box = layout.box()
        paragraph(box, state.failure.advice, "ERROR", context)
        draw_log(box, state.failure)
    for environment in state.environments:
        _draw_environment(layout, context, environment)
    header, body = layout.panel("PARTS4D_models", default_closed=True)
    header.label(text="Models")
    if body is not None:
        for model in state.models:
            _draw_model(body, model)
    row = layout.row(align=True)
    row.operator(operators.PARTS4D_OT_verify_setup.bl_idname, icon="CHECKMARK")
    row.operator(operators.PARTS4D_OT_refresh_setup.bl_idname, text="", icon="FILE_REFRESH")
    row = layout.row(align=True)
    row.operator(operators.PARTS4D_OT_release_memory.bl_idname)
    row.operator(operators.PARTS4D_OT_copy_diagnostics.bl_idname)
    row = layout.row()
    row.active = False
    row.label(text=str(data_folder()), icon="FILE_FOLDER", translate=False)


def _draw_action(layout: bpy.types.UILayout, state: SetupState) -> None:
    box = layout.box()
    box.label(text=state.action, translate=False)
    row = box.row(align=True)
    row.progress(factor=state.share, type="BAR", text=state.text[:40])
    row.operator(operators.PARTS4D_OT_cancel_setup.bl_idname, text="", icon="X")


def _draw_environment(
    layout: bpy.types.UILayout, context: bpy.types.Context, environment: Environment
) -> None:
    box = layout.box()
    row = box.row()
    row.label(
        text=_NAMES.get(environment.name, environment.name),
        icon=_ICONS.get(environment.state, "ERROR"),
    )
    state = row.row()
    state.alignment = "RIGHT"
    state.label(text=_state_of(environment))
    if environment.problem:
        paragraph(box, f"{environment.problem}.", "ERROR", context)
    elif environment.tested:
        paragraph(box, environment.tested, context=context)
    if environment.name != "full":
        return
    row = box.row(align=True)
    if environment.state == "ready":
        row.operator(operators.PARTS4D_OT_remove_environment.bl_idname, icon="TRASH")
    else:
        text = "Update" if environment.state == "outdated" else "Install"
        row.operator(operators.PARTS4D_OT_install_environment.bl_idname, text=text, icon="IMPORT")
        row.operator(
            operators.PARTS4D_OT_install_from_folder.bl_idname, text="", icon="FILE_FOLDER"
        )


def _state_of(environment: Environment) -> str:
    states = _EMBEDDED_STATES if environment.name == "embedded" else {}
    return states.get(environment.state, environment.state.capitalize())


def _draw_model(layout: bpy.types.UILayout, model: Model) -> None:
    row = layout.row(align=True)
    ready = model.state == "ready"
    row.label(text=model.title, icon="CHECKMARK" if ready else "BLANK1", translate=False)
    size = row.row()
    size.active = False
    size.ui_units_x = 4
    size.label(text=f"{model.size / 1e6:.0f} MB" if model.size else "")
    if ready:
        row.operator(
            operators.PARTS4D_OT_remove_model.bl_idname, text="", icon="TRASH"
        ).model = model.name
        return
    if model.downloadable:
        row.operator(
            operators.PARTS4D_OT_fetch_model.bl_idname, text="", icon="IMPORT"
        ).model = model.name
    row.operator(
        operators.PARTS4D_OT_import_model.bl_idname, text="", icon="FILE_FOLDER"
    ).model = model.name


class PARTS4D_PT_setup(SideBar, bpy.types.Panel):
    bl_idname = "PARTS4D_PT_setup"
    bl_label = "Setup"
    bl_order = 9
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        draw_setup(self.layout, context)


def _data_path_changed(self: PARTS4D_AP_preferences, context: bpy.types.Context) -> None:
    """A path relative to the open file would be another one with the next file."""
    absolute = bpy.path.abspath(self.data_path) if self.data_path else ""
    if absolute != self.data_path:
        self.data_path = absolute  # which calls this again
        return
    choose_data_folder(self.data_path)
    pump.interface().setup.refresh()


class PARTS4D_AP_preferences(bpy.types.AddonPreferences):
    bl_idname = __package__.rpartition(".")[0]

    data_path: bpy.props.StringProperty(
        name="Storage",
        description="Folder for environments and models, shared by all Blender versions. Leave "
        "empty for the system's default",
        subtype="DIR_PATH",
        update=_data_path_changed,
    )

    def draw(self, context: bpy.types.Context) -> None:
        self.layout.prop(self, "data_path")
        draw_setup(layout_of(self), context)


CLASSES = (PARTS4D_PT_setup, PARTS4D_AP_preferences)
