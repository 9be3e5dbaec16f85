# SPDX-License-Identifier: GPL-3.0-or-later
"""One parsed case whose masks are embedded and labelled again and again, with other numbers.

Images, masks, what was seen and what fills gaps do not depend on them and are read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.job.capture_files import ViewImage
from core.job.spec import ParsingSettings
from core.parsing.embedded.sight_encoder import SightMaskEncoder
from core.parsing.images import Images
from core.parsing.labelling.fusion import remember
from core.parsing.masks import MaskSet
from core.parsing.pipeline import element_count, nearest_of_all
from core.parsing.run import Run
from core.parsing.sight.looking import evenly
from core.parsing.stage_files import (
    FrameMasksBuilder,
    save_embeddings,
    save_frame_masks,
    save_nearest,
)

from .captured import CapturedCase
from .numbers_tried import Point, UsedWeights, constants_at, weights_at
from .relabel import relabel
from .scoring import Judge
from .shared_sight import shared_sightings
from .vocabularies import Vocabulary, vocabularies_for


@dataclass(frozen=True)
class FewFrames(CapturedCase):
    """Some frames of a case."""

    kept: tuple[int, ...] = ()

    @property
    def frames(self) -> tuple[int, ...]:
        return self.kept


def few_frames(captured: CapturedCase, count: int) -> FewFrames:
    """At most `count` frames, evenly spaced; neighbours where the topology changes."""
    frames = captured.frames
    kept = evenly(frames, count) if captured.constant_topology else frames[:count]
    return FewFrames(captured.case, captured.job, captured.names, captured.truth, tuple(kept))


class KeptImages(Images):
    """Images of some frames, all of them in memory."""

    def __init__(self, captured: FewFrames) -> None:
        super().__init__(captured.files)
        self._kept = captured.frames
        self.image = lru_cache(None)(super().image)  # type: ignore[method-assign]
        self.facts = lru_cache(None)(super().facts)  # type: ignore[method-assign]

    @property
    def frames(self) -> tuple[int, ...]:
        return self._kept


class EncoderTrial:
    """A case at points of the encoder's numbers. `job` is parsed up to the stage `validation`."""

    def __init__(self, captured: FewFrames, job: Path, settings: ParsingSettings) -> None:
        self.captured, self.job, self.settings = captured, job, settings
        self.images = KeptImages(captured)
        sightings = shared_sightings(captured)
        assert sightings is not None, "nothing was looked at"
        self._sightings_of = lru_cache(None)(sightings)
        self._judge = Judge(captured)

    @cached_property
    def vocabularies(self) -> Sequence[Vocabulary]:
        return vocabularies_for(self.captured.names, self.captured.present)

    def used_weights(self) -> frozenset[str]:
        """The mixing weights that this case depends on."""
        noted: Any = UsedWeights()
        self._encoder(noted)
        return frozenset(noted.used)

    def score(self, point: Point) -> float:
        """Mean IoU over the vocabularies."""
        with constants_at(point):
            encoder = self._encoder(weights_at(point))
            self._embed(encoder)
            scores = []
            for vocabulary in self.vocabularies:
                labelling = relabel(
                    self.job, self.settings, vocabulary.parts, self.images, encoder.text
                )
                scores.append(self._judge.score("trial", vocabulary, labelling).miou)
        return float(np.nanmean(scores))

    def _encoder(self, weights: Any) -> SightMaskEncoder:
        return SightMaskEncoder(self.images, self.settings.evidence, self._sightings_of, weights)

    def _embed(self, encoder: SightMaskEncoder) -> None:
        """What the stage `embeddings` does, for the frames of the trial."""
        embeddings = {
            frame: np.concatenate([encoder.encode(i, m, frame) for i, m in self._masks[frame]])
            for frame in self.images.frames
        }
        remember(embeddings, self._owners, self.settings.memory_scale)
        for frame, rows in embeddings.items():
            save_embeddings(self.job / "embeddings", frame, rows)

    @cached_property
    def _masks(self) -> dict[int, list[tuple[ViewImage, MaskSet]]]:
        """Frame -> (image, masks) of every view."""
        run = Run(self.job, self.settings, ())
        masklets = run.tracker.load(run.folder("validation"))
        found = {}
        for frame in self.images.frames:
            images = [self.images.image(frame, view) for view in range(self.images.view_count)]
            found[frame] = [
                (image, masklets.masks(frame, view, image.element))
                for view, image in enumerate(images)
            ]
        return found

    @cached_property
    def _owners(self) -> dict[int, np.ndarray]:
        """Frame -> masklet of each mask; M and what fills gaps are left in the job."""
        run: Any = Run(self.job, self.settings, ())
        run.images = self.images
        folder = run.folder("embeddings")
        folder.mkdir(exist_ok=True)
        owners, seen = {}, {}
        for frame, masks in self._masks.items():
            builder = FrameMasksBuilder(element_count(run, frame))
            for image, found in masks:
                builder.add(image.element, found)
            frame_masks = builder.build()
            save_frame_masks(folder, frame, frame_masks)
            owners[frame], seen[frame] = frame_masks.masklet, frame_masks.incidence.seen()
        save_nearest(folder, nearest_of_all(run, seen))
        return owners
