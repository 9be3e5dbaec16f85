# SPDX-License-Identifier: GPL-3.0-or-later
"""The exact tracker: a mask is a set of elements, and elements are known in every image.

Within one topology a proposal needs no following: the elements it covers are the masklet. What
remains is to see that proposals of different key images show the same thing, which the overlap of
their element sets tells. When the topology changes, each frame is solved by itself and masklets
are carried on from frame to frame by the overlap of their pixels in the same view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import linear_sum_assignment

from ..images import Images, Progress
from ..masks import MaskSet
from ..seams import Context
from .element_masklets import SurfaceMasklets, element_pixels, pixels_in_masks

MAJORITY = 0.5  # an element is in a set when half of its visible pixels are
COVISIBLE = 0.2  # share of each set both key images must see before overlap means anything
LINK_OVERLAP = 0.5  # pixel IoU over a frame's views that carries a masklet to the next topology


@dataclass(frozen=True)
class KeySets:
    """The proposals of one key image as pixel counts per element."""

    visible: np.ndarray  # (E,) float32 pixels of each element in the image
    inside: sparse.csc_array  # (E, N) float32 pixels of each element in each proposal

    def sets(self) -> sparse.csc_array:
        """(E, N) float32 of 0 and 1: elements with a majority of their pixels in the mask."""
        share = self.inside.copy()
        share.data = (share.data > MAJORITY * self.visible[share.indices]).astype(np.float32)
        share.eliminate_zeros()
        return share


def make_correspondence_tracker(context: Context) -> CorrespondenceTracker:
    """The tracker of a run."""
    return CorrespondenceTracker(context.images, context.settings.merge_overlap)


class CorrespondenceTracker:
    """`Tracker` by exact correspondence; `merge_overlap` is the IoU that makes two sets one."""

    def __init__(self, images: Images, merge_overlap: float) -> None:
        self._images = images
        self._merge_overlap = merge_overlap

    def track(
        self, proposals: Mapping[tuple[int, int], MaskSet], progress: Progress
    ) -> SurfaceMasklets:
        """Merge the proposals of the key images into masklets (eq. 3)."""
        masklets = SurfaceMasklets(self._element_counts())
        previous: tuple[int, list[int]] | None = None
        for frame, keys in progress(list(_by_topology(proposals, self._images).items())):
            sets = merge_sets(
                [self._key_sets(f, v, proposals[f, v]) for f, v in keys], self._merge_overlap
            )
            ids = [-1] * len(sets)
            if previous is not None:
                ids = self._carry_on(masklets, previous[0], frame, sets)
            for i, elements in enumerate(sets):
                if ids[i] < 0:
                    ids[i] = masklets.new_masklet()
                masklets.add(frame, elements, ids[i])
            previous = (frame, ids)
        return masklets

    def load(self, folder: Path) -> SurfaceMasklets:
        return SurfaceMasklets.load(folder, list(self._element_counts()))

    def _element_counts(self) -> dict[int | None, int]:
        if self._images.constant_topology:
            return {None: self._images.manifest.element_count}
        return {
            frame: sum(o.element_count for o in self._images.manifest.objects_at(frame))
            for frame in self._images.frames
        }

    def _key_sets(self, frame: int, view: int, masks: MaskSet) -> KeySets:
        element_map = self._images.element_map(frame, view)
        count = sum(o.element_count for o in self._images.manifest.objects_at(frame))
        visible = element_pixels(element_map, count).astype(np.float32)
        return KeySets(visible, pixels_in_masks(element_map, masks, count))

    def _carry_on(
        self, masklets: SurfaceMasklets, before: int, frame: int, sets: list[np.ndarray]
    ) -> list[int]:
        """Masklet of the previous frame that each set continues, -1 for none."""
        old = masklets.elements(before)
        if not old or not sets:
            return [-1] * len(sets)
        overlap = self._pixel_overlap(before, [s for _, s in old], frame, sets)
        rows, columns = linear_sum_assignment(-overlap)
        ids = [-1] * len(sets)
        for row, column in zip(rows, columns, strict=True):
            if overlap[row, column] >= LINK_OVERLAP:
                ids[column] = old[row][0]
        return ids

    def _pixel_overlap(
        self, before: int, old: list[np.ndarray], frame: int, new: list[np.ndarray]
    ) -> np.ndarray:
        """(n_old, n_new) pixel IoU over all views of two frames with their own topologies."""
        old_table = _membership(old, self._element_counts()[before])
        new_table = _membership(new, self._element_counts()[frame])
        common = np.zeros((len(old), len(new)))
        old_area, new_area = np.zeros(len(old)), np.zeros(len(new))
        for view in range(self._images.view_count):
            first = self._images.image(before, view)
            a = first.uncrop(first.element, -1).ravel()
            second = self._images.image(frame, view)
            b = second.uncrop(second.element, -1).ravel()
            old_area += old_table.T @ np.bincount(a[a >= 0], minlength=old_table.shape[0])
            new_area += new_table.T @ np.bincount(b[b >= 0], minlength=new_table.shape[0])
            both = (a >= 0) & (b >= 0)
            pairs = sparse.coo_array(
                (np.ones(both.sum(), np.float32), (a[both], b[both])),
                shape=(old_table.shape[0], new_table.shape[0]),
            ).tocsr()
            common += (old_table.T @ pairs @ new_table).toarray()
        return common / np.maximum(old_area[:, None] + new_area[None] - common, 1)


def merge_sets(keys: list[KeySets], merge_overlap: float) -> list[np.ndarray]:
    """Element sets (sorted indices) of the masklets that the key images' proposals make up.

    Two proposals of different images can be one masklet when, over the elements both images see,
    the IoU of their sets, weighted by pixels, is at least `merge_overlap`. The best agreement is
    joined first, and a masklet never takes two proposals of one image: of those it is one.
    Duplicates are dropped.
    """
    sets = [key.sets() for key in keys]
    offsets = np.cumsum([0] + [s.shape[1] for s in sets])
    image = np.repeat(np.arange(len(sets)), np.diff(offsets))
    pairs = [np.zeros((0, 3))]
    for a, b in combinations(range(len(keys)), 2):
        mine, theirs, overlap = _same_thing(keys[a], sets[a], keys[b], sets[b], merge_overlap)
        pairs.append(np.stack([mine + offsets[a], theirs + offsets[b], overlap], axis=1))
    group = _join_groups(np.concatenate(pairs), image)
    distinct = {e.tobytes(): e for e in _group_votes(keys, group, offsets) if len(e)}
    return list(distinct.values())


def _join_groups(pairs: np.ndarray, image: np.ndarray) -> np.ndarray:
    """(N,) int group of each proposal, from (n, 3) pairs (proposal, proposal, overlap)."""
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -pairs[:, 2]))
    parent = list(range(len(image)))
    images = [1 << int(i) for i in image]  # of a group, as bits, kept at its root

    def root(proposal: int) -> int:
        while parent[proposal] != proposal:
            parent[proposal] = parent[parent[proposal]]
            proposal = parent[proposal]
        return proposal

    for a, b in pairs[order, :2].astype(int).tolist():
        a, b = root(a), root(b)
        if a != b and not images[a] & images[b]:
            parent[b] = a
            images[a] |= images[b]
    _, group = np.unique([root(i) for i in range(len(image))], return_inverse=True)
    return group


def _same_thing(
    key_a: KeySets, a: sparse.csc_array, key_b: KeySets, b: sparse.csc_array, merge_overlap: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of `a` and of `b` that may show the same thing, and their IoU."""
    weight = np.minimum(key_a.visible, key_b.visible)  # (E,) pixels both images see
    common = (a.T @ b.multiply(weight[:, None]).tocsc()).toarray()
    area_a, area_b = a.T @ weight, b.T @ weight
    union = area_a[:, None] + area_b[None] - common
    seen_a = area_a >= COVISIBLE * (a.T @ key_a.visible)
    seen_b = area_b >= COVISIBLE * (b.T @ key_b.visible)
    same = (common >= merge_overlap * union) & (common > 0) & seen_a[:, None] & seen_b[None]
    mine, theirs = np.nonzero(same)
    return mine, theirs, common[mine, theirs] / union[mine, theirs]


