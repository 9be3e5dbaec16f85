# SPDX-License-Identifier: GPL-3.0-or-later
"""The names encoder at the mask-encoder seam: a mask is what its elements are called.

A mask over several different things is none of them. The mean of their vectors is shorter than
one, and what it lacks goes into a dimension of its own, where a hidden word waits: the more a mask
mixes, the less of its probability is left for the typed words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from scipy import sparse

from ...job.capture_files import Facts, Names, ViewImage
from ...job.spec import ParsingSettings
from ..body.upright import body_regions
from ..images import Images
from ..masks import MaskSet
from ..seams import Context
from .names_space import NamesEncoder
from .rows import NameTables
from .word_space import SHARPNESS, WordSpace

NAMES_AND_BONES = ("names", "bones")
MIXED = 2.0  # score of the hidden word for a mask that mixes endlessly many things


class SpaceText:
    """`TextSide` over a space of words, with dimensions that only masks use in front."""

    FRONT = 1  # the dimension of mixed masks is the first

    def __init__(self, space: WordSpace) -> None:
        self._space = space
        self.logit_scale = space.logit_scale

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """(K, D) float32, one row for a part and its synonyms, and (K,) int32."""
        words = behind(self._space.encode_text(names), self.FRONT)
        return words, np.arange(len(names), dtype=np.int32)

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        """(K,) int8 of 0: the combinations of evidence have sides of their own."""
        return np.zeros(len(names), np.int8)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """ "Something else", which votes, and "several things", which does not."""
        something_else = behind(self._space.encode_distractors(), self.FRONT)
        weight = min(1.0, MIXED * SHARPNESS / self.logit_scale)
        several = np.zeros_like(something_else[:1])
        several[0, 0] = weight
        several[0, -1] = np.sqrt(1 - weight**2)  # the dimension that is zero in all masks
        votes = np.arange(len(something_else) + 1) < len(something_else)
        return np.concatenate([something_else, several]), votes

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        return self._space.unknown(names)

    def guessed(self, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
        return self._space.guessed(names)


class NamesText(SpaceText):
    """The words of the names encoder."""

    def __init__(self, names: NamesEncoder) -> None:
        super().__init__(names)
        self.names = names

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> NamesText:
        return cls(NamesEncoder.from_arrays(dict(arrays)))

    def to_arrays(self) -> dict[str, np.ndarray]:
        return self.names.to_arrays()


def names_text(settings: ParsingSettings, arrays: Mapping[str, np.ndarray]) -> NamesText:
    """The encoder's word half, from its `to_arrays`."""
    return NamesText.from_arrays(arrays)


@dataclass(frozen=True)
class ElementEvidence:
    """What the encoder needs of a frame's facts; a sequence has as many as frames."""

    object: np.ndarray  # (E,) int32, as in Facts
    material: np.ndarray  # (E,) int32
    bone: np.ndarray  # (E,) int32
    region: np.ndarray  # (E,) int32 into BODY_REGIONS
    side: np.ndarray  # (E,) int8

    @classmethod
    def of(cls, facts: Facts, evidence: Collection[str] = NAMES_AND_BONES) -> ElementEvidence:
        """Names and bones are none where they are not in `evidence`."""
        none = np.full(facts.count, -1, np.int32)
        named, boned = "names" in evidence, "bones" in evidence
        return cls(
            facts.object if named else none,
            facts.material if named else none,
            facts.bone if boned else none,
            *body_regions(facts.centroid, facts.area),
        )

    @classmethod
    def joined(cls, frames: Sequence[ElementEvidence]) -> ElementEvidence:
        """Those of all frames, one after another."""
        return cls(*(np.concatenate([getattr(f, c.name) for f in frames]) for c in fields(cls)))


def name_tables(names: Names, evidence: Collection[str] = NAMES_AND_BONES) -> NameTables:
    """The names that are in `evidence`."""
    objects, materials = (names.objects, names.materials) if "names" in evidence else ((), ())
    bones, parents = (names.bones, names.bone_parent) if "bones" in evidence else ((), ())
    return NameTables(objects, materials, bones, parents)


def names_encoder_of(context: Context) -> NamesMaskEncoder:
    """The encoder of a run."""
    return NamesMaskEncoder(context.images)


class NamesMaskEncoder:
    """`MaskEncoder` by the names of objects, materials and bones under a mask."""

    def __init__(self, images: Images, evidence: Collection[str] = NAMES_AND_BONES) -> None:
        """`evidence` has "names", "bones" or both: what may be read."""
        frames = images.frames[:1] if images.constant_topology else images.frames
        facts = [ElementEvidence.of(images.facts(frame), evidence) for frame in frames]
        starts = np.cumsum([0] + [len(f.object) for f in facts])[:-1]
        self._start = dict(zip(frames, starts, strict=True))
        self._constant = images.constant_topology
        all_ = ElementEvidence.joined(facts)
        encoder = NamesEncoder.from_facts(
            name_tables(images.manifest.names, evidence),
            all_.object,
            all_.material,
            all_.bone,
            body_region=all_.region,
            side=all_.side,
        )
        self._combination = encoder.element_combination  # (E,) of all frames one after another
        self._vectors = behind(encoder.combination_vectors, SpaceText.FRONT)  # (U, D) unit rows
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


def behind(vectors: np.ndarray, dimensions: int) -> np.ndarray:
    """`vectors` (n, D) with so many dimensions in front, zero so far."""
    return np.pad(vectors, ((0, 0), (dimensions, 0)))
