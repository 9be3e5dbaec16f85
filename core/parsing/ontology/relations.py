# SPDX-License-Identifier: GPL-3.0-or-later
"""How far one concept speaks for another, from is-a and part-of relations alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

# One step from what was seen to what was typed multiplies the similarity by ...
IS_A = 0.95  # seen a sneaker, typed "shoe"
PART_OF = 0.9  # seen a forearm, typed "arm"
KIND = 0.8  # seen a shoe, typed "sneakers": perhaps it is one
HAS_PART = 0.4  # seen a head, typed "nose": most of it is not
TURN = 0.75  # going up and down again: seen jeans, typed "shorts"
LEAST = 0.15  # weaker relations are none


class Relations:
    """Similarity rows over C concepts given by their is-a and part-of lists."""

    def __init__(
        self, is_a: list[list[int]], part_of: list[list[int]], unrelating: set[int]
    ) -> None:
        """`unrelating` concepts are too general to make the things below them alike."""
        self._is_a, self._part_of, self._unrelating = is_a, part_of, unrelating
        self._kinds: list[list[int]] = [[] for _ in is_a]
        self._parts: list[list[int]] = [[] for _ in is_a]
        for lists, inverse in ((is_a, self._kinds), (part_of, self._parts)):
            for concept, aboves in enumerate(lists):
                for above in aboves:
                    inverse[above].append(concept)
        self._rows: dict[int, np.ndarray] = {}
        self._below: dict[tuple[int, bool], np.ndarray] = {}

    def upwards(self, concept: int, wholes: bool = False) -> Iterator[int]:
        """`concept`, what it is, (with `wholes`: what it is part of,) nearest first."""
        seen, queue = {concept}, [concept]
        while queue:
            here = queue.pop(0)
            yield here
            for above in self._is_a[here] + (self._part_of[here] if wholes else []):
                if above not in seen:
                    seen.add(above)
                    queue.append(above)

    def below(self, concept: int, parts: bool = False) -> np.ndarray:
        """bool (C,), read-only: what is a `concept`, or with `parts` is part of one."""
        if (concept, parts) in self._below:
            return self._below[concept, parts]
        reached = np.zeros(len(self._is_a), bool)
        stack = [concept]
        while stack:
            here = stack.pop()
            if not reached[here]:
                reached[here] = True
                stack += self._kinds[here] + (self._parts[here] if parts else [])
        reached.setflags(write=False)
        self._below[concept, parts] = reached
        return reached

    def parts(self, concept: int) -> np.ndarray:
        """bool (C,): the parts of a `concept` itself."""
        parts = np.zeros(len(self._is_a), bool)
        parts[self._parts[concept]] = True
        return parts

    def row(self, seen: int) -> np.ndarray:
        """float32 (C,): similarity in [0, 1] of each typed concept to the one seen."""
        if seen not in self._rows:
            self._rows[seen] = self._compute(seen)
        return self._rows[seen]

    def _compute(self, seen: int) -> np.ndarray:
        up = {seen: 1.0}  # best product over is-a and part-of
        pure = {seen: 1.0}  # over is-a alone: from there one may turn down to relatives
        _spread_scores(pure, [(self._is_a, IS_A)])
        _spread_scores(up, [(self._is_a, IS_A), (self._part_of, PART_OF)])
        shared = [c for c in pure if c != seen and c not in self._unrelating]
        turned = {concept: pure[concept] * TURN for concept in shared}
        _spread_scores(turned, [(self._kinds, KIND)])
        down = {seen: 1.0}
        _spread_scores(down, [(self._kinds, KIND), (self._parts, HAS_PART)])
        row = np.zeros(len(self._is_a), np.float32)
        for scores in (turned, down, up):
            for concept, score in scores.items():
                row[concept] = max(row[concept], score)
        return row


def _spread_scores(scores: dict[int, float], edges: list[tuple[list[list[int]], float]]) -> None:
    """Best products along the edges from the given scores, in place."""
    queue = list(scores)
    while queue:
        here = queue.pop()
        for lists, factor in edges:
            score = scores[here] * factor
            if score < LEAST:
                continue
            for there in lists[here]:
                if scores.get(there, 0.0) < score:
                    scores[there] = score
                    queue.append(there)
