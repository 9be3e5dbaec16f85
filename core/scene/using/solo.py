# SPDX-License-Identifier: GPL-3.0-or-later
"""One part in its colour, everything else dark: what belongs to it, at a glance."""

from __future__ import annotations

import bpy

from ..writeback.options import Overlay
from ..writeback.overlay import show_overlay
from .labelled import character_of, require_part


def solo_part(ob: bpy.types.Object | None, name: str) -> None:
    """Show only part `name` ("": what is unlabelled) of the character of `ob` in its colour.

    Nothing is hidden or stored on the mesh: the overlay draws it, follows the scene frame, and
    takes it back when it shows all parts or is switched off. Raises InputError when there is no
    such part.
    """
    objects = character_of(ob)
    require_part(objects, name)
    show_overlay([o.object for o in objects], True, Overlay("part", name))


def show_all_parts(ob: bpy.types.Object | None) -> None:
    """Show all parts of the character of `ob` in their colours again."""
    show_overlay([o.object for o in character_of(ob)], True)
