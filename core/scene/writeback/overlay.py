# SPDX-License-Identifier: GPL-3.0-or-later
"""Showing the labels: flat part colours in rendered views, attribute colours in solid ones.

Rendered views and F12 (EEVEE, Cycles) get a material from a modifier at the end of the stack, so
the object's own material slots stay untouched. Solid viewports and Workbench ignore materials'
nodes; there "Color: Attribute" shows the active colour attribute, which is ours. Views other than
all parts change that attribute's colours inside the modifier, see `overlay_nodes`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import bpy

from ...files.reading import parse_json
from ..narrowing import specific
from . import ledger as registry
from .kept_corrections import find_part
from .nodes import find_group, remove_modifier
from .options import PARTS_VIEW, Overlay
from .overlay_nodes import OVERLAY, Recolor, build_group

VIEW_PROPERTY = "parts4d_view"  # on screens and scenes: the colour types they had


def show_overlay(objects: Iterable[bpy.types.Object], on: bool, view: Overlay = PARTS_VIEW) -> None:
    """Show or hide the part colours of those `objects` that carry labels.

    Confidences are shown of objects that have them (see `using.confidence`), parts of the others.
    Hiding puts everything back: the modifier goes, and with the last one the viewports and the
    Workbench settings return to the colour type they had.
    """
    for ob in objects:
        document = registry.read(ob)
        if document is None:
            continue
        if document.get("overlay") and (not on or document.get("view") != asdict(view)):
            remove_modifier(ob, document["overlay"])
            document["overlay"], document["view"] = "", {}
        if on and not document.get("overlay"):
            document["overlay"] = _add_modifier(ob, _recolor(ob, document, view))
            document["view"] = asdict(view)
        registry.write(ob, document)
    update_shading()


def overlay_of(ob: bpy.types.Object) -> Overlay | None:
    """What the overlay of `ob` shows; None while it is off."""
    document = registry.read(ob)
    if not document or not document.get("overlay"):
        return None
    return Overlay(**document.get("view", {}))


def update_shading() -> None:
    """Make solid views agree with what is overlaid: attribute colours while anything is."""
    shown = [o for o in registry.labelled_objects() if registry.read(o).get("overlay")]
    for screen in bpy.data.screens:
        _switch(screen, dict(_viewports(screen)), bool(shown))
    for scene in bpy.data.scenes:
        if scene.library is None:
            visible = any(o.name in scene.objects for o in shown)
            _switch(scene, {"workbench": scene.display.shading}, visible)


def _switch(owner: bpy.types.ID, shadings: dict[str, bpy.types.View3DShading], on: bool) -> None:
    """`owner` remembers the colour types of its `shadings` while ours is on."""
    earlier = owner.get(VIEW_PROPERTY)
    if on:
        known = _remembered(owner)
        for key, shading in shadings.items():
            if key not in known:
                known[key] = shading.color_type
                shading.color_type = "VERTEX"
        if known:
            owner[VIEW_PROPERTY] = json.dumps(known)
    elif earlier:
        for key, color_type in _remembered(owner).items():
            # A type the user chose meanwhile is kept.
            if key in shadings and shadings[key].color_type == "VERTEX":
                shadings[key].color_type = color_type
        del owner[VIEW_PROPERTY]


def _remembered(owner: bpy.types.ID) -> dict[str, Any]:
    """Colour types by shading; empty where somebody else wrote the property."""
    try:
        known = parse_json(owner.get(VIEW_PROPERTY, "{}"))
    except (TypeError, ValueError):
        return {}
    known = known if isinstance(known, dict) else {}
    return {
        k: v
        for k, v in known.items()
        if v in ("MATERIAL", "OBJECT", "RANDOM", "SINGLE", "TEXTURE", "VERTEX")
    }


def _viewports(screen: bpy.types.Screen) -> Iterator[tuple[str, bpy.types.View3DShading]]:
    for a, area in enumerate(screen.areas):
        for s, space in enumerate(area.spaces):
            if space.type == "VIEW_3D":
                yield f"{a}/{s}", specific(space).shading


def _recolor(ob: bpy.types.Object, document: dict[str, Any], view: Overlay) -> Recolor:
    names = document["attributes"]
    color = ob.data.attributes.get(names["color"])
    # A baked character's own mesh carries no labels; its frames do.
    domain = color.domain if color else "CORNER"
    recolor = Recolor(names["color"], names["label"], domain)
    if view.kind == "part":
        found = find_part(registry.vocabulary_of(document), [view.part]) if view.part else -1
        return recolor.only(-2 if found is None else found)
    confidence = document.get("confidence", "")
    if view.kind == "confidence" and confidence in ob.data.attributes:
        return recolor.by_confidence(confidence)
    return recolor


def _add_modifier(ob: bpy.types.Object, recolor: Recolor) -> str:
    active = ob.modifiers.active
    active_name = active.name if active else ""
    modifier = ob.modifiers.new(OVERLAY, "NODES")
    specific(modifier).node_group = find_group(recolor.key) or build_group(recolor)
    modifier.show_expanded = False
    name = modifier.name
    if active_name:
        ob.modifiers.active = ob.modifiers[active_name]
    return name
