# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operators on labelled characters share: when they work, and naming a part."""

from __future__ import annotations

import bpy

from ..core.scene.narrowing import manager_of
from .reporting import OperatorMixin, ReportsErrors, Result


class OnLabels(ReportsErrors):
    """Operators on a labelled character, which the active object must belong to."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        from ..core.scene.writeback.ledger import PROPERTY

        ob = context.active_object
        if ob is not None and (PROPERTY in ob.keys() or ob.type in {"ARMATURE", "EMPTY"}):
            return True
        cls.poll_message_set("Select a character with part labels")
        return False


def part_names(context: bpy.types.Context) -> list[str]:
    """The parts of the active object's character, in the vocabulary's order."""
    from ..core.errors import Parts4DError
    from ..core.scene.using import character_of

    try:
        character = character_of(context.active_object)
    except Parts4DError:
        return []
    return list(dict.fromkeys(part.name for one in character for part in one.vocabulary))


class PartArgument(OperatorMixin):
    """Operators that act on one part: `part`, chosen from the list when nobody says which."""

    part: bpy.props.StringProperty(
        name="Part",
        description="Part or synonym. Leave empty for unlabelled faces",
        search=lambda self, context, text: part_names(context),
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Result:
        if self.properties.is_property_set("part"):
            return self.execute(context)
        return manager_of(context).invoke_props_dialog(self)
