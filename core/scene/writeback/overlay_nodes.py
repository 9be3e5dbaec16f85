# SPDX-License-Identifier: GPL-3.0-or-later
"""The overlay's modifier: (Recolour) -> Set Material.

Recolouring happens on the evaluated mesh and by label, so it follows the scene frame and
corrections, stores nothing on the mesh, and is gone with the modifier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import bpy
from mathutils import Color

from ..compat import enable_nodes
from ..narrowing import specific
from . import ledger as registry
from .attributes import NEUTRAL
from .nodes import add_node, arrange, connect, find_material, new_group

OVERLAY = "Parts4D Overlay"
FADED = (0.22, 0.22, 0.22)  # sRGB of what is not the one part: darker than unlabelled faces
# sRGB at confidences 0, 1/4 ... 1: dark to light, told apart by every kind of colour vision
# (viridis by S. van der Walt and N. Smith, CC0).
RAMP = (
    (0.267, 0.005, 0.329),
    (0.230, 0.322, 0.546),
    (0.128, 0.567, 0.551),
    (0.369, 0.789, 0.383),
    (0.993, 0.906, 0.144),
)
_ALL = -3


@dataclass(frozen=True)
class Recolor:
    """Which attributes the overlay reads, and what it makes of the colours."""

    color: str
    label: str
    domain: str  # of the colours
    part: int = _ALL  # the only label that keeps its colour
    confidence: str = ""  # a FACE/FLOAT attribute, 0..1, to be shown instead of the colours

    def only(self, part: int) -> Recolor:
        return replace(self, part=part)

    def by_confidence(self, attribute: str) -> Recolor:
        return replace(self, confidence=attribute)

    @property
    def plain(self) -> bool:
        return self.part == _ALL and not self.confidence

    @property
    def key(self) -> str:
        """Of the node group; one for all objects whose colours are stored alike."""
        if self.plain:
            return f"overlay:{self.color}"
        view = f"confidence:{self.confidence}" if self.confidence else f"part:{self.part}"
        return f"overlay:{self.color}:{self.label}:{self.domain}:{view}"


def build_group(recolor: Recolor) -> bpy.types.NodeTree:
    group, geometry, result = new_group(OVERLAY, recolor.key)
    if recolor.confidence:
        geometry = _store(group, geometry, recolor, _ramp(group, recolor.confidence))
        neutral = (*_linear(NEUTRAL), 1.0)
        unlabelled = _compare(group, recolor.label, "LESS_THAN", 0)
        geometry = _store(group, geometry, recolor, neutral, unlabelled)
    elif not recolor.plain:
        part = _compare(group, recolor.label, "EQUAL", recolor.part)
        others = add_node(group, "FunctionNodeBooleanMath", operation="NOT")
        connect(group, part, others.inputs[0])
        faded = (*_linear(FADED), 1.0)
        geometry = _store(group, geometry, recolor, faded, others.outputs[0])
    node = add_node(group, "GeometryNodeSetMaterial")
    connect(group, geometry, node.inputs["Geometry"])
    connect(group, _material(recolor.color), node.inputs["Material"])
    connect(group, node.outputs[0], result)
    arrange(group)
    return group


def _store(
    group: bpy.types.NodeTree,
    geometry: bpy.types.NodeSocket,
    recolor: Recolor,
    color: Any,
    selection: bpy.types.NodeSocket | None = None,
) -> bpy.types.NodeSocket:
    """The geometry with `color`, a socket or linear RGBA, as its colours where selected."""
    store = add_node(
        group, "GeometryNodeStoreNamedAttribute", data_type="BYTE_COLOR", domain=recolor.domain
    )
    connect(group, geometry, store.inputs["Geometry"])
    connect(group, recolor.color, store.inputs["Name"])
    connect(group, color, next(s for s in store.inputs if s.name == "Value" and s.enabled))
    if selection is not None:
        connect(group, selection, store.inputs["Selection"])
    return store.outputs[0]


def _compare(
    group: bpy.types.NodeTree, label: str, operation: str, value: int
) -> bpy.types.NodeSocket:
    """Whether a face's label compares so; a vertex counts when one of its faces does."""
    compare = add_node(group, "FunctionNodeCompare", data_type="INT", operation=operation)
    read = _find_socket(group, label, "INT")
    first, second = (s for s in compare.inputs if s.enabled)
    connect(group, read, first)
    connect(group, value, second)
    # Compared on faces: between vertices, labels would be averaged.
    on_faces = add_node(group, "GeometryNodeFieldOnDomain", data_type="BOOLEAN", domain="FACE")
    connect(group, compare.outputs[0], next(s for s in on_faces.inputs if s.enabled))
    return next(s for s in on_faces.outputs if s.enabled)


def _ramp(group: bpy.types.NodeTree, attribute: str) -> bpy.types.NodeSocket:
    node = add_node(group, "ShaderNodeValToRGB")
    elements = specific(node).color_ramp.elements
    while len(elements) < len(RAMP):
        elements.new(0.5)
    for index, color in enumerate(RAMP):
        elements[index].position = index / (len(RAMP) - 1)
        elements[index].color = (*_linear(color), 1.0)
    connect(group, _find_socket(group, attribute, "FLOAT"), node.inputs[0])
    return node.outputs[0]


def _find_socket(group: bpy.types.NodeTree, name: str, kind: str) -> bpy.types.NodeSocket:
    read = add_node(group, "GeometryNodeInputNamedAttribute", data_type=kind)
    connect(group, name, read.inputs["Name"])
    return next(s for s in read.outputs if s.enabled)


def _linear(color: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(Color(color).from_srgb_to_scene_linear()[:])


def _material(attribute: str) -> bpy.types.Material:
    """Light of exactly the part's colour, whatever the lamps: a label pass to look at."""
    key = f"overlay:{attribute}"
    if found := find_material(key):
        return found
    material = bpy.data.materials.new(OVERLAY)
    material[registry.PROPERTY] = key
    enable_nodes(material)
    tree = material.node_tree
    assert tree is not None  # just enabled
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
