# SPDX-License-Identifier: GPL-3.0-or-later
"""Showing the labels: flat part colours in rendered views, attribute colours in solid ones.

Rendered views and F12 (EEVEE, Cycles) get a material from a modifier at the end of the stack, so
the object's own material slots stay untouched. Solid viewports and Workbench ignore materials'
nodes; there "Color: Attribute" shows the active colour attribute, which is ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import bpy

from ..compat import enable_nodes
from . import registry
from .nodes import add_node, arrange, connect, find_group, new_group, remove_modifier

OVERLAY = "Parts4D Overlay"
VIEW_PROPERTY = "parts4d_view"  # on screens and scenes: the colour types they had


def show_overlay(objects: Iterable[bpy.types.Object], on: bool) -> None:
    """Show or hide the part colours of those `objects` that carry labels.

    Hiding puts everything back: the modifier goes, and with the last one the viewports and the
    Workbench settings return to the colour type they had.
    """
    for ob in objects:
        document = registry.read(ob)
        if document is None:
            continue
        if on and not document.get("overlay"):
            document["overlay"] = _add_modifier(ob, document["attributes"]["color"])
        elif not on and document.get("overlay"):
            remove_modifier(ob, document["overlay"])
            document["overlay"] = ""
        registry.write(ob, document)
    update_shading()


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
        known = json.loads(earlier) if earlier else {}
        for key, shading in shadings.items():
            if key not in known:
                known[key] = shading.color_type
                shading.color_type = "VERTEX"
        if known:
            owner[VIEW_PROPERTY] = json.dumps(known)
    elif earlier:
        for key, color_type in json.loads(earlier).items():
            # A type the user chose meanwhile is kept.
            if key in shadings and shadings[key].color_type == "VERTEX":
                shadings[key].color_type = color_type
        del owner[VIEW_PROPERTY]


def _viewports(screen: bpy.types.Screen) -> Iterator[tuple[str, bpy.types.View3DShading]]:
    for a, area in enumerate(screen.areas):
        for s, space in enumerate(area.spaces):
            if space.type == "VIEW_3D":
                yield f"{a}/{s}", space.shading


def _add_modifier(ob: bpy.types.Object, attribute: str) -> str:
    active = ob.modifiers.active
    active_name = active.name if active else ""
    key = f"overlay:{attribute}"
    modifier = ob.modifiers.new(OVERLAY, "NODES")
    modifier.node_group = find_group(key) or _build_group(key, attribute)
    modifier.show_expanded = False
    name = modifier.name
    if active_name:
        ob.modifiers.active = ob.modifiers[active_name]
    return name


def _build_group(key: str, attribute: str) -> bpy.types.NodeTree:
    group, geometry, result = new_group(OVERLAY, key)
    node = add_node(group, "GeometryNodeSetMaterial")
    connect(group, geometry, node.inputs["Geometry"])
    connect(group, _material(key, attribute), node.inputs["Material"])
    connect(group, node.outputs[0], result)
    arrange(group)
    return group


def _material(key: str, attribute: str) -> bpy.types.Material:
    """Light of exactly the part's colour, whatever the lamps: a label pass to look at."""
    for material in bpy.data.materials:
        if material.library is None and material.get(registry.PROPERTY) == key:
            return material
    material = bpy.data.materials.new(OVERLAY)
    material[registry.PROPERTY] = key
    enable_nodes(material)
    tree = material.node_tree
    tree.nodes.clear()
    color = add_node(
        tree, "ShaderNodeAttribute", attribute_type="GEOMETRY", attribute_name=attribute
    )
    light = add_node(tree, "ShaderNodeEmission")
    output = add_node(tree, "ShaderNodeOutputMaterial")
    connect(tree, color.outputs["Color"], light.inputs["Color"])
    connect(tree, light.outputs[0], output.inputs["Surface"])
    arrange(tree)
    return material
