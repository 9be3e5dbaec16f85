# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals followed through all images by SAM 2.1 (eq. 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby
from pathlib import Path

import numpy as np
from sam2.modeling.sam2_base import SAM2Base

from ...job.capture_files import ViewImage
from ...job.spec import Travel
from ..images import Images, Progress
from ..masks import MaskSet, stack
from ..seams import Context
from ..tracking.pixel_masklets import ImageKey, ImageMasklets, joined, numbered
from .device import Device, choose_device
from .loaded import load_model
from .sam2_build import load_sam2
from .sam2_video import Found, ObjectTracker, resize_logits

# Rounds of views, and at least so many images, without a mask before a masklet is given up. On the
# serpentine a part that only one view shows is away for two rounds less two images. The package
# goes on for ever, which the few objects that a user clicks can afford; here validation adds
# masklets all along the way, and the lost ones would become most of the work.
_LOST_ROUNDS = 4
_LOST_IMAGES = 32


@dataclass(frozen=True)
class Leg:
    """Images that masks go through one after another: a video for SAM 2."""

    images: tuple[ImageKey, ...]
    seed: ImageKey | None = None  # an image of an earlier leg, whose masks this one begins with

    @property
    def image_count(self) -> int:
        return len(self.images) + (self.seed is not None)


def legs(images: Images, travel: Travel) -> list[Leg]:
    """The images in their order, cut where masks do not go on from one image to the next."""
    order = tuple(images.order())
    if travel != "orbit_first":
        return [Leg(order)]
    orbit, rest = order[: images.view_count], order[images.view_count :]
    chains = groupby(rest, key=lambda image: image[1])
    return [Leg(orbit), *(Leg(tuple(chain), (images.frames[0], view)) for view, chain in chains)]


class Sam2Journey:
    """Masks on their way through all images, in the order of `Images.order`.

    Implements `Journey`. Images before the first mask begins cost nothing.
    """

    def __init__(self, context: Context, model: SAM2Base, device: Device) -> None:
        self._images = context.images
        self._make_tracker = partial(ObjectTracker, model, device, pulse=context.pulse)
        route = legs(context.images, context.settings.travel)
        self._steps = [(key, leg) for leg in route for key in leg.images]
        self._number = {key: number for number, (key, _) in enumerate(self._steps)}
        self._reached = -1
        self._seeds: dict[ImageKey, MaskSet | None] = {
            leg.seed: None for leg in route if leg.seed is not None
        }
        self._patience = max(_LOST_IMAGES, _LOST_ROUNDS * context.images.view_count)
        self._absent: Counter[int] = Counter()  # images in a row without a mask, by masklet
        self._tracker: ObjectTracker  # of this leg
        self._image: Callable[[], ViewImage]  # the one entered last

    def reach(self, key: ImageKey) -> list[tuple[ImageKey, MaskSet]]:
        passed = []
        while self._reached < self._number[key]:
            self._reached += 1
            here, leg = self._steps[self._reached]
            if here == leg.images[0]:
                self._set_out(leg)
            masks = self._enter(here)
            if masks is not None:
                self._keep_seed(here, masks)
                passed.append((here, masks))
        return passed

    def begin(self, key: ImageKey, masks: MaskSet) -> None:
        if self._number[key] != self._reached:
            raise ValueError(f"{key} is not the image reached last")
        self._prompt(masks)
        self._keep_seed(key, masks)

    def _set_out(self, leg: Leg) -> None:
        """On a new leg, with the masks of the image that it continues."""
        self._tracker = self._make_tracker(leg.image_count)
        self._absent.clear()
        if leg.seed is not None and (masks := self._seeds.pop(leg.seed)) is not None:
            self._enter(leg.seed)
            self._prompt(masks)

    def _keep_seed(self, key: ImageKey, masks: MaskSet) -> None:
        """What a later leg begins with."""
        if key in self._seeds:
            before = self._seeds[key]
            self._seeds[key] = masks if before is None else joined(before, masks)

    def _enter(self, key: ImageKey) -> MaskSet | None:
        """Find everything on its way in the next image of the leg; None when nothing is there."""
        self._image = image = cache(partial(self._images.image, *key))
        found = self._tracker.enter(lambda: image().uncrop(image().color, 255))
        if not found.names:
            return None
        pixels = self._silhouette_pixels(found)
        visible = np.asarray(pixels.any(axis=1))
        names = np.array(found.names, np.int32)
        self._give_up_lost(names, visible)
        return MaskSet.from_pixels(pixels[visible], names[visible]) if visible.any() else None

    def _silhouette_pixels(self, found: Found) -> np.ndarray:
        """(N, P) bool, the masks over the silhouette of the image entered last."""
        image, silhouette = self._image(), self._image().silhouette
        top, left = image.corner
        rows = slice(top, top + silhouette.shape[0])
        columns = slice(left, left + silhouette.shape[1])

        def cut(part: slice) -> np.ndarray:
            logits = resize_logits(found.logits[part], image.resolution)[:, rows, columns]
            return (logits > 0).cpu().numpy()[:, silhouette]

        return np.concatenate(self._tracker.batches.run(cut, len(found.names)))

    def _prompt(self, masks: MaskSet) -> None:
        """Begin objects in the image entered last."""
        image = self._image()
        crop = np.zeros((*image.element.shape, masks.count), bool)
        crop[image.silhouette] = masks.pixels().T
        full = np.moveaxis(image.uncrop(crop, 0), -1, 0)
        self._tracker.add(masks.masklet.tolist(), np.ascontiguousarray(full))

    def _give_up_lost(self, names: np.ndarray, visible: np.ndarray) -> None:
        self._absent.update(names[~visible].tolist())
        for name in names[visible].tolist():
            del self._absent[name]
        lost = {name for name, images in self._absent.items() if images >= self._patience}
        if lost:
            self._tracker.forget(lost)
            for name in lost:
                del self._absent[name]


