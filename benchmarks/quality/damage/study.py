# SPDX-License-Identifier: GPL-3.0-or-later
"""Damages x rates x ways of fusing, on captured cases: curves of mean IoU."""

from __future__ import annotations

import multiprocessing
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InputError
from core.job.spec import ParsingSettings, Part
from core.parsing.images import Images
from core.parsing.labelling.fusion import remember
from core.parsing.masks import MaskSet
from core.parsing.pipeline import element_count, label_elements, nearest_of_all, validate_masklets
from core.parsing.run import Run
from core.parsing.stage_files import (
    FrameMasksBuilder,
    save_embeddings,
    save_frame_masks,
    save_nearest,
)
from core.parsing.tracking.pixel_masklets import ImageMasklets

from ..captured import CapturedCase
from ..metrics import confusion, joint_band, known_mean, scores
from ..records import Curve, DamageResults, write_record
from ..study import SIDE_BY_SIDE, machine
from ..vocabularies import FREE, is_joint_part, vocabularies_for
from .damages import DAMAGES, UNNAMED, ImageMasks, mirror
from .fusions import FUSIONS, Fusion
from .space import Space

RATES = (0.0, 0.2, 0.4, 0.6)
SEED = 7
MAX_FRAMES, MAX_VIEWS = 3, 4  # of a capture: more change the curves little
PIXELS = 256  # of an image's side; larger ones are looked at every so many pixels

Scored = dict[tuple[str, float, str], float]  # (damage, rate, fusion) -> mean IoU


def run_damage(
    captured: Sequence[CapturedCase],
    out: Path,
    rates: Sequence[float] = RATES,
    fusions: Sequence[Fusion] = FUSIONS,
    command: str = "",
) -> DamageResults:
    """The curves, also written to `out`/damage.json. Cases run side by side in processes.

    `rates` begin with 0. Cases whose topology changes are left out, and those without names to
    tell apart. Raises InputError when none is left.
    """
    usable = [c for c in captured if c.constant_topology and _names(c, c.truth[c.frames[0]])]
    if not usable:
        raise InputError("There is no case to damage", "Give characters of constant topology")
    tasks = [(replace(case), tuple(rates), tuple(fusions)) for case in usable]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(SIDE_BY_SIDE, mp_context=context) as pool:
        tables = list(pool.map(_damage_case, tasks))
    results = DamageResults(tuple(_curves(tables, rates, fusions)), machine(), command)
    write_record(out / "damage.json", results)
    return results


def damage_case(
    captured: CapturedCase, scratch: Path, rates: Sequence[float], fusions: Sequence[Fusion]
) -> Scored:
    """All mean IoU of one case; `scratch` is a folder that is overwritten."""
    trial = Trial(captured, scratch)
    found: Scored = {}
    whole = trial.score(trial.true_masks, fusions)
    for damage in (*DAMAGES, UNNAMED):
        found |= {(damage, rates[0], name): miou for name, miou in whole.items()}
        for rate in rates[1:]:
            if damage == UNNAMED:
                scored = trial.score(trial.true_masks, fusions, trial.unnamed(rate))
            else:
                scored = trial.score(trial.damage_masks(damage, rate), fusions)
            found |= {(damage, rate, name): miou for name, miou in scored.items()}
    return found


