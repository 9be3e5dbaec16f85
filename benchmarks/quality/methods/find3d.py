# SPDX-License-Identifier: GPL-3.0-or-later
"""Find3D: Ma et al., "Find Any Part in 3D" (2025).

A point has a feature in the space of the words, and is the part whose word is most similar to it:
the argmax of the cosine over the typed words, point by point, frame by frame. Published, a
transformer predicts the features from the coloured points at once; it was trained on masks that
SAM found in renders and that a language model named.

Here the features are what that network was trained to predict: the mean of the embeddings of all
masks over a point, in all views of the frame, weighted by pixels. So this is the feature field
without what the network learnt of shapes. Points that no mask covers, for which the network would
have an answer, take the label of the nearest.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from core.parsing.tracking.element_masklets import pixels_in_masks
from core.parsing.vectors import unit_rows

from .peers import Peer, SeenFrame, Solved, between, nearest_labelled
from .words import Words

WHOLE = 0.8  # of the silhouette: a mask of the whole says nothing of a part
SMALLEST = 10  # pixels


def make(preset: str = "embedded") -> Peer:
    """Find3D's querying on the proposer and encoder of a preset."""
    return Peer(
        "find3d",
        "Find3D",
        start=lambda words: partial(label_frame, words),
        cleaned=partial(between, pixels=SMALLEST, share=WHOLE),
        preset=preset,
    )


def label_frame(words: Words, frame: SeenFrame) -> Solved:
    """The thing at each element, from the views of this frame alone."""
    covered, features = element_features(frame)
    thing = np.full(frame.facts.count, -1)
    thing[covered] = words.best(features)
    kept = np.zeros(len(thing), bool)
    kept[covered] = True
    return nearest_labelled(thing, frame.facts), kept


def element_features(frame: SeenFrame) -> tuple[np.ndarray, np.ndarray]:
    """(elements in any mask (S,) int, their features (S, D) float32 unit rows)."""
    count = frame.facts.count
    total = np.zeros((count, frame.views[0].embedding.shape[1]), np.float32)
    in_masks = np.zeros(count, bool)
    for view in frame.views:
        pixels = pixels_in_masks(view.image.element, view.masks, count).tocsr()
        in_masks |= np.diff(pixels.indptr) > 0
        total += pixels @ view.embedding
    covered = np.flatnonzero(in_masks)
    return covered, unit_rows(total[covered])
