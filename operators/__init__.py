# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can do: one file per action, thin. Also the `parts4d` command of the command line."""

from __future__ import annotations

import bpy

from ..core.scene.narrowing import specific
from . import (
    apply,
    clear,
    command_line,
    correct_part,
    edit_parts,
    leave_mode,
    overlay,
    parse,
    part_face_sets,
    part_materials,
    render_labels,
    select_part,
    setup,
    show_confidence,
    solo_part,
    split_parts,
)

_CLASSES = (
    *parse.CLASSES,
    apply.PARTS4D_OT_apply_labels,
    clear.PARTS4D_OT_clear_labels,
    overlay.PARTS4D_OT_show_overlay,
    *edit_parts.CLASSES,
    *leave_mode.CLASSES,
    *select_part.CLASSES,
    *correct_part.CLASSES,
    *solo_part.CLASSES,
    *show_confidence.CLASSES,
    *part_materials.CLASSES,
    *part_face_sets.CLASSES,
    *split_parts.CLASSES,
    *render_labels.CLASSES,
    *setup.CLASSES,
)
_registered_command: object | None = None


def register() -> None:
    global _registered_command
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    _registered_command = specific(bpy.utils).register_cli_command("parts4d", command_line.run)


def unregister() -> None:
    global _registered_command
    if _registered_command is not None:
        bpy.utils.unregister_cli_command(_registered_command)
        _registered_command = None
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
