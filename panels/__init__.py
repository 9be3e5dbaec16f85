# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees in the 3D view's side bar."""

from __future__ import annotations

import bpy

from ..core.data_folder import choose_data_folder
from ..core.scene.narrowing import specific
from . import character, labels, parse, parts, results, setup

_CLASSES = (
    *character.CLASSES,
    *parts.CLASSES,
    *parse.CLASSES,
    *results.CLASSES,
    *labels.CLASSES,
    *setup.CLASSES,
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    _take_preferences()


def _take_preferences() -> None:
    """The storage folder that the user chose, before anything looks for it."""
    addon = specific(bpy.context.preferences).addons.get(setup.PARTS4D_AP_preferences.bl_idname)
    if addon is not None and addon.preferences is not None and addon.preferences.data_path:
        choose_data_folder(addon.preferences.data_path)


def unregister() -> None:
    choose_data_folder("")
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
