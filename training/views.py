# SPDX-License-Identifier: GPL-3.0-or-later
"""Rendered views for training and for judging: what is kept apart, and in what mixture."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import IterableDataset

from .augment import Augmentation, Sample, augmented
from .bank import NO_LABEL, SURFACES
from .shards import Shard, View, load_shard

SAMPLES = 2  # of a view that was drawn


def load_shards(folder: Path) -> list[Shard]:
    """All shards below `folder`, by name."""
    return [load_shard(path) for path in sorted(folder.rglob("*.npz"))]


def is_held_out(shard: Shard, people: Sequence[str], garments: Sequence[str], share: float) -> bool:
    """Whether a figure is kept from training.

    Those who are, or wear, something in the lists; of the others a `share`, drawn by name.
    """
    if shard.person in people or any(g in garments for g in shard.garments):
        return True
    digest = hashlib.sha256(shard.name.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def surface_frequency(shards: Sequence[Shard], views: int = 3) -> torch.Tensor:
    """(L,) float32 share of labelled pixels of each surface, in a few views of every figure."""
    counts = np.zeros(256, np.int64)
    for shard in shards:
        for view in shard.views[:views]:
            counts += np.bincount(view.surface.ravel(), minlength=256)
    counts[NO_LABEL] = 0
    known = counts[: len(SURFACES)].astype(np.float32)
    return torch.from_numpy(known / max(1.0, known.sum()))


class Mixture(IterableDataset):
    """Endless augmented samples; families are drawn by weight, then figures, then views."""

    def __init__(
        self,
        shards: Sequence[Shard],
        weights: Mapping[str, float],
        how: Augmentation,
        seed: int,
    ) -> None:
        """`weights` by family; a family without one counts 1."""
        families: dict[str, list[Shard]] = defaultdict(list)
        for shard in shards:
            if shard.views:
                families[shard.family].append(shard)
        self._families = [families[name] for name in sorted(families)]
        share = np.array([weights.get(name, 1.0) for name in sorted(families)], np.float64)
        self._share = share / share.sum()
        self._how, self._seed = how, seed

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng((self._seed, info.id if info else 0))
        while True:
            for sample in augmented(self._view(rng), self._how, rng, SAMPLES):
                yield as_arrays(sample)

    def _view(self, rng: np.random.Generator) -> View:
        family = self._families[rng.choice(len(self._families), p=self._share)]
        views = family[rng.integers(len(family))].views
        return views[int(rng.integers(len(views)))]


def as_arrays(sample: Sample) -> tuple[np.ndarray, ...]:
    """(image, surface, zone, boundary, ways), labels as int64."""
    labels = (t.astype(np.int64) for t in (sample.surface, sample.zone, sample.boundary))
    return (np.ascontiguousarray(sample.image), *labels, np.ascontiguousarray(sample.ways))
