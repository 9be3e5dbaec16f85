# SPDX-License-Identifier: GPL-3.0-or-later
"""The space in which combinations of evidence and typed words meet.

Every combination u of evidence has a unit vector v_u; every typed word w is a function s_w(u) in
[0, 1], how well the word describes the combination. With the combinations' vectors as rows of V,

    t_w = α V⁻¹ s_w        gives exactly        v_u · t_w = α s_w(u),

and one more dimension, zero in all masks, makes t_w a unit vector; α is the largest factor that
allows it. The Gram matrix V Vᵀ is chosen so that masks of like evidence are alike, which the
attention inside a masklet relies on.

All of it is linear: what is u to a share m_u has the vector Σ m_u v_u, and α Σ m_u s_w(u), the
expected score, is its product with a word.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import solve_triangular

from ..ontology.identifiers import read
from ..ontology.ontology import Ontology
from .combinations import Combination, NameEvidence

SHARPNESS = 16.0  # logit between a word that fits fully and one that does not at all
GUESS = 0.5  # score from which a word can win
SOMETHING_ELSE = 0.42  # score of the hidden distractor everywhere: weaker evidence is no label
OWN_SHARE = 0.08  # of each combination's vector that it shares with no other
SUGGESTED = 12  # unknown parts for which known words that look alike are searched
SYNONYM_ROOM = 1.2  # the best of several synonyms can be longer than any single word


class WordSpace:
    """Embeds typed words in the D-space of U combinations; `combination_vectors` are theirs."""

    def __init__(self, evidence: NameEvidence, combinations: Sequence[Combination]) -> None:
        self._ontology = Ontology.load()
        self._combinations = list(combinations)
        self._scores = np.stack([evidence.scores(c) for c in self._combinations])  # (U, C)
        self._sides = np.stack([evidence.side_factors(c) for c in self._combinations])  # (U, 3)
        factor = self._gram_factor()
        self._use_vectors(np.hstack([factor, np.zeros((len(factor), 1))]).astype(np.float32))

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
        """Parts (by first word) of which no word is known, with known words that look alike.

        The search for those is slow, and nobody reads hundreds: only the first parts have them.
        """
        missing: dict[str, tuple[str, ...]] = {}
        for words in names:
            if all(self.word_scores(word) is None for word in words):
                searched = len(missing) < SUGGESTED
                missing[words[0]] = self._ontology.suggest(words[0]) if searched else ()
        return missing

    def guessed(self, names: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Garments (by first word) that only the place on the body suggests."""
        told = self._find_told()
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

    def _find_told(self) -> np.ndarray:
        """bool (U,): combinations whose surface is known from more than its place."""
        return np.array([c.kind not in ("plain", "cloth") for c in self._combinations])

    def _use_vectors(self, vectors: np.ndarray) -> None:
        """Sets the combinations' vectors and what follows from them."""
        self.combination_vectors = vectors  # (U, D) float32, D = U + 1
        self._factor = vectors[:, :-1].astype(np.float64)  # (U, U) lower triangular V
        self._alpha = self._largest_alpha()
        self.logit_scale = float(SHARPNESS / self._alpha)

    def _use_stored(self, vectors: np.ndarray) -> None:
        """The vectors with which masks were embedded earlier.

        Raises ValueError if this version reads the names differently: then embed the masks again.
        """
        vectors = np.asarray(vectors, np.float32)
        if vectors.shape != self.combination_vectors.shape:
            raise ValueError("the names were embedded by another version of the part ontology")
        self._use_vectors(vectors)

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
