# SPDX-License-Identifier: GPL-3.0-or-later
"""Edit the list of parts: add, remove, reorder, take a known list, keep one's own."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..core.data_folder import data_folder
from ..core.interface.settings import (
    add_parts,
    already_there,
    replace_parts,
    settings,
    vocabulary,
)
from ..core.job.vocabulary import parse_parts
from ..core.scene.narrowing import layout_of, manager_of
from ..core.session.vocabularies import (
    Vocabulary,
    remove_vocabulary,
    save_vocabulary,
    saved_vocabularies,
    shipped_vocabularies,
)
from .reporting import ReportsErrors, Result


def own_lists() -> Path:
    """Where the user's own part lists are kept."""
    return data_folder() / "part lists"


def all_lists() -> tuple[Vocabulary, ...]:
    return (*shipped_vocabularies(), *saved_vocabularies(own_lists()))


class PARTS4D_OT_add_parts(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.add_parts"
    bl_label = "Add Parts"
    bl_description = "Add parts, separated by commas. Put | before synonyms"
    bl_options = {"REGISTER", "UNDO"}

    names: bpy.props.StringProperty(name="Parts", description="jacket, trousers | jeans, left shoe")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return manager_of(context).invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> None:
        _add(self, context, self.names)


class PARTS4D_OT_paste_parts(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.paste_parts"
    bl_label = "Paste Parts"
    bl_description = "Add the parts on the clipboard, one per line or separated by commas"
    bl_options = {"REGISTER", "UNDO"}

    def perform(self, context: bpy.types.Context) -> None:
        _add(self, context, manager_of(context).clipboard[:5000])


def _add(operator: bpy.types.Operator, context: bpy.types.Context, text: str) -> None:
    """Raises InputError for words that are no parts."""
    repeated = add_parts(settings(context), parse_parts(text))
    if repeated:
        operator.report({"INFO"}, already_there(repeated))


class _PartOperator(bpy.types.Operator):
    """Needs a part that is active in the list."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        chosen = settings(context)
        if 0 <= chosen.active_part < len(chosen.parts):
            return True
        cls.poll_message_set("Select a part in the list first")
        return False


class PARTS4D_OT_remove_part(_PartOperator):
    bl_idname = "parts4d.remove_part"
    bl_label = "Remove Part"
    bl_description = "Remove the active part from the list"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Result:
        from ..core.interface import typing_pause

        chosen = settings(context)
        chosen.parts.remove(chosen.active_part)
        chosen.active_part = min(chosen.active_part, max(0, len(chosen.parts) - 1))
        typing_pause.words_changed()
        return {"FINISHED"}


class PARTS4D_OT_move_part(_PartOperator):
    bl_idname = "parts4d.move_part"
    bl_label = "Move Part"
    bl_description = "Move the active part up or down"
    bl_options = {"REGISTER", "UNDO"}

    up: bpy.props.BoolProperty(name="Up", default=True)

    def execute(self, context: bpy.types.Context) -> Result:
        from ..core.interface import typing_pause

        chosen = settings(context)
        goal = chosen.active_part + (-1 if self.up else 1)
        if not 0 <= goal < len(chosen.parts):
            return {"CANCELLED"}
        chosen.parts.move(chosen.active_part, goal)
        chosen.active_part = goal
        typing_pause.words_changed()
        return {"FINISHED"}


class PARTS4D_OT_take_list(bpy.types.Operator):
    bl_idname = "parts4d.take_list"
    bl_label = "Use Part List"
    bl_description = "Replace the parts with those of a built-in or saved list"
    bl_options = {"REGISTER", "UNDO"}

    list_name: bpy.props.StringProperty(name="List")

    @classmethod
    def description(cls, context: bpy.types.Context, properties: object) -> str:
        found = _list_named(getattr(properties, "list_name", ""))
        return f"{found.about}: {', '.join(p.name for p in found.parts)}" if found else ""

    def execute(self, context: bpy.types.Context) -> Result:
        found = _list_named(self.list_name)
        if found is None:
            self.report({"ERROR"}, f"There is no part list called '{self.list_name}'")
            return {"CANCELLED"}
        replace_parts(settings(context), found.parts)
        return {"FINISHED"}


class PARTS4D_OT_save_list(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.save_list"
    bl_label = "Save Part List"
    bl_description = "Save these parts as a list for use in other files"
    bl_options = {"REGISTER"}

    list_name: bpy.props.StringProperty(name="Name", default="My Parts")

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        return manager_of(context).invoke_props_dialog(self)

    def perform(self, context: bpy.types.Context) -> None:
        save_vocabulary(own_lists(), self.list_name, vocabulary(settings(context)))


class PARTS4D_OT_remove_list(ReportsErrors, bpy.types.Operator):
    bl_idname = "parts4d.remove_list"
    bl_label = "Remove Part List"
    bl_description = "Delete a saved part list"
    bl_options = {"REGISTER"}

    list_name: bpy.props.StringProperty(name="List")

    def perform(self, context: bpy.types.Context) -> None:
        remove_vocabulary(own_lists(), self.list_name)


class PARTS4D_MT_lists(bpy.types.Menu):
    bl_idname = "PARTS4D_MT_lists"
    bl_label = "Part Lists"

    def draw(self, context: bpy.types.Context) -> None:
        layout = layout_of(self)
        for known in shipped_vocabularies():
            layout.operator(PARTS4D_OT_take_list.bl_idname, text=known.name).list_name = known.name
        own = saved_vocabularies(own_lists())
        if own:
            layout.separator()
        for known in own:
            layout.operator(
                PARTS4D_OT_take_list.bl_idname, text=known.name, icon="USER"
            ).list_name = known.name
        layout.separator()
        layout.operator(PARTS4D_OT_save_list.bl_idname, icon="ADD")
        for known in own:
            layout.operator(
                PARTS4D_OT_remove_list.bl_idname, text=f"Remove {known.name}", icon="REMOVE"
            ).list_name = known.name


def _list_named(name: str) -> Vocabulary | None:
    return next((v for v in all_lists() if v.name == name), None)


CLASSES = (
    PARTS4D_OT_add_parts,
    PARTS4D_OT_paste_parts,
    PARTS4D_OT_remove_part,
    PARTS4D_OT_move_part,
    PARTS4D_OT_take_list,
    PARTS4D_OT_save_list,
    PARTS4D_OT_remove_list,
    PARTS4D_MT_lists,
)
