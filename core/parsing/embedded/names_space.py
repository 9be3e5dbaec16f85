# SPDX-License-Identifier: GPL-3.0-or-later
"""A mask encoder that needs no model: masks are embedded by the names of what lies under them.

Every element has one combination of evidence; a mask is the normalised mean of its pixels'
combinations in the space of `WordSpace`.
"""

from __future__ import annotations

import numpy as np

from ...job.arrays import check_range, check_shape
from ..ontology.ontology import Ontology
from .combinations import NOTHING, Combination, NameEvidence
from .rows import NameTables, distinct_rows, evidence_sizes, resolve_rows
from .word_space import SHARPNESS, WordSpace

__all__ = ["SHARPNESS", "NameTables", "NamesEncoder"]


class NamesEncoder(WordSpace):
    """Embeds masks (as pixel counts over combinations) and typed words in one D-space."""

    def __init__(
        self,
        names: NameTables,
        evidence_index: np.ndarray,
        element_row: np.ndarray,
    ) -> None:
        """`evidence_index`: int32 (R, 5), distinct rows of object, material, bone, region and side;
        `element_row`: int32 (E,), the row of each element."""
        self.names = names
        self._evidence_index, self._element_row = evidence_index, element_row
        evidence = NameEvidence(names.objects, names.materials, Ontology.load())
        resolved = resolve_rows(names, evidence_index, element_row, evidence)
        row_combination, combinations = _distinct(resolved)
        self.element_combination = row_combination[element_row]  # (E,) int32
        super().__init__(evidence, combinations)

    @classmethod
    def from_facts(
        cls,
        names: NameTables,
        object_index: np.ndarray,
        material_index: np.ndarray,
        bone_index: np.ndarray,
        body_region: np.ndarray | None = None,
        side: np.ndarray | None = None,
    ) -> NamesEncoder:
        """An encoder for one character from what is known of each element.

        All arrays are int (E,), -1 = none. `bone_index` is the bone that moves the element most;
        `body_region` (index into BODY_REGIONS) counts only where there is no bone, or where no bone
        has a telling name; `side` (0 none, 1 left, 2 right) only where neither a name nor a bone
        tells one. Raises ValueError for an index beyond its names.
        """
        rows = distinct_rows(names, object_index, material_index, bone_index, body_region, side)
        return cls(names, *rows)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """All that is needed to encode other words later, as plain arrays."""
        return {
            "objects": np.array(self.names.objects, np.str_),
            "materials": np.array(self.names.materials, np.str_),
            "bones": np.array(self.names.bones, np.str_),
            "bone_parent": np.array(self.names.bone_parent, np.int32),
            "evidence_index": self._evidence_index,
            "combination_vectors": self.combination_vectors,
            "element_row": self._element_row,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> NamesEncoder:
        """The encoder that `to_arrays` described; its masks' vectors keep their meaning.

        Raises ValueError if this version reads the names differently: then embed the masks again.
        """
        names = NameTables(
            objects=tuple(map(str, arrays["objects"])),
            materials=tuple(map(str, arrays["materials"])),
            bones=tuple(map(str, arrays["bones"])),
            bone_parent=tuple(map(int, arrays["bone_parent"])),
        )
        rows = check_shape(arrays["evidence_index"], (None, 5), "i")
        element_row = check_shape(arrays["element_row"], (None,), "i")
        for column, size in zip(rows.T, evidence_sizes(names), strict=True):
            check_range(column, -1, size)
        encoder = cls(names, rows, check_range(element_row, 0, len(rows)))
        encoder._use_stored(arrays["combination_vectors"])
        return encoder


def _distinct(resolved: list[Combination]) -> tuple[np.ndarray, list[Combination]]:
    """Index (R,) int32 of every row's combination, and the distinct ones, "nothing" last."""
    distinct = {c: i for i, c in enumerate(dict.fromkeys(c for c in resolved if c != NOTHING))}
    distinct[NOTHING] = len(distinct)
    return np.array([distinct[c] for c in resolved], np.int32), list(distinct)