class FewImages(Images):
    """Some frames and views of a capture, at every so many pixels."""

    @cached_property
    def frames(self) -> tuple[int, ...]:  # type: ignore[override]  # read once, not each time
        return self.manifest.frames[:MAX_FRAMES]

    @property
    def view_count(self) -> int:
        return min(MAX_VIEWS, len(self.manifest.views))

    def element_map(self, frame: int, view: int) -> np.ndarray:
        every = len(self.manifest.views) // self.view_count
        step = max(1, max(self.manifest.resolution) // PIXELS)
        return super().element_map(frame, every * view)[::step, ::step]


class KeptLabels:
    """Stands where `LabelFiles` do: the labels of each frame stay in memory."""

    def __init__(self) -> None:
        self.label: dict[int, np.ndarray] = {}

    def write_frame(self, frame: int, label: np.ndarray, confidence: np.ndarray) -> None:
        self.label[frame] = label


class StillMasklets(ImageMasklets):
    """Masks that were carried through all images already; what is added stays in its image."""

    def __init__(self, images: Images) -> None:
        super().__init__(images.frames, images.view_count, self)

    def reach(self, key: tuple[int, int]) -> list:
        return []

    def begin(self, key: tuple[int, int], masks: MaskSet) -> None:
        pass

    def save(self, folder: Path) -> list[Path]:
        return []

    def load(self, folder: Path) -> StillMasklets:
        """Stands where the tracker does as well."""
        return self


@dataclass(frozen=True)
class Trial:
    """One case, with true masks that are damaged and fused again and again."""

    captured: CapturedCase
    scratch: Path

    @cached_property
    def images(self) -> FewImages:
        return FewImages(self.captured.files)

    @cached_property
    def space(self) -> Space:
        return Space(_names(self.captured, self.fine[self._seen.any(axis=0)]), self._seed)

    @cached_property
    def fine(self) -> np.ndarray:
        """(E,) int16, as the ground truth has it."""
        return self.captured.truth[self.images.frames[0]]

    @cached_property
    def truth(self) -> np.ndarray:
        """(E,) int, class of each element, -1 = unknown or never seen."""
        index = {name: k for k, name in enumerate(self.space.classes)}
        of_fine = [index.get(name, -1) for name in self.captured.names]
        return np.array([*of_fine, -1])[self.fine]  # -1 reads the last entry

    @cached_property
    def judged(self) -> Mapping[int, np.ndarray]:
        """Frame -> (E,) bool, as in `scoring`: seen, known, and not at a rig's joint."""
        fine = self.fine
        pairs = self.images.facts(self.images.frames[0]).neighbours
        pairs = pairs[(fine[pairs] >= 0).all(axis=1)]
        is_joint = np.array([is_joint_part(name) for name in self.captured.names])
        known = (self.truth >= 0) & ~joint_band(fine, is_joint, pairs)
        return dict(zip(self.images.frames, self._seen & known, strict=True))

    @cached_property
    def _seen(self) -> np.ndarray:
        """(F, E) bool, elements that the views of a frame show."""
        seen = np.zeros((len(self.images.frames), len(self.fine)), bool)
        for row, frame in zip(seen, self.images.frames, strict=True):
            for view in range(self.images.view_count):
                element_map = self.images.element_map(frame, view)
                row[element_map[element_map >= 0]] = True
        return seen

    @cached_property
    def true_masks(self) -> dict[tuple[int, int], ImageMasks]:
        """A mask for each class in each image; a masklet for each class."""
        classes = len(self.space.classes)
        mirrored = mirror(self.space.classes)
        lots = self._rng("lots").random(classes)
        found = {}
        for frame, view in self.images.order():
            element_map = self.images.element_map(frame, view)
            silhouette = element_map >= 0
            truth = self.truth[element_map[silhouette]]
            masks = truth == np.arange(classes)[:, None]
            shown = np.flatnonzero(masks.any(axis=1))
            noise = self._noise("truth", frame, view, classes)[shown]
            content = np.eye(classes, dtype=np.float32)[shown]
            found[frame, view] = ImageMasks(
                silhouette,
                truth,
                masks[shown],
                shown.astype(np.int32),
                content,
                noise,
                mirrored,
                lots,
            )
        return found

    def damage_masks(self, damage: str, rate: float) -> dict[tuple[int, int], ImageMasks]:
        """The masks of all images with one kind of damage."""
        return {
            key: DAMAGES[damage](image, rate, self._rng(damage, *key))
            for key, image in self.true_masks.items()
        }

    def unnamed(self, rate: float) -> frozenset[int]:
        """Classes that are not typed; at least one is."""
        order = self._rng(UNNAMED).permutation(len(self.space.classes))
        return frozenset(order[: min(round(rate * len(order)), len(order) - 1)].tolist())

    def score(
        self,
        images: Mapping[tuple[int, int], ImageMasks],
        fusions: Iterable[Fusion],
        unnamed: frozenset[int] = frozenset(),
    ) -> dict[str, float]:
        """Mean IoU of each way of fusing these masks."""
        typed = [k for k in range(len(self.space.classes)) if k not in unnamed]
        parts = tuple(Part(self.space.classes[k]) for k in typed)
        found = {}
        for validated in sorted({fusion.validated for fusion in fusions}):
            mine = [f for f in fusions if f.validated == validated]
            raw, masklets = self._embed(images, validated)
            for scale in sorted({_settings(f).memory_scale for f in mine}):
                embeddings = {frame: rows.copy() for frame, rows in raw.items()}
                remember(embeddings, masklets, scale)
                for frame, rows in embeddings.items():
                    save_embeddings(self.scratch / "embeddings", frame, rows)
                for fusion in mine:
                    if _settings(fusion).memory_scale == scale:
                        run = self._run(_settings(fusion), parts)
                        label_elements(run)
                        found[fusion.name] = self._mean_iou(run.labels.label, typed)
        return found

    def _embed(
        self, images: Mapping[tuple[int, int], ImageMasks], validated: bool
    ) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
        """Per frame, embeddings (L, D) before eq. 6 and masklets (L,); M is left in `scratch`."""
        masklets = StillMasklets(self.images)
        masklets.count = len(self.space.classes)
        for key, image in images.items():
            masklets.add(key, MaskSet.from_pixels(image.masks, image.masklet))
        run = self._run(ParsingSettings(minimum_area=self._minimum_area()), (Part("any"),))
        run.tracker = masklets
        if validated:
            validate_masklets(run)
        folder = run.folder("embeddings")
        folder.mkdir(exist_ok=True)
        raw, owners, seen = {}, {}, {}
        for frame in self.images.frames:
            builder = FrameMasksBuilder(element_count(run, frame))
            rows = []
            for view in range(self.images.view_count):
                element_map = self.images.element_map(frame, view)
                masks = masklets.masks(frame, view, element_map)
                rows.append(self._embeddings(images[frame, view], masks, frame, view))
                builder.add(element_map, masks)
            frame_masks = builder.build()
            save_frame_masks(folder, frame, frame_masks)
            raw[frame], owners[frame] = np.concatenate(rows), frame_masks.masklet
            seen[frame] = frame_masks.incidence.seen()
        save_nearest(folder, nearest_of_all(run, seen))
        return raw, owners

    def _embeddings(self, image: ImageMasks, masks: MaskSet, frame: int, view: int) -> np.ndarray:
        """(N, D): those of `image` first, in its order, then what validation found."""
        found = masks.pixels()[len(image.masks) :]
        content = np.concatenate([image.content, image.seen_content(found)])
        noise = [image.noise, self._noise("found", frame, view, len(found))]
        return self.space.embed(content, np.concatenate(noise))

    def _mean_iou(self, label: Mapping[int, np.ndarray], typed: Sequence[int]) -> float:
        """Over the typed classes; what is labelled on others counts against them."""
        area = self.images.facts(self.images.frames[0]).area.astype(np.float64)
        count = len(typed)
        of_class = np.full(len(self.space.classes), count)  # the last row: not typed
        of_class[list(typed)] = range(count)
        table = np.zeros((count + 1, count + 2))
        for frame, judged in self.judged.items():
            truth = of_class[self.truth[judged]]
            table += confusion(truth, label[frame][judged], area[judged], count + 1)
        kept = table.sum(axis=1) > 0
        kept[count] = False
        return scores(table, kept).mean_iou

    def _run(self, settings: ParsingSettings, parts: tuple[Part, ...]) -> Any:
        run: Any = Run(self.scratch, settings, parts)
        run.images, run.labels, run.text_side = self.images, KeptLabels(), self.space
        return run

    def _minimum_area(self) -> int:
        """The spec's pixels, which are of a view of 512 pixels, at this resolution."""
        shrunk = min(PIXELS, max(self.images.manifest.resolution)) / 512
        return round(ParsingSettings().minimum_area * shrunk**2)

    @property
    def _seed(self) -> int:
        return SEED + zlib.crc32(self.captured.case.name.encode())

    def _rng(self, purpose: str, *key: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(purpose.encode()), *key])

    def _noise(self, purpose: str, frame: int, view: int, count: int) -> np.ndarray:
        noise = self._rng(purpose, frame, view).normal(size=(count, self.space.dimensions))
        return (noise / np.linalg.norm(noise, axis=1, keepdims=True)).astype(np.float32)


def _damage_case(task: tuple[CapturedCase, tuple[float, ...], tuple[Fusion, ...]]) -> Scored:
    captured, rates, fusions = task
    with tempfile.TemporaryDirectory(prefix="parts4d-damage-") as scratch:
        return damage_case(captured, Path(scratch), rates, fusions)


def _curves(
    tables: Sequence[Scored], rates: Sequence[float], fusions: Sequence[Fusion]
) -> Iterator[Curve]:
    for damage in (*DAMAGES, UNNAMED):
        for fusion in fusions:
            points = [[t[damage, rate, fusion.name] for t in tables] for rate in rates]
            means = tuple(known_mean(values) for values in points)
            yield Curve(damage, fusion.name, tuple(rates), means, len(tables))


def _settings(fusion: Fusion) -> ParsingSettings:
    return replace(ParsingSettings(), **fusion.changes)


def _names(captured: CapturedCase, fine: np.ndarray) -> tuple[str, ...]:
    """The names of the vocabulary "free" for what has these fine classes (N,)."""
    present = {captured.names[i] for i in np.unique(fine) if i >= 0}
    found = vocabularies_for(captured.names, present)
    return next((v.classes for v in found if v.name == FREE), ())
