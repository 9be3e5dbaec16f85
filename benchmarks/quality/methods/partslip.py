# SPDX-License-Identifier: GPL-3.0-or-later
"""PartSLIP: Liu et al., "PartSLIP: Low-Shot Part Segmentation for 3D Point Clouds via Pretrained
Image-Language Models" (2023).

The surface is cut into superpoints. Boxes that a detector draws around parts in each view then say
what a superpoint i is, with the share of its visible points that lie in boxes of class j:

    s_ij = sum_view |visible in i, in any box of j| / sum_view |visible in i|,

and it takes the class with the highest share; of classes with equal shares the one whose boxes hold
least. (The released code knows by name which parts are small and puts them first.)

Different here: the detector's boxes (GLIP) are the masks of the proposer, classified by the mask
encoder; points are pixels; superpoints are supervoxels of the surface where theirs come from cut
pursuit. A mask counts for its best class if it reaches the probability asked of a box, 0.5. Masks
of nearly the whole silhouette are ignored, as such boxes are. A superpoint with no share of 0.5
stays unlabelled in the publication; here words name everything and the best share wins, and a
superpoint in no box takes the label of the nearest element that has one.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import sparse

from .peers import Peer, SeenFrame, SeenView, Solved, between, nearest_labelled
from .superpoints import element_appearance, superpoints
from .words import Words

CONFIDENCE = 0.5  # probability of a class from which a mask counts
WHOLE = 0.98  # of the silhouette
SMALLEST = 10  # pixels


def make(preset: str = "embedded") -> Peer:
    """PartSLIP on the proposer and encoder of a preset."""
    return Peer(
        "partslip",
        "PartSLIP",
        start=lambda words: partial(label_frame, words),
        cleaned=partial(between, pixels=SMALLEST, share=WHOLE),
        preset=preset,
    )


def label_frame(words: Words, frame: SeenFrame) -> Solved:
    """The thing at each element, from the views of this frame alone."""
    count = frame.facts.count
    appearance = element_appearance((view.image for view in frame.views), count)
    point = superpoints(frame.facts, appearance)
    boxed = np.zeros((int(point.max(initial=-1)) + 1, words.count))
    for view in frame.views:
        boxed += pixels_in_boxes(view, words, point, len(boxed))
    thing = highest_share(boxed)[point]
    return nearest_labelled(thing, frame.facts), frame.seen() & (thing >= 0)


def highest_share(boxed: np.ndarray) -> np.ndarray:
    """(S,) int, the best class of each superpoint from its pixels in boxes (S, T); -1: in none.

    What the pixels would be divided by is the same for all classes of a superpoint.
    """
    small_first = np.argsort(boxed.sum(axis=0), kind="stable")
    best = small_first[boxed[:, small_first].argmax(axis=1)]
    return np.where(boxed.any(axis=1), best, -1)


def pixels_in_boxes(view: SeenView, words: Words, point: np.ndarray, points: int) -> np.ndarray:
    """(S, T) pixels of each superpoint that lie in any mask of each thing, in one view."""
    probability = words.probabilities(view.embedding)  # (N, T)
    detected = np.zeros(probability.shape, bool)
    best = probability.argmax(axis=1)
    row = np.arange(len(best))
    detected[row, best] = probability[row, best] >= CONFIDENCE
    covered = view.masks.member.astype(np.float32) @ detected > 0  # (A, T), in any mask of it
    shape = (points, len(covered))
    ones = np.ones(len(view.masks.atom), np.float32)
    pixels = sparse.coo_array((ones, (point[view.element], view.masks.atom)), shape=shape).tocsr()
    return pixels @ covered.astype(np.float32)
