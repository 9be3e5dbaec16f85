# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user can do: one file per action, thin. Also the `parts4d` command of the command line."""

from __future__ import annotations

import bpy

from . import apply, clear, command_line, overlay

_CLASSES = (
    apply.PARTS4D_OT_apply_labels,
    clear.PARTS4D_OT_clear_labels,
    overlay.PARTS4D_OT_show_overlay,
)
_registered_command: object | None = None


def register() -> None:
    global _registered_command
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    _registered_command = bpy.utils.register_cli_command("parts4d", command_line.run)


def unregister() -> None:
    global _registered_command
    if _registered_command is not None:
        bpy.utils.unregister_cli_command(_registered_command)
        _registered_command = None
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
