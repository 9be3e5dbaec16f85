# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrites the captured copy's materials so that a render gives elements and albedo exactly.

Every material gets a second output: fully transparent or plain diffuse, decided by its alpha at
the threshold 0.5, with AOVs for element and albedo. AOVs add up along a ray through transparent
surfaces, therefore they are multiplied by the same decision. An override material would be
simpler, but it ignores the alpha of hair cards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import bpy
import numpy as np

from .. import compat
from ..narrowing import mesh_of, specific
from .elements import ATTRIBUTE
from .shader_reading import Surface, surface_of

ELEMENT_AOV, ALBEDO_AOV = "parts4d_element", "parts4d_albedo"
_ALPHA_THRESHOLD = 0.5
_MISTAKEN_SHARE = 0.5  # of all faces
_OUTPUT = "parts4d output"
_FILLER = "parts4d_filler"
_GREY = (0.6, 0.6, 0.6, 1.0)
_UNSEEN = "color"  # Cycles shows black for a colour attribute of this name, EEVEE its colours


def prepare_materials(objects: Iterable[bpy.types.Object]) -> tuple[str, ...]:
    """Add the capture's output to all materials of the file and fill empty slots of `objects`.

    Returns warnings. Importers (FBX) leave alpha 0 behind on materials that are meant to be seen,
    and ghosts are thin all over: where a constant alpha would hide most faces, it is ignored.
    A clear cornea hides few.
    """
    objects = list(objects)
    for material in list(bpy.data.materials):
        if material.library is not None:
            material.make_local()
    _rename_unseen_colors(objects)
    fill_empty_slots(objects)
    surfaces = {
        material: read_surface(material)
        for material in bpy.data.materials
        if not material.is_grease_pencil
    }
    faces = _faces_by_material(objects)
    hidden = {m for m, s in surfaces.items() if _never_there(s.alpha)}
    mistaken = sum(faces.get(m, 0) for m in hidden) > _MISTAKEN_SHARE * sum(faces.values())
    for material, surface in surfaces.items():
        opaque = mistaken and material in hidden
        add_capture_output(material, replace(surface, alpha=1.0) if opaque else surface)
    if not mistaken:
        return ()
    some = ", ".join(sorted(f"'{m.name}'" for m in hidden & faces.keys())[:4])
    return (f"Most faces have materials with alpha below 0.5 ({some}): they are treated as opaque",)


def _rename_unseen_colors(objects: Iterable[bpy.types.Object]) -> None:
    """Another name for the attribute, and in what reads it; only this copy of the file changes."""
    meshes = {obj.data for obj in objects}
    found = [mesh.color_attributes.get(_UNSEEN) for mesh in meshes]
    if not any(found):
        return
    renamed = f"parts4d {_UNSEEN}"
    for attribute in filter(None, found):
        attribute.name = renamed
    trees = [m.node_tree for m in bpy.data.materials if m.node_tree is not None]
    for tree in (*trees, *bpy.data.node_groups):
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeVertexColor" and node.layer_name == _UNSEEN:
                node.layer_name = renamed
            elif node.bl_idname == "ShaderNodeAttribute" and (
                (node.attribute_type, node.attribute_name) == ("GEOMETRY", _UNSEEN)
            ):
                node.attribute_name = renamed


def _never_there(alpha: object) -> bool:
    return isinstance(alpha, float) and alpha <= _ALPHA_THRESHOLD


def _faces_by_material(
    objects: Iterable[bpy.types.Object],
) -> Counter[bpy.types.Material]:
    faces: Counter[bpy.types.Material] = Counter()
    for obj in objects:
        slot = np.zeros(len(obj.data.polygons), np.int32)
        if len(slot):
            obj.data.polygons.foreach_get("material_index", slot)
        counts = np.bincount(np.clip(slot, 0, len(obj.material_slots) - 1))
        for index, count in enumerate(counts):
            faces[specific(obj.material_slots[index].material)] += int(count)
    return faces


def show_capture_output(active: bool) -> None:
    """Whether Cycles renders the capture's outputs or the artist's own. EEVEE never sees ours."""
    for material in bpy.data.materials:
        tree = material.node_tree
        if tree is not None and _OUTPUT in tree.nodes:
            # A target's only output cannot be made inactive, but the target can be changed.
            specific(tree.nodes[_OUTPUT]).target = "CYCLES" if active else "EEVEE"


def fill_empty_slots(objects: Iterable[bpy.types.Object]) -> None:
    """Give objects without a material one: their active colour attribute, or grey."""
    for obj in objects:
        if not obj.material_slots:
            obj.data.materials.append(None)
        for slot in obj.material_slots:
            if slot.material is None:
                slot.material = _plain_material(mesh_of(obj))


