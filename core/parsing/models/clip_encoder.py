# SPDX-License-Identifier: GPL-3.0-or-later
"""What CLIP's mask encoders have in common: an image is seen once, then mask after mask is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
import torch
from open_clip.transformer import VisionTransformer

from ...job.capture_files import ViewImage
from ..masks import MaskSet
from ..seams import TextSide
from .clip_image import FramedView, Framing, around_silhouette
from .clip_visual import grid_size, image_size
from .device import Batches, Device

Seen = TypeVar("Seen")  # what an encoder keeps of an image for all its masks


class ClipMaskEncoder(ABC, Generic[Seen]):
    """`MaskEncoder` on a visual tower of open_clip."""

    def __init__(
        self,
        visual: VisionTransformer,
        text: TextSide,
        device: Device,
        pulse: Callable[[], None] = lambda: None,
        masks_at_once: int = 256,
    ) -> None:
        self.text = text
        self.visual = visual
        self.device = device
        self._images = Batches(1, "an image of CLIP", pulse)
        self._masks = Batches(masks_at_once, "masks of CLIP", pulse)

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        """(N, D) float32 unit rows."""
        if not masks.count:
            return np.zeros((0, self.visual.proj.shape[1]), np.float32)
        view = FramedView(image, self.framing(image), self.device.torch)

        def see(_: slice) -> Seen:
            pixels = view.pixels(image_size(self.visual))
            with self.device.autocast():
                return self.see(pixels)

        def read(part: slice) -> torch.Tensor:
            coverage = view.coverage(masks, part, self.cells)
            with self.device.autocast():
                return self.read(seen, coverage)

        with torch.inference_mode():
            (seen,) = self._images.run(see, 1)
            rows = torch.cat(self._masks.run(read, masks.count))
        return rows.cpu().numpy()

    def framing(self, image: ViewImage) -> Framing:
        """The square of a view that CLIP is shown.

        Around the silhouette: a small part is then a few patches and not a fraction of one.
        """
        return around_silhouette(image)

    @property
    def cells(self) -> int:
        """Cells along a side of the coverage that `read` is given."""
        return grid_size(self.visual)

    @abstractmethod
    def see(self, pixels: torch.Tensor) -> Seen:
        """What is kept of an image, `pixels` (1, 3, size, size) normalised."""

    @abstractmethod
    def read(self, seen: Seen, coverage: torch.Tensor) -> torch.Tensor:
        """(n, D) float32 unit rows of masks, `coverage` (n, cells, cells) float32 in 0..1."""
