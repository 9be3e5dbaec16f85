# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of evidence: the distinct sets of names and places under elements, and their readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..body.bones import read_bones
from ..ontology.ontology import BODY_REGIONS, Ontology
from .combinations import REGION_TRUST, Combination, NameEvidence


@dataclass(frozen=True)
class NameTables:
    """Names that the element indices of a capture refer to."""

    objects: tuple[str, ...]
    materials: tuple[str, ...]
    bones: tuple[str, ...] = ()
    bone_parent: tuple[int, ...] = ()  # indices into bones, -1 = root


def distinct_rows(
    names: NameTables,
    object_index: np.ndarray,
    material_index: np.ndarray,
    bone_index: np.ndarray,
    body_region: np.ndarray | None = None,
    side: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(rows (R, 5) int32 of object, material, bone, region and side, row of each element (E,)).

    All arrays are int (E,), -1 = none. Raises ValueError for an index beyond its names.
    """
    count = len(object_index)
    columns = [object_index, material_index, bone_index]
    columns.append(np.full(count, -1) if body_region is None else body_region)
    columns.append(np.zeros(count, int) if side is None else side)
    key = np.zeros(count, np.int64)
    for column, size in zip(columns, evidence_sizes(names), strict=True):
        column = np.asarray(column, np.int64)
        if count and (column.min() < -1 or column.max() >= size):
            raise ValueError(f"an index lies outside its {size} names")
        key = key * (size + 1) + column + 1
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    rows = np.stack([np.asarray(c)[first] for c in columns], axis=1).astype(np.int32)
    return rows, inverse.reshape(-1).astype(np.int32)


def evidence_sizes(names: NameTables) -> tuple[int, ...]:
    """How many values each column of a row may have, beside -1 = none."""
    return len(names.objects), len(names.materials), len(names.bones), len(BODY_REGIONS), 3


def resolve_rows(
    names: NameTables,
    rows: np.ndarray,
    element_row: np.ndarray,
    evidence: NameEvidence,
    region_trust: float = REGION_TRUST,
) -> list[Combination]:
    """The combination of every row of `distinct_rows`; `region_trust` is that in its regions."""
    ontology = Ontology.load()
    bones = read_bones(names.bones, names.bone_parent, ontology)
    regions = [ontology.index[name] for name in BODY_REGIONS]
    rig_tells = any(bone.concept >= 0 for bone in bones)
    places: list[tuple[int, float, int]] = []  # concept, trust, side
    for _, _, bone, region, side in rows.tolist():
        if bone >= 0 and rig_tells:
            places.append((bones[bone].concept, 1.0, bones[bone].side or side))
        else:
            places.append((regions[region] if region >= 0 else -1, region_trust, side))
    extents = _extents(rows, element_row, [place for place, _, _ in places], ontology)
    return [
        evidence.resolve(row[0], row[1], *place, extents[row[0], row[1]])
        for row, place in zip(rows.tolist(), places, strict=True)
    ]


def _extents(
    rows: np.ndarray, element_row: np.ndarray, places: Sequence[int], ontology: Ontology
) -> dict[tuple[int, int], tuple[float, ...]]:
    """For each object and material, the share of its elements in each of the body's regions."""
    counts = np.bincount(element_row, minlength=len(rows))
    shares: dict[tuple[int, int], np.ndarray] = {}
    for row, place, count in zip(rows.tolist(), places, counts, strict=True):
        share = shares.setdefault((row[0], row[1]), np.zeros(len(BODY_REGIONS)))
        region = ontology.region[place] if place >= 0 else -1
        if region >= 0:
            share[region] += count
    return {k: tuple(np.round(s / max(1, s.sum()), 2)) for k, s in shares.items()}
