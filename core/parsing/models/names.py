# SPDX-License-Identifier: GPL-3.0-or-later
"""The names encoder at the mask-encoder seam: a mask is what its elements are called.

A mask over several different things is none of them. The mean of their vectors is shorter than
one, and what it lacks goes into a dimension of its own, where a hidden word waits: the more a mask
mixes, the less of its probability is left for the typed words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ...job.capture_files import Facts, ViewImage
from ..body_geometry import body_regions
from ..masks import MaskSet
from ..names.encoder import SHARPNESS, NamesEncoder, NameTables
from ..seams import Images

MIXED = 2.0  # score of the hidden word for a mask that mixes endlessly many things


class NamesText:
    """`TextSide` of the names encoder, with the dimension of mixed masks in front."""

    def __init__(self, names: NamesEncoder) -> None:
        self.names = names
        self.logit_scale = names.logit_scale

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> NamesText:
        return cls(NamesEncoder.from_arrays(dict(arrays)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        return self.names.to_arrays()

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """(K, D) float32, one row for a part and its synonyms, and (K,) int32."""
        return _with_mixed(self.names.encode_text(names)), np.arange(len(names), dtype=np.int32)

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        """(K,) int8 of 0: the combinations of evidence have sides of their own."""
        return np.zeros(len(names), np.int8)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """ "Something else", which votes, and "several things", which does not."""
        something_else = _with_mixed(self.names.encode_distractors())
        weight = min(1.0, MIXED * SHARPNESS / self.logit_scale)
        several = np.zeros_like(something_else[:1])
        several[0, 0] = weight
        several[0, -1] = np.sqrt(1 - weight**2)  # the dimension that is zero in all masks
        votes = np.arange(len(something_else) + 1) < len(something_else)
        return np.concatenate([something_else, several]), votes

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        return self.names.unknown(names)

    def guessed(self, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
        return self.names.guessed(names)


@dataclass(frozen=True)
class _Evidence:
    """What the encoder needs of a frame's facts; a sequence has as many as frames."""

    object: np.ndarray  # (E,) int32, as in Facts
    material: np.ndarray  # (E,) int32
    bone: np.ndarray  # (E,) int32
    region: np.ndarray  # (E,) int32 into BODY_REGIONS
    side: np.ndarray  # (E,) int8

    @classmethod
    def of(cls, facts: Facts) -> _Evidence:
        regions = body_regions(facts.centroid, facts.area)
        return cls(facts.object, facts.material, facts.bone, *regions)


class NamesMaskEncoder:
    """`MaskEncoder` by the names of objects, materials and bones under a mask."""

    def __init__(self, images: Images) -> None:
        frames = images.frames[:1] if images.constant_topology else images.frames
        facts = [_Evidence.of(images.facts(frame)) for frame in frames]
        starts = np.cumsum([0] + [len(f.object) for f in facts])[:-1]
        self._start = dict(zip(frames, starts, strict=True))
        self._constant = images.constant_topology
        names = images.manifest.names
        encoder = NamesEncoder.from_facts(
            NameTables(names.objects, names.materials, names.bones, names.bone_parent),
            _joined(facts, "object"),
            _joined(facts, "material"),
            _joined(facts, "bone"),
            body_region=_joined(facts, "region"),
            side=_joined(facts, "side"),
        )
        self._combination = encoder.element_combination  # (E,) of all frames one after another
        self._vectors = _with_mixed(encoder.combination_vectors)  # (U, D) unit rows
        self.text = NamesText(encoder)

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        """(N, D) float32 unit rows."""
        element = image.element[image.silhouette]  # (P,)
        start = 0 if self._constant else self._start[frame]
        shape = (len(masks.member), len(self._vectors))
        ones = np.ones(len(element), np.float32)
        by_atom = sparse.coo_array(
            (ones, (masks.atom, self._combination[start + element])), shape=shape
        ).tocsr()
        sums = masks.member.T.astype(np.float32) @ by_atom @ self._vectors  # (N, D)
        means = sums / np.maximum(masks.areas(), 1)[:, None]
        means[:, 0] = np.sqrt(np.maximum(0, 1 - np.sum(means**2, axis=1)))
        return means.astype(np.float32)


def _with_mixed(vectors: np.ndarray) -> np.ndarray:
    """`vectors` (n, D) with the dimension of mixed masks in front, zero so far."""
    return np.insert(vectors, 0, np.float32(0), axis=1)


def _joined(facts: list[_Evidence], field: str) -> np.ndarray:
    return np.concatenate([getattr(f, field) for f in facts])
