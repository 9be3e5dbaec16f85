# SPDX-License-Identifier: GPL-3.0-or-later
"""What the published methods we compare with have in common here.

Each is run as a *method*: its own way from masks and words to labels, on the proposer and mask
encoder of one of our presets, on the same captured views and with the same words as the others.
What differs in a table is then the method and not the weights it was published with. They read
every view of every frame, and keep no more than one frame in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from core.errors import Parts4DError
from core.job.capture_files import Facts, ViewImage
from core.job.choices import needs_torch, uses_sight
from core.job.folder import JobFolder
from core.job.presets import require_models, settings_of
from core.job.spec import ParsingSettings
from core.job.stage_marks import StageStore
from core.parsing.body.sides import element_sides
from core.parsing.images import Images
from core.parsing.masks import MaskSet
from core.parsing.registry import make_encoder, make_proposer
from core.parsing.seams import Context, MaskEncoder, Proposer

from ..captured import CapturedCase
from ..shared_sight import shared_sightings
from ..vocabularies import Vocabulary
from . import Labelling
from .words import Words

SEAMS = ("proposer", "encoder")


@dataclass(frozen=True)
class SeenView:
    """One image with its masks."""

    image: ViewImage
    masks: MaskSet
    embedding: np.ndarray  # (n, D) float32 unit rows, one for each region the method embeds

    @property
    def element(self) -> np.ndarray:
        """(P,) int32, the element at each silhouette pixel."""
        return self.image.element[self.image.silhouette]


@dataclass(frozen=True)
class SeenFrame:
    """All views of a frame."""

    facts: Facts
    views: tuple[SeenView, ...]

    def seen(self) -> np.ndarray:
        """(E,) bool, elements that any view shows."""
        seen = np.zeros(self.facts.count, bool)
        for view in self.views:
            seen[view.element] = True
        return seen


Solved = tuple[np.ndarray, np.ndarray]  # thing (E,) int, -1 = none; from evidence (E,) bool
Solver = Callable[[SeenFrame], Solved]  # called frame after frame


@dataclass(frozen=True)
class Peer:
    """A published method. Implements `Method`."""

    name: str
    title: str
    start: Callable[[Words], Solver]  # for one vocabulary
    cleaned: Callable[[MaskSet], MaskSet]  # which proposals of an image it goes on with
    embedded: Callable[[MaskSet], MaskSet] = lambda masks: masks  # and what of them is embedded
    preset: str = "embedded"  # whose proposer and encoder it runs on

    def unavailable(self) -> str:
        """Why its models cannot run here; "" when they can."""
        settings = settings_of(self.preset)
        try:
            require_models(settings, SEAMS)
        except Parts4DError as error:
            return str(error)
        if needs_torch(settings, SEAMS) and find_spec("torch") is None:
            return f"The models of '{self.preset}' need PyTorch, which this Python does not have."
        return ""

    def label(
        self, captured: CapturedCase, vocabularies: Sequence[Vocabulary], scratch: Path
    ) -> dict[str, Labelling]:
        """Labels by vocabulary name; the seconds of what vocabularies share are in each of them."""
        shared = Clock()
        with shared("models"):
            seams = Seams(captured, settings_of(self.preset))
            words = {v.name: Words(seams.encoder.text, v.parts) for v in vocabularies}
        shared.seconds |= seams.seconds_before
        solvers = {
            name: self.start(w) if w.count else _leave_unlabelled for name, w in words.items()
        }
        clocks = {name: Clock() for name in words}
        label: dict[str, dict[int, np.ndarray]] = {name: {} for name in words}
        evidenced: dict[str, dict[int, np.ndarray]] = {name: {} for name in words}
        for frame in captured.frames:
            seen = self._look(seams, frame, shared)
            side = element_sides(seams.images, frame)
            for name, solver in solvers.items():
                with clocks[name]("labels"):
                    thing, evidenced[name][frame] = solver(seen)
                    label[name][frame] = words[name].parts_of(thing, side)
        peak = peak_gb()
        return {
            name: Labelling(
                label[name], evidenced[name], shared.seconds | clocks[name].seconds, peak
            )
            for name in words
        }

    def _look(self, seams: Seams, frame: int, clock: Clock) -> SeenFrame:
        views = []
        for view in range(seams.images.view_count):
            with clock("proposals"):
                image = seams.images.image(frame, view)
                masks = self.cleaned(seams.proposer.propose(image, frame))
            with clock("embeddings"):
                embedding = seams.encoder.encode(image, self.embedded(masks), frame)
            views.append(SeenView(image, masks, embedding))
        return SeenFrame(seams.images.facts(frame), tuple(views))


class Seams:
    """The proposer and the mask encoder of some settings, on the images of a case."""

    def __init__(self, captured: CapturedCase, settings: ParsingSettings) -> None:
        self.images = Images(captured.files)
        sightings = shared_sightings(captured) if uses_sight(settings) else None
        self._context = Context(self.images, settings, sightings=sightings)
        known = StageStore(JobFolder(captured.job)).seconds() if sightings else {}
        self.seconds_before = {stage: s for stage, s in known.items() if stage == "sight"}

    @cached_property
    def proposer(self) -> Proposer:
        return make_proposer(self._context)

    @cached_property
    def encoder(self) -> MaskEncoder:
        return make_encoder(self._context)


class Clock:
    """Seconds spent in each of several stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - started


def between(masks: MaskSet, pixels: int, share: float) -> MaskSet:
    """The masks larger than `pixels` and smaller than `share` of the silhouette."""
    areas = masks.areas()
    return masks.select((areas > pixels) & (areas < share * len(masks.atom)))


def nearest_labelled(thing: np.ndarray, facts: Facts) -> np.ndarray:
    """`thing` (E,) int, where it is -1 that of the labelled element nearest in space."""
    known, missing = np.flatnonzero(thing >= 0), np.flatnonzero(thing < 0)
    if not len(known) or not len(missing):
        return thing
    _, nearest = cKDTree(facts.centroid[known]).query(facts.centroid[missing])
    filled = thing.copy()
    filled[missing] = thing[known[nearest]]
    return filled


def peak_gb() -> float:
    """Largest memory this process has had, in GiB; nan where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (2**30 if sys.platform == "darwin" else 2**20)


def _leave_unlabelled(frame: SeenFrame) -> Solved:
    """Of words that the encoder does not know."""
    return np.full(frame.facts.count, -1), np.zeros(frame.facts.count, bool)
