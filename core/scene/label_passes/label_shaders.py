# SPDX-License-Identifier: GPL-3.0-or-later
"""A second output for every material: there or not by its alpha, with the numbers as an AOV.

AOVs add up along a ray through transparent surfaces; here a surface is either solid or adds
nothing, so that the numbers are those of the one surface that is seen. Mattes want the alpha as it
is: the gate that decides is then opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy

from .. import compat
from ..capture.capture_materials import feed, make_room_for_ours, read_surface
from ..narrowing import mesh_of, specific
from .marks import CHARACTER, ID, INSTANCER

AOV = "parts4d_numbers"
_OUTPUT, _GATE = "parts4d label output", "parts4d gate"
_THRESHOLD = 0.5
_DEFAULT_GREY = (0.8, 0.8, 0.8, 1.0)


@dataclass(frozen=True)
class LabelMaterial:
    """A material with the label output."""

    material: bpy.types.Material
    plain: bool  # opaque and not displaced: it differs from others in nothing that labels see


def prepare_materials(objects: Iterable[bpy.types.Object]) -> dict[str, LabelMaterial]:
    """Add the output to all materials of the file; name -> what came of it.

    `objects` with labels get a material where a slot has none: nothing else could show numbers.
    """
    _fill_slots(objects)
    return {
        material.name_full: _prepare(material)
        for material in list(bpy.data.materials)
        if not material.is_grease_pencil
    }


def set_exact(exact: bool) -> None:
    """Whether alpha is cut at one half, or covers as much as it says."""
    for material in bpy.data.materials:
        gate = material.node_tree and material.node_tree.nodes.get(_GATE)
        if gate is not None:
            gate = specific(gate)
            gate.operation = "GREATER_THAN" if exact else "ADD"
            gate.inputs[1].default_value = _THRESHOLD if exact else 0.0


def _fill_slots(objects: Iterable[bpy.types.Object]) -> None:
    for ob in objects:
        mesh = mesh_of(ob)
        if not ob.material_slots:
            mesh.materials.append(None)
        for slot in ob.material_slots:
            if slot.material is None:
                slot.material = _default_material()


def _default_material() -> bpy.types.Material:
    name = "parts4d default"
    if found := bpy.data.materials.get((name, None)):
        return found
    material = bpy.data.materials.new(name)
    material.diffuse_color = _DEFAULT_GREY
    compat.enable_nodes(material)
    return material


def _prepare(material: bpy.types.Material) -> LabelMaterial:
    surface = read_surface(material)
    tree = specific(material.node_tree)
    nodes, links = tree.nodes, tree.links
    own = next(filter(None, map(tree.get_output_node, ("CYCLES", "ALL", "EEVEE"))), None)
    alpha = surface.alpha
    if own is not None and own.inputs["Volume"].is_linked and not own.inputs["Surface"].is_linked:
        alpha = 0.0  # smoke hides nothing for certain
    constant = isinstance(alpha, float)

    gate = nodes.new("ShaderNodeMath")
    gate.operation, gate.use_clamp = "GREATER_THAN", True
    gate.inputs[1].default_value = _THRESHOLD
    feed(links, gate.inputs[0], alpha)
    if not (constant and alpha in (0.0, 1.0)):
        gate.name = _GATE
    _add_numbers(tree, gate.outputs[0])

    mix = nodes.new("ShaderNodeMixShader")
    links.new(gate.outputs[0], mix.inputs[0])
    links.new(nodes.new("ShaderNodeBsdfTransparent").outputs[0], mix.inputs[1])
    links.new(nodes.new("ShaderNodeBsdfDiffuse").outputs[0], mix.inputs[2])
    moved = _displacement(material, own)
    make_room_for_ours(nodes)
    output = nodes.new("ShaderNodeOutputMaterial")
    output.name, output.target, output.is_active_output = _OUTPUT, "CYCLES", True
    links.new(mix.outputs[0], output.inputs["Surface"])
    if moved is not None:
        links.new(moved, output.inputs["Displacement"])
    return LabelMaterial(material, constant and alpha == 1.0 and moved is None)


def _add_numbers(tree: bpy.types.NodeTree, gate: bpy.types.NodeSocket) -> None:
    """Red is the part's id, green the instancer's number, blue the character's; all 0 or more."""
    nodes, links = tree.nodes, tree.links
    numbers = nodes.new("ShaderNodeCombineXYZ")
    sources = (("GEOMETRY", ID), ("INSTANCER", INSTANCER), ("OBJECT", CHARACTER))
    for socket, (kind, name) in zip(numbers.inputs, sources, strict=True):
        attribute = specific(nodes.new("ShaderNodeAttribute"))
        attribute.attribute_type, attribute.attribute_name = kind, name
        links.new(attribute.outputs["Fac"], socket)
    gated = specific(nodes.new("ShaderNodeVectorMath"))
    gated.operation = "SCALE"
    links.new(numbers.outputs[0], gated.inputs[0])
    links.new(gate, gated.inputs["Scale"])
    aov = specific(nodes.new("ShaderNodeOutputAOV"))
    aov.aov_name = AOV
    links.new(gated.outputs[0], aov.inputs["Color"])


def _displacement(
    material: bpy.types.Material, output: bpy.types.Node | None
) -> bpy.types.NodeSocket | None:
    """What moves the surface itself; bumps do not."""
    if output is None or material.displacement_method == "BUMP":
        return None
    found = output.inputs["Displacement"].links
    return found[0].from_socket if found else None
