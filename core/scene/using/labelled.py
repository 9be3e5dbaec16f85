# SPDX-License-Identifier: GPL-3.0-or-later
"""Labelled objects as an artist means them: those of one character, at the scene frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...errors import InputError
from ...job.label_files import LabelledPart
from ..character import armature_of
from ..narrowing import mesh_of
from ..writeback import ledger as registry
from ..writeback.kept_corrections import find_part
from ..writeback.names import AttributeNames


@dataclass(frozen=True)
class Labelled:
    """An object that carries labels, and what its document says of them."""

    name: str
    document: Mapping[str, Any]
    vocabulary: tuple[LabelledPart, ...]
    names: AttributeNames  # of the attributes the evaluated mesh has
    stored: Mapping[int, AttributeNames]  # scene frame -> what holds from it on; empty: always

    @property
    def object(self) -> bpy.types.Object:
        return registry.existing_object(self.name)

    @property
    def mesh(self) -> bpy.types.Mesh:
        return mesh_of(self.object)

    @property
    def writings(self) -> tuple[AttributeNames, ...]:
        """Every pair of attributes that holds labels of this object."""
        own = tuple(self.stored.values())
        first = self.stored[min(self.stored)] if self.stored else None
        # The plain names hold the first labelling, of the first object that shows the mesh.
        plain = first is None or first.label.startswith(f"{self.names.label}.")
        return (self.names, *own) if plain else own

    def at(self, frame: int) -> AttributeNames:
        """Names of what holds in scene frame `frame`."""
        if not self.stored:
            return self.names
        return self.stored[held_frame(sorted(self.stored), frame)]

    def part(self, name: str) -> int | None:
        """The label of a part or of a synonym; -1 for "", None for what is no part here."""
        return find_part(self.vocabulary, [name]) if name else -1

    def label(self, names: AttributeNames) -> np.ndarray:
        """(faces,) int32 from the mesh, which must not be in Edit Mode.

        Raises InputError when somebody deleted the attribute.
        """
        attribute = self.mesh.attributes.get(names.label)
        if attribute is None or (attribute.domain, attribute.data_type) != ("FACE", "INT"):
            raise InputError(
                f"{self.name} has lost its attribute {names.label!r}", "Apply the labels again"
            )
        label = np.empty(len(attribute.data), np.int32)
        attribute.data.foreach_get("value", label)
        return label


def held_frame(frames: Sequence[int], frame: int) -> int:
    """The last of ascending `frames` that is not after `frame`; the first when all are."""
    return max((f for f in frames if f <= frame), default=frames[0])


def find_labelled(ob: bpy.types.Object) -> Labelled | None:
    """`ob` with its labels; None for one without, or whose labels are on baked frames."""
    document = registry.read(ob) if ob.library is None and ob.type == "MESH" else None
    if document is None or "attributes" not in document or "baked" in document:
        return None
    return Labelled(
        ob.name,
        document,
        registry.vocabulary_of(document),
        AttributeNames(**document["attributes"]),
        {int(frame): AttributeNames(**at) for frame, at in document["stored"].items()},
    )


def character_of(ob: bpy.types.Object | None) -> list[Labelled]:
    """The labelled objects of the character that `ob` belongs to: itself, or its armature.

    Objects that were split off are another character. Raises InputError when there are none.
    """
    everything = [one for o in registry.labelled_objects() if (one := find_labelled(o))]
    if ob is not None:
        own = find_labelled(ob)
        if own is None:
            own = next((o for o in everything if _belongs(o, ob)), None)
        if own is not None:
            return [o for o in everything if _key(o) == _key(own)]
    raise InputError(
        f"{ob.name} has no part labels" if ob else "No object is active",
        "Select a labelled character, or apply labels to this one",
    )


def shown_of(ob: bpy.types.Object | None) -> list[Labelled]:
    """Of the character of `ob`, the objects that are visible at the scene frame.

    Of a mesh sequence, that is the mesh of this frame. Raises InputError when there are none.
    """
    found = [o for o in character_of(ob) if _visible(o.object)]
    if not found:
        raise InputError(
            "All labelled objects of this character are hidden",
            "Show them, or go to a frame where they are visible",
        )
    return found


def require_part(objects: Iterable[Labelled], name: str) -> None:
    """Raises InputError, with the parts there are, when `name` is a part of none of `objects`."""
    found = list(objects)
    if any(o.part(name) is not None for o in found):
        return
    parts = dict.fromkeys(p.name for o in found for p in o.vocabulary)
    raise InputError(f"There is no part called '{name}'", f"The parts are {', '.join(parts)}")


def _key(one: Labelled) -> tuple[str, str]:
    return one.document["character"], one.document.get("split_from", "")


def _belongs(one: Labelled, ob: bpy.types.Object) -> bool:
    if one.document["character"] == ob.name or one.document.get("baked_from") == ob.name:
        return True
    return ob.type == "ARMATURE" and armature_of(one.object) == ob


def _visible(ob: bpy.types.Object) -> bool:
    in_layer = ob.name in bpy.context.view_layer.objects
    # Keyed hide_viewport reaches the object, but not what visible_get asks, before a redraw.
    return in_layer and not ob.hide_viewport and not ob.hide_get()
