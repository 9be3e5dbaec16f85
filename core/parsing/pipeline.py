# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story: captured views in, a label for every element of every frame out.

Each function is a stage. It reads what the stages before it left in the job folder, leaves its own
output there, and returns counts worth reporting. Only the last one knows the vocabulary, so other
part names cost only that one. Equation numbers are those of OpenHuman4D (2025).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from ..errors import InputError
from ..job.arrays import save_arrays
from ..job.choices import uses_sight
from .body.nearest import nearest_seen
from .key_images import key_images
from .labelling.decision import fill_unseen
from .labelling.element_shares import Evidence, labels_alone, labels_together
from .labelling.fusion import remember
from .masks import MaskSet
from .run import Run
from .seams import Masklets
from .sight.looking import look_at_views
from .sight.own_colors import settle_by_colors
from .sight.sightings import has_sightings
from .stage_files import (
    FrameMasksBuilder,
    load_nearest,
    load_proposals,
    save_embeddings,
    save_frame_masks,
    save_nearest,
    save_proposals,
)
from .tracking.coverage import connected_components, find_uncovered, open_mask

Counts = dict[str, int]

OPENING_RADIUS = 1  # pixels: thinner leftovers are rims of masks, not parts


def look(run: Run) -> Counts:
    """What the shipped vision model sees of every element; nothing where it is not used.

    What it doubts is settled by the colours that the character's parts surely have.
    """
    if not uses_sight(run.settings):
        return {}
    folder = run.folder("sight")
    counts = look_at_views(run.images, run.settings.sight_images, folder, run.progress)
    if has_sightings(folder):
        frames = [None] if run.images.constant_topology else run.images.frames
        settle_by_colors(folder, frames, run.check_cancelled)
    return counts


def make_proposals(run: Run) -> Counts:
    """Class-agnostic masks of the key images (eq. 2), none of them the whole person."""
    images, keys = run.images, key_images(run.images, run.settings)
    proposals: dict[tuple[int, int], MaskSet] = {}
    for frame, view in run.progress(keys):
        image = images.image(frame, view)
        masks = run.proposer.propose(image, frame)
        proposals[frame, view] = without_whole_person(masks, run.settings.whole_person)
    if not any(len(masks.atom) for masks in proposals.values()):
        raise InputError(
            "No view shows anything of the character",
            "Check that it renders: visibility, the alpha of its materials, its size",
        )
    save_proposals(run.folder("proposals"), proposals)
    return {"key images": len(keys), "proposals": sum(m.count for m in proposals.values())}


def track_masklets(run: Run) -> Counts:
    """Proposals followed through all views and frames (eq. 3)."""
    masklets = run.tracker.track(load_proposals(run.folder("proposals"), run.images), run.progress)
    masklets.save(run.folder("masklets"))
    return {"masklets": masklets.count}


def validate_masklets(run: Run) -> Counts:
    """Silhouette that no masklet covers (eq. 4, 5) becomes masklets of its own."""
    masklets = run.tracker.load(run.folder("masklets"))
    added = 0
    for frame, view in run.progress(list(run.images.order())):
        element_map = run.images.element_map(frame, view)
        silhouette = element_map >= 0
        union = union_of_masks(masklets, frame, view, element_map)
        missed = open_mask(find_uncovered(silhouette, union), OPENING_RADIUS)
        components = connected_components(missed, run.settings.minimum_area)
        if components:
            added += masklets.extend(frame, view, element_map, components)
    masklets.save(run.folder("validation"))
    return {"validation masklets": added}


def embed_masks(run: Run) -> Counts:
    """An embedding for every mask, made robust by its own masklet (eq. 6); M alongside."""
    images, folder = run.images, run.folder("embeddings")
    masklets = run.tracker.load(run.folder("validation"))
    embeddings: dict[int, np.ndarray] = {}
    owners: dict[int, np.ndarray] = {}
    seen: dict[int, np.ndarray] = {}
    for frame in run.progress(images.frames):
        builder = FrameMasksBuilder(element_count(run, frame))
        rows = []
        for view in range(images.view_count):
            image = images.image(frame, view)
            masks = masklets.masks(frame, view, image.element)
            rows.append(run.encoder.encode(image, masks, frame))
            builder.add(image.element, masks)
        frame_masks = builder.build()
        save_frame_masks(folder, frame, frame_masks)
        embeddings[frame] = np.concatenate(rows)
        owners[frame], seen[frame] = frame_masks.masklet, frame_masks.incidence.seen()
    remember(embeddings, owners, run.settings.memory_scale)
    for frame, rows_of_frame in embeddings.items():
        save_embeddings(folder, frame, rows_of_frame)
    save_nearest(folder, nearest_of_all(run, seen))
    save_arrays(folder / "text.npz", run.encoder.text.to_arrays())
    return {"masks": sum(len(e) for e in embeddings.values())}


def label_elements(run: Run) -> Counts:
    """Classification, equalisation (eq. 7), lifting Y = M P', threshold, filling."""
    labels = labels_together if run.images.constant_topology else labels_alone

    @lru_cache(1)
    def nearest(first: int) -> np.ndarray:
        return load_nearest(run.folder("embeddings"), first, element_count(run, first))

    labelled = 0
    for frame, (label, confidence) in labels(run, Evidence(run)):
        if run.settings.fill:
            label, confidence = fill_unseen(label, confidence, nearest(topology(run, frame)))
        run.labels.write_frame(frame, label, confidence)
        labelled += int((label >= 0).sum())
    if labelled == 0:
        run.warn("Nothing on the character fits any of the parts: no polygon is labelled")
    return {"labelled": labelled}


# By the names in `job/stages.py`, where all else of a stage stands.
STAGES: Mapping[str, Callable[[Run], Counts]] = {
    "sight": look,
    "proposals": make_proposals,
    "masklets": track_masklets,
    "validation": validate_masklets,
    "embeddings": embed_masks,
    "labels": label_elements,
}


def without_whole_person(masks: MaskSet, share: float) -> MaskSet:
    """Without the masks that cover `share` of the silhouette or more: they are no part of it."""
    return masks.select(masks.areas() < share * len(masks.atom))


def union_of_masks(
    masklets: Masklets, frame: int, view: int, element_map: np.ndarray
) -> np.ndarray:
    """(h, w) bool, the pixels in any mask of the image."""
    union = np.zeros(element_map.shape, bool)
    union[element_map >= 0] = masklets.masks(frame, view, element_map).covered()
    return union


def element_count(run: Run, frame: int) -> int:
    return run.images.manifest.elements_at(frame)


def topology(run: Run, frame: int) -> int:
    """The first frame that has the same elements as `frame`."""
    return run.images.frames[0] if run.images.constant_topology else frame


def nearest_of_all(run: Run, seen: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The seen element nearest to each, for filling: it does not depend on the vocabulary."""
    if run.images.constant_topology:
        seen = {run.images.frames[0]: np.logical_or.reduce(list(seen.values()))}
    return {frame: nearest_seen(run.images.facts(frame), s) for frame, s in seen.items()}
