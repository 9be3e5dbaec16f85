# SPDX-License-Identifier: GPL-3.0-or-later
"""4D-DRESS: Wang et al., "4D-DRESS: A 4D Dataset of Real-World Human Clothing" (2024), its parser.

Frame after frame, in every view, two sources vote for a label at each pixel: a human parser
(weight 1), and the labels of the frame before carried on by optical flow (1.5; in the first frame
the parser again). A mask m of the image gathers them to

    S(m, l) = sum_source weight |m and votes for l| / |m|

and its pixels carry these scores; those of an element are the mean over all its pixels in all
views. Its unary term is then -200 for the label with the highest score (0 throughout where no mask
shows it), a border between two neighbours costs 200, and alpha expansion finds the labels. In a
second round they are rendered, vote by themselves with weight 1, and are cut again. The result
votes in the next frame.

As published: masks of more than 90 % of the body, under 100 pixels, or that differ from another by
less than 5 %, are dropped, and so are masks of more than half of the body with more than four
labels of which none reaches 80 %.

Different here: for the parser (Graphonomy, whose classes are fixed) stand the labels that the mask
encoder gives to the regions which no mask border crosses, any typed words; for RAFT stands dense
inverse search, with a check that the flow leads back, because captured poses may lie far apart; the
captured views take the place of 24; nobody corrects anything by hand between the rounds; pieces of
surface that no mask shows anywhere take the label of the nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from core.job.capture_files import Facts, ViewImage
from core.parsing.labelling.fusion import lift
from core.parsing.labelling.smoothing import alpha_expansion
from core.parsing.masks import MaskSet
from core.parsing.stage_files import FrameMasksBuilder

from .optical_flow import carried_labels
from .peers import Peer, SeenFrame, SeenView, Solved, nearest_labelled
from .words import Words

PARSER_WEIGHT, FLOW_WEIGHT, RENDERED_WEIGHT = 1.0, 1.5, 1.0
UNARY, BORDER = 200.0, 200.0
WHOLE_BODY = 0.9  # of the silhouette
SMALLEST = 100  # pixels
DUPLICATE = 0.05  # of a mask's area: less than that apart, two masks are one
NOISY_SHARE, NOISY_LABELS, NOISY_TRACE, NOISY_LEAD = 0.5, 4, 0.01, 0.8

Votes = tuple[float, np.ndarray]  # weight of a source, its thing at each silhouette pixel (P,)


@dataclass(frozen=True)
class LabelledView:
    """What the next frame needs of a view."""

    color: np.ndarray  # (H, W, 3) uint8
    thing: np.ndarray  # (H, W) int16, -1 = background


def make(preset: str = "embedded", checked_flow: bool = True) -> Peer:
    """4D-DRESS on the proposer and encoder of a preset."""
    return Peer(
        "dress4d",
        "4D-DRESS",
        start=lambda words: FrameParser(words, checked_flow),
        cleaned=clean,
        embedded=regions,
        preset=preset,
    )


class FrameParser:
    """Labels a sequence frame by frame, for one vocabulary; remembers the frame before."""

    def __init__(self, words: Words, checked_flow: bool = True) -> None:
        self._words = words
        self._carried = partial(carried_labels, checked=checked_flow)
        self._previous: tuple[LabelledView, ...] = ()

    def __call__(self, frame: SeenFrame) -> Solved:
        parsed = [
            self._words.best(view.embedding)[regions(view.masks).atom] for view in frame.views
        ]
        carried = self._carry_on(frame.views) if self._previous else parsed
        sources = [
            [(PARSER_WEIGHT, p), (FLOW_WEIGHT, c)] for p, c in zip(parsed, carried, strict=True)
        ]
        thing, _ = self._cut_graph(frame, sources)
        rendered = [[(RENDERED_WEIGHT, thing[view.element])] for view in frame.views]
        thing, voted = self._cut_graph(frame, rendered)
        self._previous = tuple(_render(view.image, thing) for view in frame.views)
        return thing, voted

    def _carry_on(self, views: Sequence[SeenView]) -> list[np.ndarray]:
        """(P,) int16 of each view: the things of the frame before where the flow puts them."""
        carried = []
        for previous, view in zip(self._previous, views, strict=True):
            color = view.image.uncrop(view.image.color, 255)
            silhouette = view.image.uncrop(view.image.silhouette, 0)
            label = self._carried(previous.color, previous.thing, color, silhouette)
            carried.append(label[silhouette])
        return carried

    def _cut_graph(self, frame: SeenFrame, sources: Sequence[Sequence[Votes]]) -> Solved:
        votes = element_votes(frame, sources, self._words.count)
        return smooth(votes, frame.facts), np.asarray(votes.any(axis=1))


def element_votes(frame: SeenFrame, sources: Sequence[Sequence[Votes]], things: int) -> np.ndarray:
    """(E, things): scores of the masks over all pixels of each element; a row of zeros: no vote.

    Summed, not averaged: it is only asked which thing of an element has most.
    """
    builder = FrameMasksBuilder(frame.facts.count)
    scores = []
    for view, votes in zip(frame.views, sources, strict=True):
        scores.append(mask_scores(view.masks, votes, things))
        builder.add(view.image.element, view.masks)
    return lift(builder.build().incidence, np.concatenate(scores))


def mask_scores(masks: MaskSet, votes: Sequence[Votes], things: int) -> np.ndarray:
    """S(m, l) above, (N, things); zero for large masks of many labels."""
    scores = np.zeros((masks.count, things))
    shares = np.zeros_like(scores)
    areas = np.maximum(masks.areas(), 1)[:, None]
    member = masks.member.T.astype(np.float32)
    for weight, thing in votes:
        flat = masks.atom * (things + 1) + thing + 1
        pixels = np.bincount(flat, minlength=len(masks.member) * (things + 1))
        share = member @ pixels.reshape(-1, things + 1)[:, 1:] / areas
        shares += share
        scores += weight * share
    noisy = areas[:, 0] > NOISY_SHARE * len(masks.atom)
    noisy &= (shares > NOISY_TRACE).sum(axis=1) > NOISY_LABELS
    noisy &= shares.max(axis=1, initial=0) < NOISY_LEAD * len(votes)
    scores[noisy] = 0
    return scores


def smooth(votes: np.ndarray, facts: Facts) -> np.ndarray:
    """(E,) int labels of low energy from `votes` (E, things)."""
    voted = np.flatnonzero(votes.any(axis=1))
    unary = np.zeros(votes.shape)
    unary[voted, votes[voted].argmax(axis=1)] = -UNARY
    border = np.full(len(facts.neighbours), BORDER)
    label = alpha_expansion(unary, facts.neighbours, border).astype(np.int32)
    label[~_reach(voted, facts)] = -1
    return nearest_labelled(label, facts)


def clean(masks: MaskSet) -> MaskSet:
    """Without masks of the whole body, tiny ones, and all but the first of near duplicates."""
    areas = masks.areas()
    masks = masks.select((areas >= SMALLEST) & (areas <= WHOLE_BODY * len(masks.atom)))
    areas = masks.areas()
    pixels = np.bincount(masks.atom, minlength=len(masks.member)).astype(np.float32)
    member = masks.member.astype(np.float32)
    common = (member * pixels[:, None]).T @ member  # (N, N)
    apart = areas[:, None] + areas[None, :] - 2 * common
    keep = np.ones(masks.count, bool)
    for mask in range(masks.count):
        if keep[mask]:
            same = apart[mask] < DUPLICATE * areas[mask]
            keep[mask + 1 :] &= ~same[mask + 1 :]
    return masks.select(keep)


def regions(masks: MaskSet) -> MaskSet:
    """The atoms of the proposals as masks: every silhouette pixel lies in one."""
    return MaskSet.from_labels(masks.atom)


def _render(image: ViewImage, thing: np.ndarray) -> LabelledView:
    label = np.append(thing, -1)[image.element].astype(np.int16)  # -1 reads the last entry
    return LabelledView(image.uncrop(image.color, 255), image.uncrop(label, -1))


def _reach(voted: np.ndarray, facts: Facts) -> np.ndarray:
    """(E,) bool: elements of pieces of surface in which something is `voted` (indices) for."""
    a, b = facts.neighbours.T
    count = facts.count
    graph = sparse.coo_array((np.ones(len(a), bool), (a, b)), shape=(count, count))
    pieces, piece = connected_components(graph, directed=False)
    reached = np.zeros(pieces, bool)
    reached[piece[voted]] = True
    return reached[piece]
