# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a shader tree as what a camera would call its colour and how much of it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import bpy

from ..narrowing import specific

Color: TypeAlias = "bpy.types.NodeSocket | tuple[float, float, float, float]"
Number: TypeAlias = "bpy.types.NodeSocket | float"
_DEPTH = 64  # nesting of mixes and groups that is followed

_COLOR_INPUT = {
    "ShaderNodeEmission": "Color",
    "ShaderNodeBackground": "Color",
    "ShaderNodeEeveeSpecular": "Base Color",
    "ShaderNodeBsdfHairPrincipled": "Color",
}


@dataclass(frozen=True)
class Surface:
    """Colour and alpha of a shader, each a constant or an output socket in the asking tree."""

    color: Color  # scene-linear RGBA; the base colour also of metals and glass
    alpha: Number  # 0 = see-through, 1 = there


def surface_of(
    tree: bpy.types.NodeTree,
    socket: bpy.types.NodeSocket,
    fallback: tuple[float, float, float, float],
) -> Surface:
    """What is linked to a shader input, or `fallback` where it cannot be told.

    Adds helper nodes to `tree`, and outputs to copies of the groups it descends into.
    """
    return _Reader(tree, fallback).shader_input(socket, _DEPTH)


class _Reader:
    def __init__(
        self, tree: bpy.types.NodeTree, fallback: tuple[float, float, float, float]
    ) -> None:
        self.tree = tree
        self.fallback = fallback
        self.known: dict[str, Surface] = {}  # by node and socket: trees may share branches

    def shader_input(self, socket: bpy.types.NodeSocket, depth: int) -> Surface:
        source = _source(socket)
        if source is None or depth == 0:
            return Surface(self.fallback, 1.0)
        key = f"{source.node.name}/{source.identifier}"
        if key not in self.known:
            self.known[key] = self._shader(specific(source.node), source, depth - 1)
        return self.known[key]

    def _shader(self, node: bpy.types.Node, output: bpy.types.NodeSocket, depth: int) -> Surface:
        kind = node.bl_idname
        if kind == "ShaderNodeMixShader":
            return self._mix(node, depth)
        if kind == "ShaderNodeAddShader":
            return self._add(node, depth)
        if kind == "ShaderNodeBsdfTransparent":
            return Surface((0.0, 0.0, 0.0, 1.0), 0.0)
        if kind == "ShaderNodeBsdfPrincipled":
            return self._read_principled(node)
        if isinstance(node, bpy.types.ShaderNodeGroup) and node.node_tree is not None:
            return self._group(node, output, depth)
        if kind == "ShaderNodeHoldout":
            return Surface((0.0, 0.0, 0.0, 1.0), 1.0)
        name = _COLOR_INPUT.get(kind, "Color")
        if name in node.inputs:
            return Surface(self.color(node.inputs[name]), 1.0)
        return Surface(self.fallback, 1.0)

    def _read_principled(self, node: bpy.types.Node) -> Surface:
        base, glow = specific(node.inputs["Base Color"]), node.inputs.get("Emission Color")
        strength = specific(node.inputs.get("Emission Strength"))
        color = self.color(base)
        black = not base.is_linked and max(base.default_value[:3]) < 0.02
        glows = strength is not None and (strength.is_linked or strength.default_value > 0)
        if black and glow is not None and glows:
            color = self.color(glow)  # the usual way to make an unlit material
        return Surface(color, self.number(node.inputs["Alpha"]))

    def _mix(self, node: bpy.types.Node, depth: int) -> Surface:
        factor = self.number(node.inputs[0])
        first = self.shader_input(node.inputs[1], depth)
        second = self.shader_input(node.inputs[2], depth)
        if isinstance(factor, float) and factor in (0.0, 1.0):
            return second if factor else first
        if first.alpha == 0.0 and second.alpha == 0.0:
            return first
        alpha = self._blend_numbers(factor, first.alpha, second.alpha)
        if first.alpha == 0.0:
            return Surface(second.color, alpha)
        if second.alpha == 0.0:
            return Surface(first.color, alpha)
        return Surface(self._blend_colors("MIX", factor, first.color, second.color), alpha)

    def _add(self, node: bpy.types.Node, depth: int) -> Surface:
        first = self.shader_input(node.inputs[0], depth)
        second = self.shader_input(node.inputs[1], depth)
        if first.alpha == 0.0:
            return second
        if second.alpha == 0.0:
            return first
        color = self._blend_colors("ADD", 1.0, first.color, second.color)
        if isinstance(first.alpha, float) and isinstance(second.alpha, float):
            return Surface(color, max(first.alpha, second.alpha))
        return Surface(color, self._math("MAXIMUM", first.alpha, second.alpha))

    def _group(
        self, node: bpy.types.ShaderNodeGroup, output: bpy.types.NodeSocket, depth: int
    ) -> Surface:
        """Read inside a copy of the group and lead colour and alpha out by two new sockets."""
        inner = specific(node.node_tree).copy()
        end = next((n for n in inner.nodes if n.bl_idname == "NodeGroupOutput"), None)
        ends = [n for n in inner.nodes if n.bl_idname == "NodeGroupOutput" and n.is_active_output]
        end = ends[0] if ends else end
        inside = None
        if end is not None:
            inside = next((s for s in end.inputs if s.identifier == output.identifier), None)
        if inside is None or depth == 0:
            bpy.data.node_groups.remove(inner)
            return Surface(self.fallback, 1.0)
        found = _Reader(inner, self.fallback).shader_input(inside, depth)
        results: dict[str, Any] = {}
        for label, value, kind in (
            ("parts4d color", found.color, "NodeSocketColor"),
            ("parts4d alpha", found.alpha, "NodeSocketFloat"),
        ):
            if not isinstance(value, bpy.types.NodeSocket):
                results[label] = value
                continue
            item = inner.interface.new_socket(label, in_out="OUTPUT", socket_type=kind)
            target = next(s for s in end.inputs if s.identifier == item.identifier)
            inner.links.new(value, target)
            results[label] = item.identifier
        node.node_tree = inner
        for label, value in results.items():
            if isinstance(value, str):
                results[label] = next(s for s in node.outputs if s.identifier == value)
        return Surface(results["parts4d color"], results["parts4d alpha"])

    def color(self, socket: bpy.types.NodeSocket) -> Color:
        source = _source(socket)
        if source is None:
            value = specific(socket).default_value
            return (value[0], value[1], value[2], 1.0)
        self._unlight(specific(source.node), set())
        return source

    def number(self, socket: bpy.types.NodeSocket) -> Number:
        source = _source(socket)
        if source is None:
            return float(specific(socket).default_value)
        self._unlight(specific(source.node), set())
        return source

    def _unlight(self, node: bpy.types.Node, seen: set[str]) -> None:
        """Replace 'Shader to RGB' upstream (EEVEE only, black in Cycles) by the shader's colour."""
        if node.name in seen:
            return
        seen.add(node.name)
        if node.bl_idname == "ShaderNodeShaderToRGB" and node.outputs[0].is_linked:
            surface = self.shader_input(node.inputs[0], _DEPTH)
            if isinstance(surface.color, tuple):
                rgb = self.tree.nodes.new("ShaderNodeRGB")
                replacement = specific(rgb.outputs[0])
                replacement.default_value = surface.color
            else:
                replacement = surface.color
            for link in list(specific(node.outputs[0]).links):
                self.tree.links.new(replacement, link.to_socket)
            return
        for socket in node.inputs:
            for link in socket.links:
                self._unlight(specific(link.from_node), seen)

    def _blend_numbers(self, factor: Number, first: Number, second: Number) -> Number:
        if isinstance(first, float) and isinstance(second, float):
            if first == second:
                return first
            if isinstance(factor, float):
                return first + (second - first) * factor
        node = specific(self.tree.nodes.new("ShaderNodeMix"))
        node.data_type = "FLOAT"
        for index, value in ((0, factor), (2, first), (3, second)):
            self._feed(node.inputs[index], value)
        return node.outputs[0]

    def _blend_colors(self, mode: str, factor: Number, first: Color, second: Color) -> Color:
        node = specific(self.tree.nodes.new("ShaderNodeMix"))
        node.data_type, node.blend_type = "RGBA", mode
        for index, value in ((0, factor), (6, first), (7, second)):
            self._feed(node.inputs[index], value)
        return node.outputs[2]

    def _math(self, operation: str, first: Number, second: Number) -> Number:
        node = specific(self.tree.nodes.new("ShaderNodeMath"))
        node.operation = operation
        self._feed(node.inputs[0], first)
        self._feed(node.inputs[1], second)
        return node.outputs[0]

    def _feed(self, socket: bpy.types.NodeSocket, value: Color | Number) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            specific(socket).default_value = value


def _source(socket: bpy.types.NodeSocket) -> bpy.types.NodeSocket | None:
    """The output that feeds an input, through reroutes and muted nodes; None when unlinked."""
    for _ in range(256):
        link = next((k for k in socket.links if not k.is_muted), None)
        if link is None:
            return None
        node = link.from_node
        if node.bl_idname == "NodeReroute":
            socket = node.inputs[0]
        elif node.mute:
            inner = next((k for k in node.internal_links if k.to_socket == link.from_socket), None)
            if inner is None:
                return None
            socket = specific(inner.from_socket)
        else:
            return link.from_socket
    return None