def is_filler(material: bpy.types.Material) -> bool:
    """Whether the capture made this material for a slot without one."""
    return _FILLER in material.keys()


def _plain_material(mesh: bpy.types.Mesh) -> bpy.types.Material:
    index = mesh.color_attributes.render_color_index
    attributes = mesh.color_attributes
    layer = attributes[index].name if 0 <= index < len(attributes) else ""
    name = f"parts4d color {layer}" if layer else "parts4d grey"
    found = bpy.data.materials.get((name, None))
    if found is not None and is_filler(found):
        return found
    material = bpy.data.materials.new(name)
    material[_FILLER] = True
    material.diffuse_color = _GREY
    compat.enable_nodes(material)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    shader = nodes.new("ShaderNodeBsdfDiffuse")
    shader.inputs["Color"].default_value = _GREY
    output = nodes.new("ShaderNodeOutputMaterial")
    links.new(shader.outputs[0], output.inputs["Surface"])
    if layer:
        color = nodes.new("ShaderNodeVertexColor")
        color.layer_name = layer
        links.new(color.outputs["Color"], shader.inputs["Color"])
    return material


def read_surface(material: bpy.types.Material) -> Surface:
    """A material's colour and alpha; its viewport colour where the nodes do not tell."""
    red, green, blue, alpha = material.diffuse_color
    viewport = (red, green, blue, alpha)
    if not compat.uses_nodes(material):
        compat.enable_nodes(material)
        return Surface(viewport, 1.0)
    tree = specific(material.node_tree)
    output = next(filter(None, map(tree.get_output_node, ("CYCLES", "ALL", "EEVEE"))), None)
    if output is None:
        return Surface(viewport, 1.0)
    return surface_of(tree, output.inputs["Surface"], viewport)


def add_capture_output(material: bpy.types.Material, surface: Surface) -> None:
    """The second output with its AOVs, for Cycles only."""
    tree = material.node_tree
    nodes, links = tree.nodes, tree.links
    gate = nodes.new("ShaderNodeMath")
    gate.operation = "GREATER_THAN"
    gate.inputs[1].default_value = _ALPHA_THRESHOLD
    feed(links, gate.inputs[0], surface.alpha)

    attribute = nodes.new("ShaderNodeAttribute")
    attribute.attribute_type, attribute.attribute_name = "GEOMETRY", ATTRIBUTE
    element = nodes.new("ShaderNodeMath")
    element.operation = "MULTIPLY"
    links.new(attribute.outputs["Fac"], element.inputs[0])
    links.new(gate.outputs[0], element.inputs[1])
    element_aov = nodes.new("ShaderNodeOutputAOV")
    element_aov.aov_name = ELEMENT_AOV
    links.new(element.outputs[0], element_aov.inputs["Value"])

    albedo = nodes.new("ShaderNodeVectorMath")
    albedo.operation = "SCALE"
    feed(links, albedo.inputs[0], surface.color)
    links.new(gate.outputs[0], albedo.inputs["Scale"])
    albedo_aov = nodes.new("ShaderNodeOutputAOV")
    albedo_aov.aov_name = ALBEDO_AOV
    links.new(albedo.outputs[0], albedo_aov.inputs["Color"])

    mix = nodes.new("ShaderNodeMixShader")
    links.new(gate.outputs[0], mix.inputs[0])
    links.new(nodes.new("ShaderNodeBsdfTransparent").outputs[0], mix.inputs[1])
    links.new(nodes.new("ShaderNodeBsdfDiffuse").outputs[0], mix.inputs[2])
    make_room_for_ours(nodes)
    output = nodes.new("ShaderNodeOutputMaterial")
    output.name, output.target = _OUTPUT, "CYCLES"
    output.is_active_output = True
    links.new(mix.outputs[0], output.inputs["Surface"])


def make_room_for_ours(nodes: bpy.types.Nodes) -> None:
    """Cycles prefers an output made for it: the artist's own such output becomes the general."""
    own = [specific(n) for n in nodes if n.bl_idname == "ShaderNodeOutputMaterial"]
    for_cycles = [n for n in own if n.target == "CYCLES"]
    if not for_cycles:
        return
    for node in own:
        if node.target == "ALL":
            node.target = "EEVEE"
    for node in for_cycles:
        node.target = "ALL"


def feed(links: bpy.types.NodeLinks, socket: bpy.types.NodeSocket, source: object) -> None:
    """Link a socket to what feeds an input, or set it to a constant, colours cut to its length."""
    if isinstance(source, bpy.types.NodeSocket):
        links.new(source, socket)
    elif isinstance(source, tuple):
        plain = specific(socket)
        plain.default_value = source[: len(plain.default_value)]
    else:
        specific(socket).default_value = source
