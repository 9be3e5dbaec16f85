# SPDX-License-Identifier: GPL-3.0-or-later
"""An encoder as docs/adding-an-encoder.md says: a module of its own and the row at its end.

It knows four colours by name and calls a mask what its mean colour is nearest to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.job.capture_files import ViewImage
from core.job.implementations import Implementation
from core.job.spec import ParsingSettings
from core.parsing.masks import MaskSet
from core.parsing.seams import Context

COLORS = {
    "pink": (230, 190, 160),
    "blue": (40, 80, 200),
    "grey": (60, 60, 60),
    "brown": (150, 90, 30),
}
SHARPNESS = 30.0


class ColorText:
    """`TextSide`: a word is the unit vector of its colour."""

    logit_scale = SHARPNESS

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        axes = np.eye(len(COLORS) + 1, dtype=np.float32)
        rows = [
            next((axes[k] for k, c in enumerate(COLORS) if c in words), 0 * axes[0])
            for words in names
        ]
        return np.stack(rows), np.arange(len(names), dtype=np.int32)

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        return np.zeros(len(names), np.int8)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """What is of none of the colours."""
        return np.eye(len(COLORS) + 1, dtype=np.float32)[-1:], np.array([True])

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        return {words[0]: tuple(COLORS) for words in names if not set(words) & set(COLORS)}

    def guessed(self, names: Sequence[Sequence[str]]) -> Sequence[str]:
        return ()

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {"colors": np.array(list(COLORS.values()))}


class ColorEncoder:
    """`MaskEncoder`: how near the pixels of a mask are to each colour, as a unit vector."""

    text = ColorText()

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        known = np.array(list(COLORS.values()), float)
        color = image.color[image.silhouette].astype(float)  # (P, 3)
        distance = np.linalg.norm(color[:, None] - known, axis=2) / 50  # (P, 4)
        near = np.concatenate([np.exp(-distance), np.full((len(color), 1), 0.1)], axis=1)
        means = np.stack([near[pixels].mean(axis=0) for pixels in masks.pixels()])
        return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def make_color_encoder(context: Context) -> ColorEncoder:
    return ColorEncoder()


def color_text(settings: ParsingSettings, arrays: Mapping[str, np.ndarray]) -> ColorText:
    assert len(arrays["colors"]) == len(COLORS)
    return ColorText()


ROW = Implementation(
    "encoder",
    "colors",
    "Colours",
    "the mean colour of a mask",
    f"{__name__}:make_color_encoder",
    text=f"{__name__}:color_text",
)
