# SPDX-License-Identifier: GPL-3.0-or-later
"""What the masks say of each element, and the labels that follow: frame by frame, or together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

import numpy as np

from ...errors import InputError
from ...job.choices import uses_sight
from ..body.sides import element_sides
from ..run import Run
from ..stage_files import load_embeddings, load_frame_masks
from .decision import decide, evidence_shares
from .fusion import classify, equalise, lift
from .sided_parts import SidedParts
from .smoothing import decide_smoothly

WARNED = 12  # unknown parts of which each has a warning of its own

Labels = tuple[np.ndarray, np.ndarray]  # label (E,) int16, confidence (E,) float16


class Evidence:
    """Evidence of the masks for K' things: the run's parts, then hidden ones that vote.

    Raises InputError when the encoder knows none of the parts.
    """

    def __init__(self, run: Run) -> None:
        check_words(run)
        self._run = run
        self._text = run.text_side
        words = [part.words for part in run.parts]
        known = known_parts(run, self._text.unknown(words))
        if guessed := self._text.guessed(words):
            looks = " or looks like" if uses_sight(run.settings) else ""
            run.warn(
                f"Nothing in the file is named{looks} "
                f"{' or '.join(repr(g) for g in guessed)}; guessed from body position"
            )
        typed, part = self._text.encode_text(words)
        distractors, votes = self._text.encode_distractors()
        if not run.settings.distractors:
            distractors, votes = distractors[~votes], votes[~votes]
        self._words = np.concatenate([typed, distractors])
        self._thing = np.concatenate([part, len(words) + np.arange(len(distractors))])
        self._kept = np.concatenate([known, votes])  # things whose evidence is counted
        self._sided = SidedParts.of(self._text.sides(words), typed, part)

    def shares(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """(elements with pixels in the frame (S,), their shares of evidence (S, K'))."""
        folder, settings = self._run.folder("embeddings"), self._run.settings
        masks = load_frame_masks(folder, frame, self._run.images.manifest.elements_at(frame))
        shape = (len(masks.masklet), self._words.shape[1])
        embeddings = load_embeddings(folder, frame, shape)
        logits = classify(embeddings, self._words, self._text.logit_scale, self._thing)
        if settings.equalise:
            logits = equalise(logits)
        seen, incidence = masks.incidence.without_empty_rows()
        say = incidence.areas()[:, None] ** -settings.specificity
        scores = lift(incidence, (logits * self._kept * say).astype(np.float32))
        if self._sided.any():
            side = element_sides(self._run.images, frame)
            scores = self._sided.share_out(scores, side[seen])
        return seen, evidence_shares(scores)

    def decide(self, shares: np.ndarray, frame: int, before: np.ndarray | None = None) -> Labels:
        """Labels from the (E, K') shares of all elements of the frame's topology.

        With smoothing they are drawn to those of their neighbours and to `before` (E,), the labels
        of the frame before.
        """
        settings, parts = self._run.settings, len(self._run.parts)
        if not settings.smoothing:
            return decide(shares, parts, settings.threshold)
        facts = self._run.images.facts(frame)
        return decide_smoothly(shares, parts, settings.threshold, facts, settings.smoothing, before)

    def spread(self, seen: np.ndarray, shares: np.ndarray, frame: int) -> np.ndarray:
        """(E, K') shares of all elements of the frame's topology, zero where not seen."""
        count = self._run.images.manifest.elements_at(frame)
        spread = np.zeros((count, shares.shape[1]), shares.dtype)
        spread[seen] = shares
        return spread


def labels_alone(run: Run, evidence: Evidence) -> Iterator[tuple[int, Labels]]:
    """(frame, labels), each from the evidence of that frame."""
    for frame in run.progress(run.images.frames):
        yield frame, evidence.decide(evidence.spread(*evidence.shares(frame), frame), frame)


def labels_together(run: Run, evidence: Evidence) -> Iterator[tuple[int, Labels]]:
    """(frame, labels) for constant topology, where a polygon's part seldom changes.

    All frames decide together. A frame that shows an element departs from that only where its own
    evidence leads by more than `persistence`, as shares of all evidence; that evidence is gathered
    a second time, for that of all frames would not fit in memory. For the same reason smoothing in
    time goes forward, from each frame to the next, and the first is drawn to the common labels.
    """
    frames, persistence = run.images.frames, run.settings.persistence
    steps = run.progress(frames + frames)  # all are asked before the first is labelled
    total: np.ndarray | float = 0.0
    for frame in islice(steps, len(frames)):
        total = total + evidence.spread(*evidence.shares(frame), frame)
    mean = evidence_shares(np.asarray(total))
    winner, labels = mean.argmax(axis=1), evidence.decide(mean, frames[0])
    for frame in steps:
        if persistence < 1:
            seen, shares = evidence.shares(frame)
            lead = shares.max(axis=1, initial=0) - shares[np.arange(len(seen)), winner[seen]]
            departs = lead > persistence
            ours = mean.copy()
            ours[seen[departs]] = shares[departs]
            labels = evidence.decide(ours, frame, before=labels[0])
        yield frame, labels


def check_words(run: Run) -> None:
    """Raises InputError when the encoder knows none of the parts."""
    unknown = run.text_side.unknown([part.words for part in run.parts])
    if all(part.name in unknown for part in run.parts):
        raise InputError(
            "None of the part names is known to this encoder", "Use other words or add synonyms"
        )


def known_parts(run: Run, unknown: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """(K,) bool, parts the encoder can ground; warns of the others: of the first one by one."""
    for name, alike in islice(unknown.items(), WARNED):
        hint = f" Did you mean {' or '.join(repr(a) for a in alike)}?" if alike else ""
        run.warn(f"'{name}' is not known to this encoder and gets no labels.{hint}")
    if len(unknown) > WARNED:
        run.warn(f"{len(unknown) - WARNED} more part names are not known and get no labels")
    return np.array([part.name not in unknown for part in run.parts])