def make_sam2_tracker(context: Context) -> Sam2Tracker:
    """The tracker of a run. Raises MissingCheckpoint, InputError."""
    device = choose_device(context.settings.device)
    return Sam2Tracker(
        context, load_model(context.settings.tracker_model, device, load_sam2), device
    )


class Sam2Tracker:
    """`Tracker` by SAM 2.1: masks of key images, carried from image to image by their looks."""

    def __init__(self, context: Context, model: SAM2Base, device: Device) -> None:
        self._images = context.images
        self._merge_overlap = context.settings.merge_overlap
        self._make_journey = partial(Sam2Journey, context, model, device)

    def track(
        self, proposals: Mapping[tuple[int, int], MaskSet], progress: Progress
    ) -> ImageMasklets:
        """Follow the proposals from where they are made.

        A proposal in a later key image becomes a masklet of its own only when it overlaps every
        mask that has arrived there by less than `merge_overlap`.
        """
        journey, masklets = self._make_journey(), self._no_masklets()
        for key in progress(list(self._images.order())):
            for passed, masks in journey.reach(key):
                masklets.add(passed, masks)
            if key in proposals:
                arrived = masklets.at(key, len(proposals[key].atom))
                new = unlike(proposals[key], arrived, self._merge_overlap)
                if new.count:
                    new = numbered(new, masklets.count)
                    masklets.add(key, new)
                    journey.begin(key, new)
        return masklets

    def load(self, folder: Path) -> ImageMasklets:
        masklets = self._no_masklets()
        masklets.restore(folder)
        return masklets

    def _no_masklets(self) -> ImageMasklets:
        return ImageMasklets(self._images.frames, self._images.view_count, self._make_journey())


def unlike(proposals: MaskSet, arrived: MaskSet, overlap: float) -> MaskSet:
    """The proposals, each once, whose IoU with all of `arrived` is below `overlap`."""
    distinct = proposals.select(proposals.areas() > 0)
    if not distinct.count:
        return distinct
    distinct = distinct.without_duplicates()
    both = stack([distinct, arrived])
    area = np.bincount(both.atom, minlength=len(both.member)).astype(np.float64)
    mine = both.member[:, : distinct.count].astype(np.float64)
    theirs = both.member[:, distinct.count :].astype(np.float64)
    common = (mine * area[:, None]).T @ theirs
    union = (area @ mine)[:, None] + (area @ theirs)[None] - common
    return distinct.select(np.asarray((common < overlap * union).all(axis=1)))
