# SPDX-License-Identifier: GPL-3.0-or-later
"""From the channels of a render to the numbers and files of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...label_images.cryptomatte import read_ranks, renamed, write_cryptomatte
from ...label_images.exr_writing import write_exr
from ...label_images.png import voc_palette, write_grey_png, write_palette_png
from ...label_images.request import BACKGROUND, UNLABELLED, PartId
from .label_shaders import AOV
from .marks import Marks
from .matte_materials import MatteMaterials

Channels = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class LabelImage:
    """What each pixel shows."""

    part: np.ndarray  # (H, W) uint16: id, 0 = background, 255 = a character, but no part
    instance: np.ndarray  # (H, W) uint16: 0 = none

    @property
    def pixels(self) -> tuple[tuple[int, int, int], ...]:
        """(instance, part id, count) of all that is in sight, in order."""
        both = self.instance.astype(np.int64) << 16 | self.part
        found, counts = np.unique(both[self.instance > 0], return_counts=True)
        pairs = zip(found.tolist(), counts.tolist(), strict=True)
        return tuple((both >> 16, both & 0xFFFF, count) for both, count in pairs)


def label_image(channels: Channels, layer: str, marks: Marks) -> LabelImage:
    """The labels in a render of the exact scene."""
    number, instancer, character = (
        np.rint(channels[f"{layer}.{AOV}.{letter}"]).astype(np.int32) for letter in "RGB"
    )
    instance = marks.numbers[instancer, character]
    # An instancer without a number of its own, as geometry nodes are, shows the character itself.
    instance = np.where(instance > 0, instance, marks.numbers[0, character])
    part = np.where(number > 0, number, UNLABELLED)
    part = np.where(character > 0, part, BACKGROUND)
    return LabelImage(part.astype(np.uint16), instance.astype(np.uint16))


def write_parts(path: Path, image: LabelImage, parts: Sequence[PartId], highest: int) -> None:
    """A palette picture, or a grey one where ids go above 255.

    `highest` is of the whole sequence, whose images are then all of one kind.
    """
    if highest > 255:
        write_grey_png(path, image.part)
        return
    write_palette_png(path, image.part, part_palette(parts))


def part_palette(parts: Sequence[PartId]) -> np.ndarray:
    """(256, 3) uint8 sRGB: the parts' own colours, those of PASCAL VOC for all other ids."""
    palette = voc_palette()
    for part in parts:
        if part.color is not None and part.id < len(palette):
            palette[part.id] = np.rint(np.array(part.color) * 255)
    return palette


def write_instances(path: Path, image: LabelImage) -> None:
    """The numbers as 16-bit grey."""
    write_grey_png(path, image.instance)


def write_depth(path: Path, channels: Channels, layer: str) -> None:
    """Channel Z: distance along the view axis; 1e10 where nothing is."""
    write_exr(path, {"Z": channels[f"{layer}.Depth.Z"]})


def write_normal(path: Path, channels: Channels, layer: str) -> None:
    """Channels X, Y, Z: unit vectors in world space; 0 where nothing is."""
    write_exr(path, {k: channels[f"{layer}.Normal.{k}"] for k in "XYZ"})


def write_flow(path: Path, channels: Channels, layer: str) -> None:
    """Where each pixel was a frame ago and will be a frame on, in pixels to the right and down."""
    back_x, back_y, on_x, on_y = (channels[f"{layer}.Vector.{k}"] for k in "XYZW")
    write_exr(
        path,
        {"backward.X": back_x, "backward.Y": -back_y, "forward.X": -on_x, "forward.Y": on_y},
    )


WRITERS = {"depth": write_depth, "normal": write_normal, "flow": write_flow}


def write_matte(
    path: Path, channels: Channels, layer: str, materials: MatteMaterials, palette: np.ndarray
) -> None:
    """Cryptomatte of `character/part`; `palette` (256, 3) uint8 for the picture beside it."""
    coverage = read_ranks(channels, f"{layer}.CryptoMaterial", materials.materials)
    colors = (palette[np.array(materials.ids) % 256] / 255.0) ** 2.2
    write_cryptomatte(path, renamed(coverage, materials.target), materials.names, colors)
