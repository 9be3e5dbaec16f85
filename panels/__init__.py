# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user sees in the 3D view's side bar."""

from __future__ import annotations

import bpy

from . import results

_CLASSES = (results.PARTS4D_PT_results,)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
