# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story: captured views in, a label for every element of every frame out.

Each function is a stage. It reads what the stages before it left in the job folder, leaves its own
output there, and returns counts worth reporting. Only the last one knows the vocabulary, so other
part names cost only that one. Equation numbers are those of OpenHuman4D (2025).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from itertools import islice

import numpy as np

from ..errors import InputError
from ..job.arrays import save_arrays
from .fill import nearest_seen
from .fusion import classify, equalise, lift, remember
from .key_images import key_frames
from .labelling import decide, evidence_shares, filled
from .masks import MaskSet
from .run import Run
from .seams import Masklets
from .stage_files import (
    FrameMasksBuilder,
    load_embeddings,
    load_frame_masks,
    load_nearest,
    load_proposals,
    save_embeddings,
    save_frame_masks,
    save_nearest,
    save_proposals,
)
from .validation import connected_components, opened, uncovered

Counts = dict[str, int]
Labels = tuple[np.ndarray, np.ndarray]  # label (E,) int16, confidence (E,) float16
Evidence = tuple[np.ndarray, np.ndarray]  # elements with pixels (S,), their shares (S, K')

OPENING_RADIUS = 1  # pixels: thinner leftovers are rims of masks, not parts
VALIDATION_AREA = 16  # pixels


def make_proposals(run: Run) -> Counts:
    """Class-agnostic masks of the key images (eq. 2), none of them the whole person."""
    images = run.images
    keys = [
        (frame, view)
        for frame in key_frames(images, run.settings.key_frames)
        for view in range(images.view_count)
    ]
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
    masklets = run.tracker.track(load_proposals(run.folder("proposals")))
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
        missed = opened(uncovered(silhouette, union), OPENING_RADIUS)
        components = connected_components(missed, VALIDATION_AREA)
        if components:
            added += masklets.extend(frame, element_map, components)
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
    words = [part.words for part in run.parts]
    text = run.text_side
    known = known_parts(run, text.unknown(words))
    distractors, votes = text.encode_distractors()
    if not run.settings.distractors:
        distractors, votes = distractors[~votes], votes[~votes]
    columns = np.concatenate([text.encode_text(words), distractors])
    kept = np.concatenate([known, votes])  # columns whose evidence is counted

    def shares_of(frame: int) -> Evidence:
        embeddings = load_embeddings(run.folder("embeddings"), frame)
        logits = classify(embeddings, columns, text.logit_scale)  # P
        if run.settings.equalise:
            logits = equalise(logits)
        masks = load_frame_masks(run.folder("embeddings"), frame)
        seen, incidence = masks.incidence.without_empty_rows()
        say = incidence.areas()[:, None] ** -run.settings.specificity
        return seen, evidence_shares(lift(incidence, (logits * kept * say).astype(np.float32)))

    def own_labels(frame: int) -> Labels:
        seen, shares = shares_of(frame)
        scores = np.zeros((element_count(run, frame), len(kept)), shares.dtype)
        scores[seen] = shares
        return decide(scores, len(words), run.settings.threshold)

    labels_of: Callable[[int], Labels] = own_labels
    frames = run.images.frames
    steps = run.progress(frames)
    if run.images.constant_topology:
        steps = run.progress(frames + frames)  # all are asked before the first is labelled
        labels_of = persistent(run, shares_of, islice(steps, len(frames)))
    nearest = lru_cache(1)(partial(load_nearest, run.folder("embeddings")))
    labelled = 0
    for frame in steps:
        label, confidence = labels_of(frame)
        if run.settings.fill:
            label, confidence = filled(label, confidence, nearest(topology(run, frame)))
        run.labels.write_frame(frame, label, confidence)
        labelled += int((label >= 0).sum())
    return {"labelled": labelled}


STAGES: Mapping[str, Callable[[Run], Counts]] = {
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


def known_parts(run: Run, unknown: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """(K,) bool, parts the encoder can ground; warns of the others.

    Raises InputError when none is left.
    """
    known = np.array([part.name not in unknown for part in run.parts])
    for name, alike in unknown.items():
        hint = f" Did you mean {' or '.join(repr(a) for a in alike)}?" if alike else ""
        run.warn(f"'{name}' is not known to this encoder and gets no labels.{hint}")
    if not known.any():
        raise InputError(
            "None of the part names is known to this encoder", "Use other words or add synonyms"
        )
    return known


def persistent(
    run: Run, shares_of: Callable[[int], Evidence], frames: Iterable[int]
) -> Callable[[int], Labels]:
    """Labels of a frame, given that a polygon's part seldom changes (constant topology).

    All `frames` decide together. A frame that shows an element departs from that only where its
    own evidence leads by more than `persistence`, as shares of all evidence; that evidence is
    gathered a second time, for that of all frames would not fit in memory.
    """
    total: np.ndarray | None = None
    for frame in frames:
        seen, shares = shares_of(frame)
        if total is None:
            total = np.zeros((element_count(run, frame), shares.shape[1]), shares.dtype)
        total[seen] += shares
    assert total is not None, "a capture has at least one frame"
    mean = evidence_shares(total)
    winner = mean.argmax(axis=1)
    parts, threshold, persistence = len(run.parts), run.settings.threshold, run.settings.persistence
    together = decide(mean, parts, threshold)

    def labels_of(frame: int) -> Labels:
        if persistence >= 1:
            return together
        seen, shares = shares_of(frame)
        lead = shares.max(axis=1, initial=0) - shares[np.arange(len(seen)), winner[seen]]
        departs = lead > persistence
        label, confidence = (array.copy() for array in together)
        label[seen[departs]], confidence[seen[departs]] = decide(shares[departs], parts, threshold)
        return label, confidence

    return labels_of


def element_count(run: Run, frame: int) -> int:
    return sum(o.element_count for o in run.images.manifest.objects_at(frame))


def topology(run: Run, frame: int) -> int:
    """The first frame that has the same elements as `frame`."""
    return run.images.frames[0] if run.images.constant_topology else frame


def nearest_of_all(run: Run, seen: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """The seen element nearest to each, for filling: it does not depend on the vocabulary."""
    if run.images.constant_topology:
        seen = {run.images.frames[0]: np.logical_or.reduce(list(seen.values()))}
    return {frame: nearest_seen(run.images.facts(frame), s) for frame, s in seen.items()}
