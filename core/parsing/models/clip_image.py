# SPDX-License-Identifier: GPL-3.0-or-later
"""What CLIP is shown of a view: a square on white, at its resolution, and masks over the same.

Resizing is two matrix products with antialiased interpolation weights, as Pillow and torchvision
resize what CLIP is trained on. Only the crop is touched: outside it all is white, and no mask. It
also runs where torch has no antialiased resize, on MPS.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ...job.capture_files import ViewImage
from ..masks import MaskSet

MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training images, RGB in 0..1
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
MARGIN = 0.05  # white around the silhouette, as a share of its longer side

Kernel = Callable[[np.ndarray], np.ndarray]  # weights by distance


@dataclass(frozen=True)
class Framing:
    """A square in pixels of the capture, and where in it the view's crop has its top left."""

    side: int
    top: int
    left: int


def whole_view(image: ViewImage) -> Framing:
    """All of the capture, as OpenHuman3D showed it to HumanCLIP."""
    (height, width), (row, column) = image.resolution, image.corner
    side = max(height, width)
    return Framing(side, row + (side - height) // 2, column + (side - width) // 2)


def around_silhouette(image: ViewImage) -> Framing:
    """The smallest square around the character with a margin: small parts get more patches."""
    height, width = image.element.shape
    side = math.ceil(max(height, width) * (1 + 2 * MARGIN))
    return Framing(side, (side - height) // 2, (side - width) // 2)


class FramedView:
    """A view inside a square, resized to what a model takes."""

    def __init__(self, image: ViewImage, framing: Framing, device: torch.device) -> None:
        self._image = image
        self._framing = framing
        self._device = device

    def pixels(self, size: int) -> torch.Tensor:
        """(1, 3, size, size) float32, normalised as CLIP's training images."""
        color = torch.from_numpy(self._image.color).to(self._device).permute(2, 0, 1)  # (3, h, w)
        rgb = (1 + self._resize(color / 255 - 1, size, cubic)).clamp(0, 1)
        mean, deviation = (torch.tensor(v, device=self._device) for v in (MEAN, DEVIATION))
        return ((rgb - mean[:, None, None]) / deviation[:, None, None])[None]

    def coverage(self, masks: MaskSet, part: slice, size: int) -> torch.Tensor:
        """(n, size, size) float32, how much of each cell the masks number `part` cover, 0..1.

        A mask with any pixel covers something, however coarse the cells are.
        """
        height, width = self._image.element.shape
        atom = np.full((height, width), len(masks.member))  # the last one: background
        atom[self._image.silhouette] = masks.atom
        member = np.pad(masks.member[:, part].T, ((0, 0), (0, 1)))  # (n, A + 1) bool
        table = torch.from_numpy(member).to(self._device, torch.float32)
        dense = table.index_select(1, torch.from_numpy(atom.ravel()).to(self._device))
        dense = dense.unflatten(1, (height, width))
        return self._resize(dense, size, triangle)

    def _resize(self, crops: torch.Tensor, size: int, kernel: Kernel) -> torch.Tensor:
        """(n, size, size) of the square in which `crops` (n, h, w) lie and all else is 0."""
        weights = resampling(self._framing.side, size, kernel).to(self._device)  # (size, side)
        height, width = crops.shape[1:]
        rows = weights[:, self._framing.top :][:, :height]
        columns = weights[:, self._framing.left :][:, :width]
        return rows @ crops @ columns.T


def triangle(distance: np.ndarray) -> np.ndarray:
    """Bilinear interpolation's weight at a distance in pixels."""
    return np.maximum(0, 1 - distance)


def cubic(distance: np.ndarray) -> np.ndarray:
    """Bicubic interpolation's weight at a distance in pixels: Keys' kernel with a = -1/2."""
    near = np.polyval((1.5, -2.5, 0, 1), distance)
    far = np.polyval((-0.5, 2.5, -4, 2), distance)
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


def resampling(side: int, size: int, kernel: Kernel) -> torch.Tensor:
    """(size, side) float32: row i has the weights of the `side` pixels in resized pixel i.

    Where the image shrinks the kernel is widened by as much (antialiasing).
    """
    ratio = side / size
    centers = (np.arange(size) + 0.5) * ratio
    distance = np.abs(np.arange(side) + 0.5 - centers[:, None]) / max(ratio, 1.0)
    weights = kernel(distance)
    return torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
