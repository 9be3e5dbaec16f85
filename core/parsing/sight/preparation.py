# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vision model is given of a view. Training calls the same functions.

A character is shown at one size, whatever the resolution it was captured at: the larger side of
its silhouette's box has `height` pixels. Colour, normal and coverage are averaged over area, and
those of the silhouette's rim only over the part inside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...job.boxes import Box, box_around

CHANNELS = 7  # colour 0-2, normal 3-5, coverage 6
MULTIPLE = 32  # of both sides of the input
BORDER = 8  # pixels of background on every side, at least
AROUND = 20  # input pixels that are shown around a part
LARGEST_SCALE = 2.0  # a tiny picture gains nothing by more
STRIDE = 2  # input pixels to one of the output's

_EMPTY = 1e-6  # coverage below which a pixel is background


@dataclass(frozen=True)
class Placement:
    """Where a box of a view, mostly its silhouette's, lies in the network's input."""

    box: Box
    size: tuple[int, int]  # (h, w) pixels of the box in the input
    corner: tuple[int, int]  # (row, column) of its top-left pixel in the input

    def output_pixels(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Where pixels of the view lie in the output: (2, P) float32 rows and columns.

        In units of the output's pixels, whose centres are whole numbers. `rows` and `columns`
        (P,) are those of the view.
        """
        points = np.stack([rows, columns]).astype(np.float32)
        for axis in range(2):
            low, high = self.box[axis], self.box[axis + 2]
            scale = self.size[axis] / (high - low)
            place = (points[axis] - low + 0.5) * scale + self.corner[axis]
            points[axis] = place / STRIDE - 0.5
        return points


def prepare(
    color: np.ndarray, normal_camera: np.ndarray, silhouette: np.ndarray, height: int
) -> tuple[np.ndarray, Placement]:
    """(7, H, W) float32 input of the network, H and W multiples of 32, and where the view is in it.

    `color` (h, w, 3) uint8 sRGB; `normal_camera` (h, w, 3) float32 unit normals with OpenCV's axes
    (x right, y down, z forward); `silhouette` (h, w) bool; `height` in pixels, of the larger side
    of the silhouette's box. Channels 0-2 are colour - 0.5, 3-5 the normal, 6 the share of the pixel
    inside the silhouette. Outside, all are 0.

    Raises ValueError for an empty silhouette.
    """
    box = box_around(silhouette)
    top, left, bottom, right = box
    size = scaled_size(bottom - top, right - left, height)
    shape = [-(-(side + 2 * BORDER) // MULTIPLE) * MULTIPLE for side in size]
    corner = ((shape[0] - size[0]) // 2, (shape[1] - size[1]) // 2)
    placement = Placement(box, size, corner)
    return _planes(color, normal_camera, silhouette, placement, shape), placement


def prepare_part(
    color: np.ndarray,
    normal_camera: np.ndarray,
    silhouette: np.ndarray,
    part: Box,
    scale: float,
) -> tuple[np.ndarray, Placement]:
    """The input for a closer look at the box `part` of a view, in `scale` input pixels to one.

    Some of what is around it is shown too. Otherwise as `prepare`. Raises ValueError where the
    part lies beside the silhouette's box.
    """
    around = box_around(silhouette)
    shape, box, size, corner = [], [0, 0, 0, 0], [], []
    for axis in range(2):
        low, high = part[axis] - AROUND / scale, part[axis + 2] + AROUND / scale
        side = -(-int((high - low) * scale) // MULTIPLE) * MULTIPLE
        low = (low + high - side / scale) / 2
        first, last = round(low), round(low + side / scale)
        begin, end = max(around[axis], first), min(around[axis + 2], last)
        if begin >= end:
            raise ValueError("the part lies beside the silhouette")
        place = round((begin - first) * scale)
        goes_on = end == last  # then it fills the input, whatever was rounded
        box[axis], box[axis + 2] = begin, end
        shape.append(side)
        size.append(side - place if goes_on else max(1, round((end - begin) * scale)))
        corner.append(place)
    placement = Placement(
        (box[0], box[1], box[2], box[3]), (size[0], size[1]), (corner[0], corner[1])
    )
    return _planes(color, normal_camera, silhouette, placement, shape), placement


def _planes(
    color: np.ndarray,
    normal_camera: np.ndarray,
    silhouette: np.ndarray,
    placement: Placement,
    shape: Sequence[int],
) -> np.ndarray:
    """(7, *shape) float32: the box of the placement where it says, zeros around it."""
    top, left, bottom, right = placement.box
    shown = (slice(top, bottom), slice(left, right))
    channels = scaled_channels(
        color[shown], normal_camera[shown], silhouette[shown], placement.size
    )
    (row, column), (rows, columns) = placement.corner, placement.size
    planes = np.zeros((CHANNELS, *shape), np.float32)
    planes[:, row : row + rows, column : column + columns] = np.moveaxis(channels, 2, 0)
    return planes


def scaled_channels(
    color: np.ndarray, normal_camera: np.ndarray, inside: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """(*size, 7) float32: the channels of the input for a picture of another size.

    Arguments as those of `prepare`, cut to the same window.
    """
    packed = np.empty((*inside.shape, CHANNELS), np.float32)
    np.multiply(color, np.float32(1 / 255), out=packed[..., :3])
    packed[..., :3] -= 0.5
    packed[..., 3:6] = normal_camera
    packed[..., 6] = 1.0
    packed *= inside[..., None]
    channels = _scale(packed, size)
    coverage = channels[..., 6:]
    shown = coverage > _EMPTY
    channels[..., :6] /= np.where(shown, coverage, 1.0)
    length = np.sqrt(np.einsum("hwc,hwc->hw", channels[..., 3:6], channels[..., 3:6]))
    channels[..., 3:6] /= np.maximum(length, _EMPTY)[..., None]
    return np.where(shown, channels, np.float32(0))


def camera_normals(normal: np.ndarray, world_to_camera: np.ndarray) -> np.ndarray:
    """(h, w, 3) float32 unit normals along the camera's axes.

    `normal` (h, w, 3) int8 in world space, times 127, as captured; `world_to_camera` (4, 4).
    A zero normal stays zero.
    """
    rotation = (world_to_camera[:3, :3] / 127.0).astype(np.float32)
    turned = cv2.transform(normal.astype(np.float32), rotation)
    length = np.sqrt(np.einsum("hwc,hwc->hw", turned, turned))
    turned /= np.maximum(length, _EMPTY)[..., None]
    return np.asarray(turned)


def scaled_size(rows: int, columns: int, height: int) -> tuple[int, int]:
    """(h, w) of a box at the size the network was trained for; never enlarged more than twice."""
    scale = min(height / max(rows, columns), LARGEST_SCALE)
    return max(1, round(rows * scale)), max(1, round(columns * scale))


def _scale(packed: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(h, w, 7) float32, averaged over area."""
    if packed.shape[:2] == size:
        return packed
    shrinks = size[0] <= packed.shape[0] and size[1] <= packed.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    # OpenCV takes four channels at once.
    halves = (packed[..., :4], packed[..., 4:])
    scaled = [cv2.resize(np.ascontiguousarray(h), size[::-1], interpolation=how) for h in halves]
    return np.concatenate(scaled, axis=2)
