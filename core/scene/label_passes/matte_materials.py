# SPDX-License-Identifier: GPL-3.0-or-later
"""A material for each part of each character, so that the renderer's own Cryptomatte tells parts.

The modifier comes last and chooses by face: what modifiers before it made of the faces carries
their labels along. Opaque materials look alike to a matte, so that most parts need one material.
"""

from __future__ import annotations

from collections.abc import Mapping

import bpy
import numpy as np

from ...label_images.request import UNLABELLED
from ..narrowing import mesh_of, specific
from ..writeback.nodes import add_node, arrange, connect, new_group
from .label_shaders import LabelMaterial
from .marks import SLOT, MarkedObject, Marks

UNNAMED = "unlabelled"  # what a matte calls the faces of a character that have no part


class MatteMaterials:
    """Put on when made; `names` are those of the matte, `materials` those of the render."""

    def __init__(self, marks: Marks, prepared: Mapping[str, LabelMaterial]) -> None:
        self._parts = {number: name for name, number in marks.parts.items()}
        self._parts[UNLABELLED] = UNNAMED
        self._characters = marks.characters
        self._prepared = prepared
        self._place: dict[str, int] = {}  # name in the matte -> its place
        self._of: dict[str, int] = {}  # material -> place of its name
        self.ids: list[int] = []  # part id of each name
        dressed: set[str] = set()
        for marked in marks.objects:
            own = self._dress(marked, dressed)
            _add_modifier(marked.labelled.object, own)

    @property
    def names(self) -> tuple[str, ...]:
        """`character/part`, as the matte calls them."""
        return tuple(self._place)

    @property
    def materials(self) -> tuple[str, ...]:
        """The names of all materials made."""
        return tuple(self._of)

    @property
    def target(self) -> np.ndarray:
        """(materials,) int32: the place of each one's name in `names`."""
        return np.array(list(self._of.values()), np.int32)

    def _dress(self, marked: MarkedObject, dressed: set[str]) -> int:
        """Append, for each label, a material for each of the object's own; returns those."""
        ob = marked.labelled.object
        mesh = mesh_of(ob)
        known = [specific(slot.material) for slot in ob.material_slots]  # none is empty any more
        if mesh.name in dressed:  # by another object that shows the same mesh alike
            return len(known) // (len(marked.ids) + 1)
        dressed.add(mesh.name)
        for number in marked.ids.tolist():
            for material in known:
                mesh.materials.append(self._material(marked.character, number, material))
        return len(known)

    def _material(
        self, character: int, number: int, material: bpy.types.Material
    ) -> bpy.types.Material:
        prepared = self._prepared[material.name_full]
        key = f"parts4d {character} {number} "
        key += "plain" if prepared.plain else f"{list(self._prepared).index(material.name_full)}"
        if found := bpy.data.materials.get((key, None)):
            return found
        made = material.copy()
        made.name = key
        name = f"{self._characters[character]}/{self._parts[number]}"
        if name not in self._place:
            self._place[name] = len(self._place)
            self.ids.append(number)
        self._of[made.name] = self._place[name]
        return made


def _add_modifier(ob: bpy.types.Object, own: int) -> None:
    """Face's material = own + slot * own + its material, where that is one of the object's own."""
    modifier = specific(ob.modifiers.new("Parts4D matte", "NODES"))
    modifier.node_group = _chooser(own)


def _chooser(own: int) -> bpy.types.NodeTree:
    name = f"Parts4D matte {own}"
    if found := bpy.data.node_groups.get((name, None)):
        return found
    group, geometry, result = new_group(name, name)

    def math(operation: str, a: object, b: object) -> bpy.types.NodeSocket:
        node = add_node(group, "ShaderNodeMath", operation=operation)
        connect(group, a, node.inputs[0])
        connect(group, b, node.inputs[1])
        return node.outputs[0]

    current = add_node(group, "GeometryNodeInputMaterialIndex").outputs[0]
    slot = add_node(group, "GeometryNodeInputNamedAttribute", data_type="INT")
    connect(group, SLOT, slot.inputs["Name"])
    value = next(s for s in slot.outputs if s.enabled)
    # Solidify and others point beyond the last material, which means the last.
    inside = math("MINIMUM", current, float(own - 1))
    first = math("MULTIPLY", math("ADD", value, 1.0), float(own))
    index = math("ADD", first, inside)
    whole = add_node(group, "FunctionNodeFloatToInt", rounding_mode="ROUND")
    connect(group, index, whole.inputs[0])
    store = add_node(group, "GeometryNodeSetMaterialIndex")
    connect(group, geometry, store.inputs["Geometry"])
    connect(group, whole.outputs[0], store.inputs["Material Index"])
    connect(group, store.outputs[0], result)
    arrange(group)
    return group
