# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage is given: images, settings, the three seams, and a way to report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from ..errors import CancelledError
from ..job.arrays import load_arrays, making_sense
from ..job.capture_files import CaptureFiles
from ..job.choices import uses_sight
from ..job.label_files import LabelFiles
from ..job.spec import ParsingSettings, Part
from .images import Images
from .registry import make_encoder, make_proposer, make_tracker, text_side
from .seams import Context, MaskEncoder, Proposer, TextSide, Tracker
from .sight.sightings import Sightings, has_sightings, load_sightings

Item = TypeVar("Item")


class Run:
    """One pass of the pipeline over a job folder. Models are made when first needed."""

    def __init__(
        self,
        job: Path,
        settings: ParsingSettings,
        parts: Sequence[Part],
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        on_warning: Callable[[str], None] = lambda message: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self.job = Path(job)
        self.settings = settings
        self.parts = tuple(parts)
        self.images = Images(CaptureFiles(self.job / "capture"), settings.travel)
        self.labels = LabelFiles(self.job)
        self.warn = on_warning
        self._on_progress = on_progress
        self._is_cancelled = is_cancelled

    def folder(self, stage: str) -> Path:
        return self.job / stage

    @property
    def _context(self) -> Context:
        looked = uses_sight(self.settings) and has_sightings(self.folder("sight"))
        return Context(
            self.images,
            self.settings,
            self.check_cancelled,
            self._sightings if looked else None,
        )

    def _sightings(self, frame: int) -> Sightings:
        elements = self.images.manifest.elements_at(frame)
        return load_sightings(self.folder("sight"), frame, elements)

    @cached_property
    def proposer(self) -> Proposer:
        return make_proposer(self._context)

    @cached_property
    def tracker(self) -> Tracker:
        return make_tracker(self._context)

    @cached_property
    def encoder(self) -> MaskEncoder:
        return make_encoder(self._context)

    @cached_property
    def text_side(self) -> TextSide:
        path = self.folder("embeddings") / "text.npz"
        arrays = load_arrays(path)
        with making_sense(path):
            return text_side(self.settings, arrays)

    def check_cancelled(self) -> None:
        """Raises CancelledError when the user asked to stop."""
        if self._is_cancelled():
            raise CancelledError

    def progress(self, items: Sequence[Item] | Iterable[Item]) -> Iterator[Item]:
        """`items` one by one, reporting each; raises CancelledError between them when asked to."""
        items = list(items)
        for done, item in enumerate(items):
            self.check_cancelled()
            self._on_progress(done, len(items))
            yield item
        self._on_progress(len(items), len(items))
