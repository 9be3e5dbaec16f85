# SPDX-License-Identifier: GPL-3.0-or-later
"""The three seams of the pipeline: protocols only.

Implementations are chosen by name in the job spec (`registry.py`): real models, the embedded
default, and the tests' doubles all stand behind these protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..job.capture_files import ViewImage
from ..job.spec import ParsingSettings
from .images import Images, Progress
from .masks import MaskSet
from .sight.sightings import Sightings


@dataclass(frozen=True)
class Context:
    """What an implementation of a seam is made with."""

    images: Images
    settings: ParsingSettings
    pulse: Callable[[], None] = lambda: None  # raises CancelledError after Cancel; call it often
    sightings: Callable[[int], Sightings] | None = None  # of a frame; None: nothing was looked at


class Proposer(Protocol):
    """Class-agnostic 2D masks of one image (eq. 2)."""

    def propose(self, image: ViewImage, frame: int) -> MaskSet: ...


class Masklets(Protocol):
    """Proposals followed through the images (eq. 3); extended by mask validation."""

    @property
    def count(self) -> int:
        """Number of masklets."""
        ...

    def masks(self, frame: int, view: int, element_map: np.ndarray) -> MaskSet:
        """The masks of one image, one for each masklet that is visible in it."""
        ...

    def extend(
        self, frame: int, view: int, element_map: np.ndarray, components: list[np.ndarray]
    ) -> int:
        """Add validation masks (h, w) bool of one image as new masklets; returns how many.

        Images are visited in the order of `Images.order`, `masks` before `extend`; the new masklets
        are seen in the images that follow.
        """
        ...

    def save(self, folder: Path) -> list[Path]: ...


class Tracker(Protocol):
    """Follows the proposals of key images through all images."""

    def track(
        self, proposals: Mapping[tuple[int, int], MaskSet], progress: Progress
    ) -> Masklets: ...

    def load(self, folder: Path) -> Masklets:
        """The masklets that an earlier `Masklets.save` wrote."""
        ...


class TextSide(Protocol):
    """The word half of a mask encoder: all that a new vocabulary needs."""

    @property
    def logit_scale(self) -> float:
        """What cosine similarities are multiplied by before the softmax."""
        ...

    def encode_text(self, names: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
        """The K parts, each a name followed by its synonyms, as C >= K embedded words.

        Returns (C, D) float32 unit rows and (C,) int32, the part each row is a word for. The best
        row of a part counts; a part that cannot be grounded has one zero row. Sides ("left") are
        left out of the words when `sides` tells them.
        """
        ...

    def sides(self, names: Sequence[Sequence[str]]) -> np.ndarray:
        """(K,) int8, the side that must be taken from the body: 0 none, 1 left, 2 right.

        An encoder that knows left from right itself answers 0 throughout.
        """
        ...

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        """Hidden words: (H, D) float32 unit rows and (H,) bool, which of them vote.

        A distractor that votes makes elements unlabelled ("something else"); one that does not
        only takes probability from masks that mix several things ("the whole body").
        """
        ...

    def unknown(self, names: Sequence[Sequence[str]]) -> Mapping[str, tuple[str, ...]]:
        """Names it cannot ground, each with known words that are spelt alike."""
        ...

    def guessed(self, names: Sequence[Sequence[str]]) -> Sequence[str]:
        """Names it can ground, but only by a guess the user should know of."""
        ...

    def to_arrays(self) -> dict[str, np.ndarray]: ...


class MaskEncoder(Protocol):
    """Embeds masks in the space of its words."""

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        """(N, D) float32 unit rows, one for each mask of one image."""
        ...

    @property
    def text(self) -> TextSide: ...