def _group_votes(keys: list[KeySets], group: np.ndarray, offsets: np.ndarray) -> list[np.ndarray]:
    """Elements of each group: a majority of the pixels that the group's images see of them."""
    if not len(group):
        return []
    proposals, images = len(group), np.repeat(np.arange(len(keys)), np.diff(offsets))
    groups = int(group.max()) + 1
    ones = np.ones(proposals, np.float32)
    joining = sparse.coo_array((ones, (np.arange(proposals), group)), shape=(proposals, groups))
    present = sparse.coo_array((ones, (images, group)), shape=(len(keys), groups))
    inside = sparse.hstack([key.inside for key in keys], format="csr") @ joining.tocsr()
    seen_by = sparse.csr_array(np.stack([key.visible for key in keys], axis=1))  # (E, images)
    majority = sparse.csr_array(inside - MAJORITY * (seen_by @ present.tocsr())) > 0
    table = sparse.csc_array(majority)
    return [np.sort(e).astype(np.int32) for e in np.split(table.indices, table.indptr[1:-1])]


def _membership(sets: list[np.ndarray], element_count: int) -> sparse.csr_array:
    """(E, n) float32 of 0 and 1."""
    columns = np.repeat(np.arange(len(sets)), [len(s) for s in sets])
    rows = np.concatenate(sets) if sets else np.zeros(0, int)
    ones = np.ones(len(rows), np.float32)
    return sparse.coo_array((ones, (rows, columns)), shape=(element_count, len(sets))).tocsr()


def _by_topology(
    proposals: Mapping[tuple[int, int], MaskSet], images: Images
) -> dict[int, list[tuple[int, int]]]:
    """Key images grouped by the topology they share, named by its first frame, in frame order."""
    groups: dict[int, list[tuple[int, int]]] = {}
    for frame, view in sorted(proposals):
        key = images.frames[0] if images.constant_topology else frame
        groups.setdefault(key, []).append((frame, view))
    return groups
