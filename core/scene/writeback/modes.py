# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaving Edit, Sculpt and paint modes for the time of a write, and going back.

In Edit Mode a mesh's attributes are empty and vertex groups refuse weights, and an artist who
presses Apply there means "on what I see", not "please lecture me about modes".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

import bpy

from ...errors import InputError


@contextmanager
def object_mode(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Objects are in Object Mode inside the block; after it every mode is as it was.

    Several meshes may be edited together: leaving takes all of them along, so all go back.
    Raises InputError when an object cannot leave its mode.
    """
    concerned = [o.name for o in objects if o.mode != "OBJECT"]
    if not concerned:
        yield
        return
    layer = bpy.context.view_layer
    active = layer.objects.active
    active_name = active.name if active else ""
    selected = [o.name for o in layer.objects if o.select_get()]
    modes = {o.name: o.mode for o in layer.objects if o.mode != "OBJECT"}
    try:
        for name in concerned:
            _set_mode(name, "OBJECT")
            if bpy.data.objects[name].mode != "OBJECT":
                raise InputError(
                    f"{name} is in {modes.get(name, 'another').replace('_', ' ').title()} Mode",
                    "Switch to Object Mode and try again",
                )
        yield
    finally:
        _select(())  # entering Edit Mode takes selected meshes along
        for name, mode in modes.items():
            _set_mode(name, mode)
        _select(selected)
        layer.objects.active = layer.objects.get(active_name)


def _select(names: Collection[str]) -> None:
    for ob in bpy.context.view_layer.objects:
        if ob.select_get() != (ob.name in names):
            ob.select_set(ob.name in names)


def _set_mode(name: str, mode: str) -> None:
    """As far as possible: the operator acts on the active object of the view layer."""
    ob = bpy.data.objects.get((name, None))
    objects = bpy.context.view_layer.objects
    if ob is None or ob.mode == mode or name not in objects:
        return
    objects.active = ob
    try:
        with bpy.context.temp_override(active_object=ob, object=ob, selected_objects=[ob]):
            bpy.ops.object.mode_set(mode=mode)
    except RuntimeError:
        pass  # the caller looks at the mode
