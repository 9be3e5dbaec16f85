# SPDX-License-Identifier: GPL-3.0-or-later
"""The modifier that shows each scene frame its own labels, with no Python involved.

    Scene Time -> whole frame -> "0001000100010013..." sliced at that frame -> "parts.0013"
    -> Named Attribute -> Store Named Attribute "parts"

The string holds, for every scene frame from the first stored one to the last, the number of the
labelling that holds there; so any pattern of changes is one small tree, also on render farms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ..narrowing import specific
from .names import AttributeNames
from .nodes import add_node, arrange, connect, find_group, new_group
from .options import ColorDomain

MODIFIER = "Parts4D"
# Modifiers that Blender switches off unless they see the original mesh: ours goes below them.
_NEED_ORIGINAL = {"MULTIRES", "SOFT_BODY"}


@dataclass(frozen=True)
class Switch:
    """What one object's modifier reads and writes."""

    source: AttributeNames  # numbered attributes are read from here
    target: AttributeNames  # what the evaluated mesh gets
    hidden: tuple[str, ...]  # prefixes of attributes the evaluated mesh need not carry along
    frames: tuple[int, ...]  # at which a stored labelling begins, ascending
    color_domain: ColorDomain

    @property
    def key(self) -> str:
        return "switch:" + hashlib.sha256(repr(self).encode()).hexdigest()


def add_switch(ob: bpy.types.Object, switch: Switch) -> str:
    """Give `ob` the modifier, as early in its stack as Blender allows; returns its name.

    Early, because there the faces are still those that were labelled; everything below copies
    the chosen attribute along with the faces it makes.
    """
    active = ob.modifiers.active
    active_name = active.name if active else ""
    modifier = ob.modifiers.new(MODIFIER, "NODES")
    specific(modifier).node_group = find_group(switch.key) or _build(switch)
    modifier.show_expanded = False
    name = modifier.name
    position = len(ob.modifiers) - 1
    while position and ob.modifiers[position - 1].type not in _NEED_ORIGINAL:
        try:
            ob.modifiers.move(position, position - 1)
        except RuntimeError:
            break
        position -= 1
    if active_name:
        ob.modifiers.active = ob.modifiers[active_name]
    return name


def change_table(frames: Sequence[int]) -> tuple[str, int]:
    """(table, width): `width` characters for each scene frame from the first to the last."""
    numbers = [f"{frame:04d}" for frame in frames]
    width = max(map(len, numbers))
    lengths = [b - a for a, b in zip(frames, [*frames[1:], frames[-1] + 1], strict=True)]
    entries = (n.ljust(width) * length for n, length in zip(numbers, lengths, strict=True))
    return "".join(entries), width


def _build(switch: Switch) -> bpy.types.NodeTree:
    group, geometry, result = new_group("Parts4D Switch", switch.key)
    number = _number(group, switch.frames)
    for source, target, kind, stored, domain in (
        (switch.source.label, switch.target.label, "INT", "INT", "FACE"),
        (
            switch.source.color,
            switch.target.color,
            "FLOAT_COLOR",
            "BYTE_COLOR",
            switch.color_domain,
        ),
    ):
        name = add_node(group, "FunctionNodeReplaceString")
        pattern = add_node(group, "FunctionNodeInputString", string=f"{source}.#")
        connect(group, pattern.outputs[0], name.inputs["String"])
        connect(group, "#", name.inputs["Find"])
        connect(group, number, name.inputs["Replace"])
        read = add_node(group, "GeometryNodeInputNamedAttribute", data_type=kind)
        connect(group, name.outputs[0], read.inputs["Name"])
        store = add_node(group, "GeometryNodeStoreNamedAttribute", data_type=stored, domain=domain)
        connect(group, geometry, store.inputs["Geometry"])
        # An attribute that was deleted by hand leaves the first frame's labels, not black.
        connect(group, read.outputs["Exists"], store.inputs["Selection"])
        connect(group, target, store.inputs["Name"])
        value = next(s for s in store.inputs if s.name == "Value" and s.enabled)
        connect(group, next(s for s in read.outputs if s.enabled), value)
        geometry = store.outputs[0]
    for prefix in switch.hidden:
        geometry = _drop(group, geometry, f"{prefix}.*")
    connect(group, geometry, result)
    arrange(group)
    return group


def _number(group: bpy.types.NodeTree, frames: Sequence[int]) -> bpy.types.NodeSocket:
    """The number, as text, of the labelling that holds in the scene frame."""
    table, width = change_table(frames)

    def math(operation: str, a: object, b: object = 0.0) -> bpy.types.NodeSocket:
        node = add_node(group, "ShaderNodeMath", operation=operation)
        connect(group, a, node.inputs[0])
        connect(group, b, node.inputs[1])
        return node.outputs[0]

    frame = add_node(group, "GeometryNodeInputSceneTime").outputs["Frame"]
    # Motion blur asks for fractions of a frame, and 12.9999 means 13.
    whole = math("FLOOR", math("ADD", frame, 1e-3))
    clamped = math("MINIMUM", math("MAXIMUM", whole, float(frames[0])), float(frames[-1]))
    position = math("MULTIPLY", math("SUBTRACT", clamped, float(frames[0])), float(width))
    integer = add_node(group, "FunctionNodeFloatToInt", rounding_mode="ROUND")
    connect(group, position, integer.inputs[0])
    text = add_node(group, "FunctionNodeInputString", string=table)
    piece = add_node(group, "FunctionNodeSliceString")
    connect(group, text.outputs[0], piece.inputs["String"])
    connect(group, integer.outputs[0], piece.inputs["Position"])
    connect(group, width, piece.inputs["Length"])
    if " " not in table:
        return piece.outputs[0]
    trim = add_node(group, "FunctionNodeReplaceString")
    connect(group, piece.outputs[0], trim.inputs["String"])
    connect(group, " ", trim.inputs["Find"])
    return trim.outputs[0]


def _drop(
    group: bpy.types.NodeTree, geometry: bpy.types.NodeSocket, pattern: str
) -> bpy.types.NodeSocket:
    """Without the stored frames, or Subdivision would interpolate hundreds of attributes."""
    node = add_node(group, "GeometryNodeRemoveAttribute")
    if hasattr(node, "pattern_mode"):
        node.pattern_mode = "WILDCARD"
    else:  # an input socket from 5.0 on
        specific(node.inputs["Pattern Mode"]).default_value = "Wildcard"
    connect(group, pattern, node.inputs["Name"])
    connect(group, geometry, node.inputs["Geometry"])
    return node.outputs[0]
