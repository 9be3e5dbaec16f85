# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper doll with something that a vision model could have seen of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.quality.captured import CapturedCase
from core.job.folder import JobFolder
from core.job.presets import PRESETS
from core.job.stage_marks import StageStore, stage_keys
from core.parsing.sight.sightings import Sightings, save_sightings
from tests.unit.parsing.paper_doll import truth

SURFACES = ("skin", "t-shirt", "trousers", "bag")  # the doll's parts, in the order of its truth
REGIONS = ("head", "torso", "thigh", "none")


def seen(
    captured: CapturedCase, label: np.ndarray | None = None, sure: float = 0.9
) -> CapturedCase:
    """What is seen stands in the shared job: the parts `label` (E,), by default the doll's own, to
    a share of `sure`."""
    seen_in(captured.job, label, sure)
    return captured


def seen_in(path: Path, label: np.ndarray | None = None, sure: float = 0.9) -> None:
    """The same in a job folder."""
    label = truth() if label is None else label
    other = (1 - sure) / (len(SURFACES) - 1)
    surface = np.full((len(label), len(SURFACES)), other, np.float32)
    surface[np.arange(len(label)), label] = sure
    count = len(label)
    sightings = Sightings(
        surface,
        surface,
        np.zeros(count),
        np.full(count, 50, np.int32),
        np.full((count, 3), 128, np.uint8),
        SURFACES,
        REGIONS,
    )
    job = JobFolder.open(path)
    spec = replace(job.load_spec(), parsing=PRESETS["embedded"])
    key, store = stage_keys(spec, job.snapshot_hash(spec))["sight"], StageStore(job)
    store.prepare("sight", key)
    save_sightings(job.sight, sightings)
    (job.sight / "counts.json").write_text('{"views looked at": 8}')
    store.mark_done("sight", key, seconds=1.5)
