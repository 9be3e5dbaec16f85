# SPDX-License-Identifier: GPL-3.0-or-later
"""A vocabulary as a mask encoder reads it: the things it can tell apart, and the parts they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.job.spec import Part
from core.parsing.labelling.fusion import classify
from core.parsing.labelling.sided_parts import SidedParts
from core.parsing.seams import TextSide


class Words:
    """T things that the parts of a vocabulary are.

    Mostly a part is a thing. For an encoder that does not know left from right the left and the
    right shoe are one thing, which the body divides afterwards. Parts that the encoder cannot
    ground are no things.
    """

    def __init__(self, text: TextSide, parts: Sequence[Part]) -> None:
        words = [part.words for part in parts]
        vectors, part_of_row = text.encode_text(words)
        unknown = text.unknown(words)
        self._sided = SidedParts.of(text.sides(words), vectors, part_of_row)
        alike = self._sided.thing if self._sided.any() else np.arange(len(words))
        first: dict[int, int] = {}
        for part, thing in enumerate(alike.tolist()):
            if parts[part].name not in unknown:
                first.setdefault(thing, part)
        self._part = np.array(list(first.values()), np.int32)  # (T,), the first part of each thing
        rows = [np.flatnonzero(part_of_row == part) for part in self._part]
        self._row_thing = np.repeat(np.arange(len(rows)), [len(r) for r in rows])
        self._vectors = vectors[np.concatenate(rows)] if rows else vectors[:0]
        self._scale = text.logit_scale if rows else 1.0

    @property
    def count(self) -> int:
        """T; 0 when the encoder knows none of the words."""
        return len(self._part)

    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """(L, T): softmax over the things of the scaled cosine similarity of unit rows (L, D)."""
        return classify(embeddings, self._vectors, self._scale, self._row_thing)

    def best(self, embeddings: np.ndarray) -> np.ndarray:
        """(L,) int32, the thing most similar to each of `embeddings` (L, D)."""
        return self.probabilities(embeddings).argmax(axis=1).astype(np.int32)

    def parts_of(self, thing: np.ndarray, side: np.ndarray) -> np.ndarray:
        """(E,) int16 parts from things (E,), -1 = none, and sides of the body (E,) 0, 1 or 2.

        A thing with parts of both sides is, on each element, the one of the element's side.
        """
        label = np.append(self._part, -1)[thing].astype(np.int16)
        if self._sided.any():
            labelled = np.flatnonzero(label >= 0)
            scores = np.zeros((len(labelled), len(self._sided.side)), np.float32)
            scores[np.arange(len(labelled)), label[labelled]] = 1
            shared = self._sided.share_out(scores, side[labelled])
            winner = shared.argmax(axis=1)
            label[labelled] = np.where(winner < scores.shape[1], winner, -1)
        return label
