# SPDX-License-Identifier: GPL-3.0-or-later
"""Left and right for encoders that cannot tell them apart: the body decides, element by element.

CLIP embeds "left shoe" and "right shoe" without their side, as one thing. What the masks say for
that thing goes, on each element, to the part that is meant on the element's side of the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SidedParts:
    """Which of K parts are one thing but for their side."""

    side: np.ndarray  # (K,) int8: 0 none, 1 left, 2 right
    thing: np.ndarray  # (K,) int32, equal for parts whose words are equal without their side

    @classmethod
    def of(cls, side: np.ndarray, vectors: np.ndarray, part: np.ndarray) -> SidedParts:
        """From the embedded words: `vectors` (C, D), `part` (C,) the part each row is for."""
        words = [
            b"".join(sorted({row.tobytes() for row in vectors[part == k]}))
            for k in range(len(side))
        ]
        number = {word: i for i, word in enumerate(dict.fromkeys(words))}
        return cls(side, np.array([number[word] for word in words], np.int32))

    def any(self) -> bool:
        return bool(self.side.any())

    def share_out(self, scores: np.ndarray, element_side: np.ndarray) -> np.ndarray:
        """(S, K' + 1) scores from `scores` (S, K'), K' >= K, and `element_side` (S,) 0, 1 or 2.

        On an element, a thing's evidence goes to its parts of that side, else to those without a
        side, else to none: that is the last column. Where an element's side is not known, parts
        without a side take all of it, or the two sides share it.
        """
        shared = np.hstack([scores, np.zeros((len(scores), 1), scores.dtype)])
        for thing in np.unique(self.thing[self.side > 0]):
            parts = np.flatnonzero(self.thing == thing)
            evidence = scores[:, parts].sum(axis=1)
            shared[:, parts] = 0
            for side in range(3):
                here = element_side == side
                for part, weight in self._takers(parts, side):
                    shared[here, part] += weight * evidence[here]
        return shared

    def _takers(self, parts: np.ndarray, side: int) -> list[tuple[int, float]]:
        """(column, share) of who takes the evidence on elements of a side."""
        takers = parts[self.side[parts] == side] if side else parts[:0]
        if not len(takers):
            takers = parts[self.side[parts] == 0]
        if not len(takers) and side == 0:
            takers = parts
        if not len(takers):
            return [(-1, 1.0)]
        return [(int(part), 1 / len(takers)) for part in takers]
