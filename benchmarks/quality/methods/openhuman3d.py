# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenHuman3D: Suzuki et al., "Open-Vocabulary Semantic Part Segmentation of 3D Human" (2025).

Every frame is parsed by itself and every view is segmented; nothing is tracked or remembered. With
Q the embeddings of all masks of a frame, T those of the words and M (points x masks) which visible
point lies in which mask,

    P = softmax(s Q T^T),    Y = M P,

and a point takes the best column of Y. There is no threshold and no hidden word. Points in no mask
are dropped, and what was dropped or never seen takes the label of the nearest point kept.

As published: masks of 80 % of the silhouette or more are dropped, and those of 10 pixels or less.
Instead of 100 000 points sampled on the surface we label the elements themselves: one lies in a
mask when most of its visible pixels do.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from core.parsing.tracking.correspondence import KeySets
from core.parsing.tracking.element_masklets import element_pixels, pixels_in_masks

from .peers import Peer, SeenFrame, Solved, between, nearest_labelled
from .words import Words

WHOLE_PERSON = 0.8  # of the silhouette
SMALLEST = 10  # pixels


def make(preset: str = "embedded") -> Peer:
    """OpenHuman3D on the proposer and encoder of a preset."""
    return Peer(
        "openhuman3d",
        "OpenHuman3D",
        start=lambda words: partial(label_frame, words),
        cleaned=partial(between, pixels=SMALLEST, share=WHOLE_PERSON),
        preset=preset,
    )


def label_frame(words: Words, frame: SeenFrame) -> Solved:
    """The thing at each element, from the views of this frame alone."""
    count = frame.facts.count
    scores = np.zeros((count, words.count))  # Y
    for view in frame.views:
        element_map = view.image.element
        sets = KeySets(
            element_pixels(element_map, count).astype(np.float32),
            pixels_in_masks(element_map, view.masks, count),
        ).sets()
        scores += sets @ words.probabilities(view.embedding)
    kept = np.asarray(scores.any(axis=1))
    thing = np.where(kept, scores.argmax(axis=1), -1)
    return nearest_labelled(thing, frame.facts), kept
