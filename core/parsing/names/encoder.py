# SPDX-License-Identifier: GPL-3.0-or-later
"""A mask encoder that needs no model: masks are embedded by the names of what lies under them.

Every combination u of evidence has a unit vector v_u; every typed word w is a function s_w(u) in
[0, 1], how well the word describes the combination. With the combinations' vectors as rows of V,

    t_w = α V⁻¹ s_w        gives exactly        v_u · t_w = α s_w(u),

and one more dimension, zero in all masks, makes t_w a unit vector; α is the largest factor that
allows it. The Gram matrix V Vᵀ is chosen so that masks of like evidence are alike, which the
attention inside a masklet relies on. A mask is the normalised mean of its pixels' combinations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from .bones import read_bones
from .evidence import NOTHING, REGION_TRUST, Combination, NameEvidence
from .identifiers import read
from .ontology import BODY_REGIONS, Ontology

SHARPNESS = 16.0  # logit between a word that fits fully and one that does not at all
GUESS = 0.5  # score from which a word can win
SOMETHING_ELSE = 0.42  # score of the hidden distractor everywhere: weaker evidence is no label
OWN_SHARE = 0.08  # of each combination's vector that it shares with no other
SYNONYM_ROOM = 1.2  # the best of several synonyms can be longer than any single word


@dataclass(frozen=True)
class NameTables:
    """Names that the element indices of a capture refer to."""

    objects: tuple[str, ...]
    materials: tuple[str, ...]
    bones: tuple[str, ...] = ()
    bone_parent: tuple[int, ...] = ()  # indices into bones, -1 = root


class NamesEncoder:
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
        self._ontology = Ontology.load()
        evidence = NameEvidence(names.objects, names.materials, self._ontology)
        row_combination, self._combinations = self._resolve(evidence)
        self.element_combination = row_combination[element_row]  # (E,) int32
        self._scores = np.stack([evidence.scores(c) for c in self._combinations])  # (U, C)
        self._sides = np.stack([evidence.side_factors(c) for c in self._combinations])  # (U, 3)
        factor = self._gram_factor()
        self._use_vectors(np.hstack([factor, np.zeros((len(factor), 1))]).astype(np.float32))

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
        count = len(object_index)
        columns = [object_index, material_index, bone_index]
        columns.append(np.full(count, -1) if body_region is None else body_region)
        columns.append(np.zeros(count, int) if side is None else side)
        sizes = (len(names.objects), len(names.materials), len(names.bones), len(BODY_REGIONS), 3)
        key = np.zeros(count, np.int64)
        for column, size in zip(columns, sizes, strict=True):
            column = np.asarray(column, np.int64)
            if count and (column.min() < -1 or column.max() >= size):
                raise ValueError(f"an index lies outside its {size} names")
            key = key * (size + 1) + column + 1
        _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        rows = np.stack([np.asarray(c)[first] for c in columns], axis=1).astype(np.int32)
        return cls(names, rows, inverse.reshape(-1).astype(np.int32))

    def encode_counts(self, counts: np.ndarray) -> np.ndarray:
        """float32 (N, D) unit rows for pixel counts (N, U), dense or scipy sparse.

        A mask without pixels gets the vector of "nothing known", which only the distractor fits.
        """
        means = np.asarray(counts @ self.combination_vectors, np.float32)
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        nothing = self.combination_vectors[-1]
        return np.where(lengths > 0, means / np.maximum(lengths, 1e-12), nothing).astype(np.float32)

    def encode_text(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        """float32 (K, D): for each part, given as a name with its synonyms, a unit vector.

        The best synonym counts at each combination. A part none of whose words is known (see
        `unknown`) is a zero row.
        """
        vectors = np.zeros((len(names), self.combination_vectors.shape[1]), np.float32)
        for part, words in enumerate(names):
            scores = [s for s in map(self.word_scores, words) if s is not None]
            if scores:
                vectors[part] = self._text_vectors(np.max(scores, axis=0)[:, None])[0]
        return vectors

    def encode_distractors(self) -> np.ndarray:
        """float32 (H, D): hidden "something else" vectors that take part in the softmax."""
        return self._text_vectors(np.full((len(self._factor), 1), SOMETHING_ELSE))

    def unknown(self, names: Sequence[Sequence[str]]) -> dict[str, tuple[str, ...]]:
        """Parts (by first word) of which no word is known, with known words that look alike."""
        missing = {}
        for words in names:
            if all(self.word_scores(word) is None for word in words):
                missing[words[0]] = self._ontology.suggest(words[0])
        return missing

    def guessed(self, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Garments (by first word) that no name in the file tells, only the bone underneath."""
        told = np.array([c.kind not in ("plain", "cloth") for c in self._combinations])
        found = []
        for words in names:
            meanings = [m for m in map(self._ontology.lookup, words) if m is not None]
            if not any(
                self._ontology.covers[self._ontology.index[m.concept]].any() for m in meanings
            ):
                continue
            scores = np.max([s for w in words if (s := self.word_scores(w)) is not None], axis=0)
            if scores.max() >= GUESS > scores[told].max(initial=0):
                found.append(words[0])
        return tuple(found)

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
        encoder = cls(names, *(np.asarray(arrays[k]) for k in ("evidence_index", "element_row")))
        vectors = np.asarray(arrays["combination_vectors"], np.float32)
        if vectors.shape != encoder.combination_vectors.shape:
            raise ValueError("the names were embedded by another version of the part ontology")
        encoder._use_vectors(vectors)
        return encoder

    def _resolve(self, evidence: NameEvidence) -> tuple[np.ndarray, list[Combination]]:
        """Combination of every evidence row, and the distinct combinations, "nothing" last."""
        bones = read_bones(self.names.bones, self.names.bone_parent, self._ontology)
        regions = [self._ontology.index[name] for name in BODY_REGIONS]
        rig_tells = any(bone.concept >= 0 for bone in bones)
        places: list[tuple[int, float, int]] = []  # concept, trust, side
        for _, _, bone, region, side in self._evidence_index.tolist():
            if bone >= 0 and rig_tells:
                places.append((bones[bone].concept, 1.0, bones[bone].side or side))
            else:
                places.append((regions[region] if region >= 0 else -1, REGION_TRUST, side))
        extents = self._extents([place for place, _, _ in places])
        resolved = [
            evidence.resolve(row[0], row[1], *place, extents[row[0], row[1]])
            for row, place in zip(self._evidence_index.tolist(), places, strict=True)
        ]
        distinct = {c: i for i, c in enumerate(dict.fromkeys(c for c in resolved if c != NOTHING))}
        distinct[NOTHING] = len(distinct)
        return np.array([distinct[c] for c in resolved], np.int32), list(distinct)

    def _extents(self, places: list[int]) -> dict[tuple[int, int], tuple[float, ...]]:
        """For each object and material, the share of its elements in each of the body's regions."""
        counts = np.bincount(self._element_row, minlength=len(self._evidence_index))
        shares: dict[tuple[int, int], np.ndarray] = {}
        for row, place, count in zip(self._evidence_index.tolist(), places, counts, strict=True):
            share = shares.setdefault((row[0], row[1]), np.zeros(len(BODY_REGIONS)))
            region = self._ontology.region[place] if place >= 0 else -1
            if region >= 0:
                share[region] += count
        return {k: tuple(np.round(s / max(1, s.sum()), 2)) for k, s in shares.items()}

    def _use_vectors(self, vectors: np.ndarray) -> None:
        """Sets the combinations' vectors and what follows from them."""
        self.combination_vectors = vectors  # (U, D) float32, D = U + 1
        self._factor = vectors[:, :-1].astype(np.float64)  # (U, U) lower triangular V
        self._alpha = self._largest_alpha()
        self.logit_scale = float(SHARPNESS / self._alpha)

    def _gram_factor(self) -> np.ndarray:
        """float64 (U, U), lower triangular V with unit rows: like evidence gives like vectors."""
        features = np.hstack([self._scores * self._sides[:, [side]] for side in range(3)])
        features = features.astype(np.float64)
        features /= np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
        gram = (1 - OWN_SHARE) * features @ features.T
        np.fill_diagonal(gram, 1.0)
        return np.linalg.cholesky(gram)

    def _largest_alpha(self) -> float:
        """α with which every concept of the ontology, sided or not, fits into a unit vector."""
        longest = np.linalg.norm(self._solve(np.full((len(self._factor), 1), SOMETHING_ELSE)))
        used = self._scores[:, self._scores.any(axis=0)]
        for side in range(3):
            if used.size:
                lengths = np.linalg.norm(self._solve(used * self._sides[:, [side]]), axis=0)
                longest = max(longest, lengths.max())
        return 1 / (SYNONYM_ROOM * float(longest))

    def _solve(self, scores: np.ndarray) -> np.ndarray:
        """V⁻¹ s for columns s; float64 (U, K)."""
        return solve_triangular(self._factor, scores.astype(np.float64), lower=True)

    def _text_vectors(self, scores: np.ndarray) -> np.ndarray:
        """float32 (K, D) unit vectors for score columns (U, K)."""
        inner = self._alpha * self._solve(scores).T
        inner /= np.maximum(1, np.linalg.norm(inner, axis=1, keepdims=True))
        rest = np.sqrt(np.maximum(0, 1 - np.sum(inner**2, axis=1, keepdims=True)))
        return np.hstack([inner, rest]).astype(np.float32)

    def word_scores(self, phrase: str) -> np.ndarray | None:
        """float32 (U,): how well a typed phrase describes each combination; None if unknown.

        A phrase outside the ontology still counts where a name of the file says it literally.
        """
        meaning = self._ontology.lookup(phrase)
        if meaning is not None:
            concept = self._scores[:, self._ontology.index[meaning.concept]]
            return concept * self._sides[:, meaning.side]
        said = read(phrase, self._ontology)
        wanted = set(said.unknown)
        literal = np.array([wanted <= set(c.words) for c in self._combinations], np.float32)
        if not wanted or not literal.any():
            return None
        return literal * self._sides[:, said.side]
