# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces become Blender meshes: attributes, materials, vertex groups, armature modifier."""

import bpy
import numpy as np

from .body import Joints
from .palette import MATERIALS
from .piece import Piece, join
from .weights import weights_at

COLOUR = "Color"
GROUND_TRUTH = "gt_part"


def _material(
    name: str, colour_name: str, roughness: float, metallic: float = 0.0, subsurface: float = 0.0
) -> bpy.types.Material:
    """A Principled material whose base colour is the mesh's colour attribute."""
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # before 5.0
        material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = colour_name
    colour.location = (-300, 300)
    links.new(colour.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Metallic"].default_value = metallic
    shader.inputs["Subsurface Weight"].default_value = subsurface
    shader.inputs["Subsurface Radius"].default_value = (0.012, 0.005, 0.003)
    return material


def _mesh(source: Piece, name: str, uv_name: str, colour_name: str) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(name)
    count = len(source.quads)
    mesh.vertices.add(len(source.vertices))
    mesh.vertices.foreach_set("co", source.vertices.astype(np.float32).ravel())
    mesh.loops.add(4 * count)
    mesh.loops.foreach_set("vertex_index", source.quads.astype(np.int32).ravel())
    mesh.polygons.add(count)
    mesh.polygons.foreach_set("loop_start", np.arange(0, 4 * count, 4, dtype=np.int32))
    mesh.polygons.foreach_set("material_index", source.material.astype(np.int32))
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    # All attributes first: adding one invalidates references to the others.
    mesh.uv_layers.new(name=uv_name)
    mesh.color_attributes.new(colour_name, "BYTE_COLOR", "CORNER")
    mesh.attributes.new(GROUND_TRUTH, "INT", "FACE")
    mesh.uv_layers[uv_name].data.foreach_set("uv", source.uv.astype(np.float32).ravel())
    rgba = np.concatenate([source.colour, np.ones((count, 4, 1))], -1)
    mesh.color_attributes[colour_name].data.foreach_set(
        "color_srgb", rgba.astype(np.float32).ravel()
    )
    mesh.color_attributes.active_color = mesh.color_attributes[colour_name]
    mesh.attributes[GROUND_TRUTH].data.foreach_set("value", source.part.astype(np.int32))
    return mesh


def _weights(source: Piece, joints: Joints) -> dict[str, np.ndarray]:
    """Bone name -> weight of each vertex (N,)."""
    if source.bone:
        return {source.bone: np.ones(len(source.vertices))}
    names, weights = weights_at(source.vertices, joints)
    return dict(zip(names, weights.T, strict=True))


def _together(weights: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Weights of several pieces as those of the joined piece."""
    counts = [len(next(iter(w.values()))) for w in weights]
    names = dict.fromkeys(name for w in weights for name in w)
    return {
        name: np.concatenate(
            [w.get(name, np.zeros(n)) for w, n in zip(weights, counts, strict=True)]
        )
        for name in names
    }


def _add_object(
    source: Piece,
    weights: dict[str, np.ndarray],
    mesh: bpy.types.Mesh,
    name: str,
    rig: bpy.types.Object,
) -> None:
    """Links an object with vertex groups and an armature modifier to the scene."""
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    for bone, column in weights.items():
        members = np.nonzero(column > 0)[0].tolist()
        group = obj.vertex_groups.new(name=bone) if members else None
        for vertex in members:
            group.add([vertex], float(column[vertex]), "REPLACE")
    obj.parent = rig
    obj.modifiers.new("Deform", "ARMATURE").object = rig


def add(pieces: list[Piece], rig: bpy.types.Object, joints: Joints) -> None:
    """Adds one skinned mesh object for each piece."""
    for source in pieces:
        mesh = _mesh(source, source.name, "UVMap", COLOUR)
        for name in source.materials:
            material = bpy.data.materials.get(name) or _material(name, COLOUR, *MATERIALS[name])
            mesh.materials.append(material)
        _add_object(source, _weights(source, joints), mesh, source.name, rig)


def add_nameless(pieces: list[Piece], rig: bpy.types.Object, joints: Joints) -> None:
    """Adds all pieces as one object with one material and names that tell nothing.

    Roughness differs from piece to piece, so it travels in an attribute beside the colour.
    """
    roughness = np.concatenate(
        [np.array([MATERIALS[m][0] for m in p.materials])[p.material] for p in pieces]
    )
    weights = _together([_weights(p, joints) for p in pieces])
    whole = join("mesh.001", pieces)
    whole.material = np.zeros(len(whole.quads), int)
    mesh = _mesh(whole, whole.name, "a001", "a002")
    mesh.attributes.new("a003", "FLOAT", "FACE").data.foreach_set(
        "value", roughness.astype(np.float32)
    )
    material = _material("mat.001", "a002", 0.5)
    tree = material.node_tree
    source = tree.nodes.new("ShaderNodeAttribute")
    source.attribute_name = "a003"
    source.location = (-300, 60)
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    tree.links.new(source.outputs["Fac"], shader.inputs["Roughness"])
    mesh.materials.append(material)
    _add_object(whole, weights, mesh, "object.001", rig)
