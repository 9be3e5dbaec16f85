# SPDX-License-Identifier: GPL-3.0-or-later
"""Small Geometry Nodes trees: made once, shared by what needs the same, gone when unused."""

from __future__ import annotations

from typing import Any

import bpy

from ..narrowing import specific
from .ledger import PROPERTY


def find_group(key: str) -> bpy.types.NodeTree | None:
    """The local node group that was made for `key`."""
    for group in bpy.data.node_groups:
        if group.library is None and group.get(PROPERTY) == key:
            return group
    return None


def find_material(key: str) -> bpy.types.Material | None:
    """The local material that was made for `key`."""
    for material in bpy.data.materials:
        if material.library is None and material.get(PROPERTY) == key:
            return material
    return None


def new_group(name: str, key: str) -> tuple[bpy.types.NodeTree, Any, Any]:
    """(group, its incoming geometry socket, its outgoing geometry socket)."""
    group = bpy.data.node_groups.new(name, "GeometryNodeTree")
    group[PROPERTY] = key
    specific(group).is_modifier = True
    group.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    source = group.nodes.new("NodeGroupInput")
    target = group.nodes.new("NodeGroupOutput")
    return group, source.outputs[0], target.inputs[0]


def add_node(group: bpy.types.NodeTree, kind: str, **settings: Any) -> bpy.types.Node:
    """A node whose properties are `settings`; those a version does not have raise."""
    node = group.nodes.new(kind)
    for name, value in settings.items():
        setattr(node, name, value)
    return node


def connect(group: bpy.types.NodeTree, value: Any, socket: bpy.types.NodeSocket) -> None:
    """Feed `socket` from an output socket or with a constant."""
    if isinstance(value, bpy.types.NodeSocket):
        group.links.new(value, socket)
    else:
        specific(socket).default_value = value


def arrange(group: bpy.types.NodeTree) -> None:
    """Lay the nodes out in a row, so that a curious user can read them."""
    for column, node in enumerate(n for n in group.nodes if n.type != "GROUP_OUTPUT"):
        node.location = (180 * (column % 8), -260 * (column // 8))
    for node in group.nodes:
        if node.type == "GROUP_OUTPUT":
            node.location = (180 * 8, 0)


def remove_modifier(ob: bpy.types.Object, name: str) -> int:
    """Remove the modifier, and its node group and materials when nothing else uses them."""
    modifier = ob.modifiers.get(name)
    if modifier is None:
        return 0
    group = modifier.node_group if modifier.type == "NODES" else None
    ob.modifiers.remove(modifier)
    if group is None or group.users or PROPERTY not in group:
        return 1
    bpy.data.node_groups.remove(group)
    for material in list(bpy.data.materials):
        if material.library is None and PROPERTY in material and not material.users:
            bpy.data.materials.remove(material)
    return 1
