# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist corrected, kept on the mesh so that newer labels do not undo it.

A FACE/INT attribute holds, for every face, 0 or one more than an index into a list of words in the
object's document. Zero means "as parsed" because it is what Blender gives to faces made in Edit
Mode. The list only grows: an undo in Edit Mode restores attributes but no custom properties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...job.label_files import UNLABELLED, LabelledPart
from ..narrowing import mesh_of, specific
from . import ledger as registry
from .attributes import add_later
from .names import free_name

ATTRIBUTE = "parts_corrected"
_NOBODYS = -2  # a correction to a part that is not in the vocabulary

Words = tuple[str, ...]  # a part's name, then its synonyms; ("",) stands for unlabelled


@dataclass(frozen=True)
class Corrections:
    """The corrected faces of one object."""

    values: np.ndarray  # (faces,) int32, 0 as parsed, i + 1 corrected to words[i]
    words: tuple[Words, ...]

    def to_json(self, attribute: str) -> dict[str, Any]:
        """What the object's document says of them."""
        return {"attribute": attribute, "words": self.words}

    def on_top(self, label: np.ndarray, vocabulary: Sequence[LabelledPart]) -> np.ndarray:
        """`label` (faces,) int16 with the corrections in place of what was parsed."""
        targets = [_target(words, vocabulary) for words in self.words]
        corrected = np.array([_NOBODYS, *targets], np.int16)[self.values]
        return np.where(corrected == _NOBODYS, label, corrected)

    def unknown(self, vocabulary: Sequence[LabelledPart]) -> list[str]:
        """Names of parts that faces were corrected to and `vocabulary` does not have."""
        used = np.unique(self.values[self.values > 0]) - 1
        words = [self.words[i] for i in used]
        return [w[0] for w in words if _target(w, vocabulary) == _NOBODYS]


def find_part(vocabulary: Sequence[LabelledPart], words: Sequence[str]) -> int | None:
    """Index of the part that any of `words` names or is a synonym of, whatever the case.

    Names come before synonyms, earlier words before later ones.
    """
    for part_words in ([(p.name,) for p in vocabulary], [p.synonyms for p in vocabulary]):
        for word in words:
            for index, own in enumerate(part_words):
                if word.strip().casefold() in {w.strip().casefold() for w in own}:
                    return index
    return None


def read_corrections(ob: bpy.types.Object) -> Corrections | None:
    """The corrections of `ob`, which is not in Edit Mode; None where there are none."""
    stored = (registry.read(ob) or {}).get("corrections")
    if not stored:
        return None
    attribute = ob.data.attributes.get(stored["attribute"])
    if attribute is None or (attribute.domain, attribute.data_type) != ("FACE", "INT"):
        return None
    values = np.zeros(len(attribute.data), np.int32)
    attribute.data.foreach_get("value", values)
    words = tuple(tuple(w) for w in stored["words"])
    values[(values < 0) | (values > len(words))] = 0
    return Corrections(values, words) if values.any() else None


def store_corrections(ob: bpy.types.Object, corrections: Corrections, name: str = "") -> str:
    """Put `corrections` on the mesh of `ob`, in Object Mode; returns the attribute's name.

    It is `name`, or a free one where there is no such attribute (any more). The caller records it.
    """
    mesh = mesh_of(ob)
    if name not in mesh.attributes:
        name = free_name(ATTRIBUTE, [*mesh.attributes.keys(), *ob.vertex_groups.keys()])
        add_later(mesh, name, "INT", "FACE")
    specific(mesh.attributes[name]).data.foreach_set("value", corrections.values)
    return name


def _target(words: Words, vocabulary: Sequence[LabelledPart]) -> int:
    if words == ("",):
        return UNLABELLED
    found = find_part(vocabulary, words)
    return _NOBODYS if found is None else found
