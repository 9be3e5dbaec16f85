# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything mode: all masks that a point-prompted model sees in a picture of the character.

A grid of points is asked one by one, each answered with three masks (whole, part, subpart). Masks
that the model trusts little or that a small change of the threshold changes much are dropped, then
those with nearly the box of a better one. Kirillov et al., Segment Anything (2023), section 5 and
appendix B. Only the grid's points on the silhouette are asked, and masks are kept as its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol

import numpy as np
import torch
from segment_anything.utils.amg import (
    batched_mask_to_box,
    calculate_stability_score,
    generate_crop_boxes,
    is_box_near_crop_edge,
)
from torch import nn

from ...job.boxes import box_around
from ...job.capture_files import ViewImage
from ..masks import MaskSet
from .device import Batches, Device, at_once
from .mask_filters import distinct_boxes, without_small_regions

_POINTS_AT_ONCE = {"cuda": 128, "mps": 64, "cpu": 16}


@dataclass(frozen=True)
class EverythingSettings:
    """The numbers of everything mode. The defaults are those of OpenHuman3D, for SAM."""

    points_per_side: int = 64  # of the grid over the whole image
    minimum_area: int = 100  # pixels; smaller masks and islands are dropped, smaller holes closed
    predicted_iou: float = 0.86  # masks whose IoU the model itself predicts to be more are kept
    stability: float = 0.92  # and those whose stability score is at least this
    stability_offset: float = 1.0  # how far the logits' threshold is moved for that score
    box_overlap: float = 0.7  # IoU of boxes above which the worse mask is a duplicate
    crop_layers: int = 1  # layer n asks (2 ** n) ** 2 enlarged crops of the image again
    crop_overlap: float = 512 / 1500  # of the crops of layer 1, as a share of the short side
    crop_points_divisor: int = 2  # layer n has 1 / divisor ** n of the points along a side


class Box(NamedTuple):
    """A part of the image in pixels; right and bottom are the first pixels outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self.right - self.left, self.bottom - self.top

    @property
    def window(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class AskedImage(Protocol):
    """An image that a model has encoded and now answers points of."""

    def masks_at(self, points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (n, 3, h, w) in the model's resolution and predicted IoUs (n, 3), float32.

        `points` (n, 2) float64: x and y in pixels of the image, (0, 0) its top-left corner.
        """
        ...

    def enlarged(self, logits: torch.Tensor) -> torch.Tensor:
        """`logits` (m, h, w) in the image's resolution, (m, H, W) float32."""
        ...


@dataclass(frozen=True)
class Candidates:
    """N masks that passed the scores, cut to the P pixels of the silhouette."""

    pixels: np.ndarray  # (N, ceil(P / 8)) uint8, bits
    box: np.ndarray  # (N, 4) int64 in the image, before the cut; see mask_filters.py
    predicted_iou: np.ndarray  # (N,) float32
    crop_area: np.ndarray  # (N,) int64 pixels of the crop in which it was found

    def select(self, index: np.ndarray) -> Candidates:
        return Candidates(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def joined(cls, found: Sequence[Candidates]) -> Candidates:
        return cls(*(np.concatenate([getattr(c, f.name) for c in found]) for f in fields(cls)))


class EverythingMode:
    """Asks a model for everything in an image.

    `encode` makes an (H, W, 3) uint8 RGB image ready; `network` is what computes, `title` what
    messages call it. `pulse` is called before every layer of it: one call of a large model can
    take half a minute on a CPU.
    """

    def __init__(
        self,
        encode: Callable[[np.ndarray], AskedImage],
        network: nn.Module,
        title: str,
        settings: EverythingSettings,
        device: Device,
        pulse: Callable[[], None],
    ) -> None:
        self._encode, self._network, self._title = encode, network, title
        self._settings, self._pulse = settings, pulse
        self._points = Batches(_POINTS_AT_ONCE[device.name], f"the points of {title}", pulse)

    def propose(self, image: ViewImage) -> MaskSet:
        """The masks of `image`, none twice. Raises JobError when memory does not suffice."""
        silhouette = image.uncrop(image.silhouette, 0)
        color = image.uncrop(image.color, 255)
        with torch.no_grad(), pulsing(self._network, self._pulse):
            found = [
                self._in_crop(color, silhouette, crop, points)
                for crop, points in self._questions(silhouette)
            ]
        masks = np.zeros((0, np.count_nonzero(silhouette)), bool)
        if found:
            masks = self._choose(Candidates.joined(found), silhouette)
        return MaskSet.from_pixels(masks).without_duplicates()

    def _questions(self, silhouette: np.ndarray) -> Iterator[tuple[Box, np.ndarray]]:
        """Crops and their points on the silhouette, (n, 2) x and y in the crop; never none."""
        settings = self._settings
        for layer, crop in crops(silhouette.shape, settings.crop_layers, settings.crop_overlap):
            side = settings.points_per_side // settings.crop_points_divisor**layer
            points = grid(side) * crop.size
            column, row = points.astype(int).T
            inside = silhouette[crop.window][row, column]
            if inside.any():
                yield crop, points[inside]

    def _in_crop(
        self, color: np.ndarray, silhouette: np.ndarray, crop: Box, points: np.ndarray
    ) -> Candidates:
        with at_once(f"an image of {self._title}"):
            asked = self._encode(np.ascontiguousarray(color[crop.window]))
        cut = _Cut(silhouette, crop)
        answers = self._points.run(lambda part: self._answer(asked, points[part], cut), len(points))
        found = Candidates.joined(answers)
        return found.select(
            distinct_boxes(found.box, found.predicted_iou, self._settings.box_overlap)
        )

    def _answer(self, asked: AskedImage, points: np.ndarray, cut: _Cut) -> Candidates:
        """What a batch of points yields; only masks of a high score are enlarged."""
        logits, predicted_iou = asked.masks_at(points)
        trusted = predicted_iou > self._settings.predicted_iou
        kept = []
        for some, iou in zip(
            logits[trusted].split(len(points)),
            predicted_iou[trusted].split(len(points)),
            strict=True,
        ):
            self._pulse()
            large = asked.enlarged(some)
            stability = calculate_stability_score(large, 0.0, self._settings.stability_offset)
            stable = stability >= self._settings.stability  # not that of logits without a mask
            kept.append(cut.candidates(large[stable] > 0, iou[stable]))
        return Candidates.joined(kept)

    def _choose(self, found: Candidates, silhouette: np.ndarray) -> np.ndarray:
        """(N, P) bool: no duplicates between crops, no crumbs, no pinholes."""
        settings = self._settings
        found = found.select(distinct_boxes(found.box, 1 / found.crop_area, settings.box_overlap))
        canvas = np.zeros(silhouette.shape, bool)
        masks, boxes, untouched = [], [], []
        for pixels in found.pixels:
            self._pulse()
            mask = np.unpackbits(pixels, count=np.count_nonzero(silhouette)).view(bool)
            canvas[silhouette] = mask
            cleaned = without_small_regions(canvas, settings.minimum_area) & silhouette
            if np.count_nonzero(cleaned) >= max(1, settings.minimum_area):
                masks.append(cleaned[silhouette])
                top, left, below, beside = box_around(cleaned)
                boxes.append((left, top, beside - 1, below - 1))
                untouched.append(np.array_equal(masks[-1], mask))
        if not masks:
            return np.zeros((0, np.count_nonzero(silhouette)), bool)
        keep = distinct_boxes(np.array(boxes), np.array(untouched, float), settings.box_overlap)
        return np.array(masks)[keep]


class _Cut:
    """From masks of a crop to pixels of the silhouette."""

    def __init__(self, silhouette: np.ndarray, crop: Box) -> None:
        self._crop, self._image = crop, Box(0, 0, silhouette.shape[1], silhouette.shape[0])
        self._count = np.count_nonzero(silhouette)
        number = np.cumsum(silhouette).reshape(silhouette.shape) - 1
        here = silhouette[crop.window]
        self._source = torch.from_numpy(np.flatnonzero(here))  # pixels of the crop
        self._target = number[crop.window][here]  # the same among the silhouette's

    def candidates(self, masks: torch.Tensor, predicted_iou: torch.Tensor) -> Candidates:
        """Of `masks` (m, h, w) bool of the crop, those that its border does not cut off."""
        in_crop = batched_mask_to_box(masks).cpu()
        box = in_crop.numpy() + np.tile(self._crop[:2], 2)
        whole = ~is_box_near_crop_edge(in_crop, list(self._crop), list(self._image)).numpy()
        seen = masks.flatten(1)[:, self._source.to(masks.device)].cpu().numpy()[whole]
        pixels = np.zeros((len(seen), self._count), bool)
        pixels[:, self._target] = seen
        width, height = self._crop.size
        return Candidates(
            pixels=np.packbits(pixels, axis=1),
            box=box[whole],
            predicted_iou=predicted_iou.cpu().numpy()[whole],
            crop_area=np.full(len(seen), width * height),
        )


@contextmanager
def pulsing(network: nn.Module, pulse: Callable[[], None]) -> Iterator[None]:
    """Inside, every module of `network` calls `pulse` before it computes."""
    handles = [m.register_forward_pre_hook(lambda *_: pulse()) for m in network.modules()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def grid(side: int) -> np.ndarray:
    """(side ** 2, 2) float64: x and y of the centres of equal cells of the unit square."""
    along = (np.arange(side) + 0.5) / side
    return np.stack([np.tile(along, side), np.repeat(along, side)], axis=1)


def crops(shape: tuple[int, ...], layers: int, overlap: float) -> list[tuple[int, Box]]:
    """(layer, box) of an image of `shape` (height, width): itself as layer 0, then its crops."""
    boxes, layer = generate_crop_boxes(shape, layers, overlap)
    return [(n, Box(*box)) for n, box in zip(layer, boxes, strict=True)]
