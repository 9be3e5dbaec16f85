# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames whose topology changes share what was seen with those before and after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.job.capture_files import Facts
from core.parsing.sight.over_time import PooledInTime, on_unlooked
from core.parsing.sight.sightings import Sightings

from ..seen_doll import SURFACES, sightings_of

FRAMES = tuple(range(1, 11))
COUNT = 900


def moving_sheet(frame: int) -> Facts:
    """A sheet a metre high that drifts, its elements scattered anew in every frame."""
    rng = np.random.default_rng(frame)
    x, z = rng.random((2, COUNT))
    centroid = np.stack([x + 0.004 * frame, np.zeros(COUNT), z], axis=1).astype(np.float32)
    none = np.full(COUNT, -1, np.int32)
    area = np.full(COUNT, 1 / COUNT, np.float32)
    return Facts(none, none, none, none, none, area, centroid, np.zeros((0, 2), np.int32))


def shirt_and_trousers(frame: int) -> np.ndarray:
    """(E,) the truth: a shirt above half a metre."""
    above = moving_sheet(frame).centroid[:, 2] > 0.5
    return np.where(above, SURFACES.index("shirt"), SURFACES.index("trousers"))


def noisy_look(frame: int) -> Sightings:
    """Every fifth element is mistaken, in doubt."""
    rng = np.random.default_rng(100 + frame)
    names = np.array(SURFACES)[shirt_and_trousers(frame)]
    mistaken = rng.random(COUNT) < 0.2
    shares = [
        {n: 0.35, "dress": 0.45} if m else {n: 0.7} for n, m in zip(names, mistaken, strict=True)
    ]
    return sightings_of(shares, ["torso"] * COUNT)


def right(sightings: Sightings, frame: int) -> float:
    return float((sightings.surface.argmax(axis=1) == shirt_and_trousers(frame)).mean())


def test_doubtful_mistakes_are_outvoted_by_near_elements_and_frames() -> None:
    pooled = PooledInTime(noisy_look, moving_sheet, FRAMES)
    alone = [right(noisy_look(f), f) for f in FRAMES]
    together = [right(pooled(f), f) for f in FRAMES]
    assert max(alone) < 0.85
    assert min(together) > 0.96


def test_one_frame_in_doubt_does_not_flicker() -> None:
    def looks(frame: int) -> Sightings:
        shares = {"shirt": 0.4, "dress": 0.5} if frame == 5 else {"shirt": 0.7, "dress": 0.2}
        return sightings_of([shares] * COUNT, ["torso"] * COUNT)

    pooled = PooledInTime(looks, moving_sheet, FRAMES)
    seen = [pooled(f).surface.argmax(axis=1) for f in FRAMES]
    assert np.mean(np.stack(seen) == SURFACES.index("shirt")) > 0.99


def test_a_small_thing_that_is_surely_seen_is_not_outvoted_by_what_surrounds_it() -> None:
    def looks(frame: int) -> Sightings:
        near = np.linalg.norm(moving_sheet(frame).centroid - (0.5, 0, 0.5), axis=1)
        shares = [{"eye": 0.95} if d < 0.03 else {"skin": 0.95} for d in near]
        return sightings_of(shares, ["head"] * COUNT)

    pooled = PooledInTime(looks, moving_sheet, FRAMES)
    eyes = looks(5).surface.argmax(axis=1) == SURFACES.index("eye")
    assert eyes.sum() >= 2
    assert np.array_equal(pooled(5).surface.argmax(axis=1) == SURFACES.index("eye"), eyes)


def test_what_is_far_apart_is_not_mixed() -> None:
    pooled = PooledInTime(noisy_look, moving_sheet, FRAMES)
    height = moving_sheet(5).centroid[:, 2]
    trousers = pooled(5).surface[:, SURFACES.index("trousers")]
    shirt = sightings_of([{"dress": 0.7}], ["torso"]).surface[0, 0]
    assert np.abs(trousers[height > 0.55] - shirt).max() < 0.01


def test_frames_without_elements_and_elements_not_looked_at_are_no_trouble() -> None:
    def facts(frame: int) -> Facts:
        return moving_sheet(frame) if frame != 2 else nothing

    nothing = Facts(*(np.zeros(0, np.int32),) * 5, np.zeros(0, np.float32),
                    np.zeros((0, 3), np.float32), np.zeros((0, 2), np.int32))  # fmt: skip

    def looks(frame: int) -> Sightings:
        return sightings_of([], []) if frame == 2 else sightings_of([{}] * COUNT, ["torso"] * COUNT)

    pooled = PooledInTime(looks, facts, (1, 2, 3))
    assert [pooled(f).count for f in (1, 2, 3)] == [COUNT, 0, COUNT]
    assert not pooled(1).surface.any()
    with pytest.raises(ValueError):
        pooled(7)


def test_unlooked_elements_take_the_look_of_the_nearest_along_the_surface() -> None:
    facts = replace(
        moving_sheet(1), neighbours=np.stack([np.arange(COUNT - 1), np.arange(1, COUNT)], axis=1)
    )
    names: list[dict[str, float]] = [{}] * COUNT
    names[0], names[-1] = {"hat": 1.0}, {"shoe": 1.0}
    seen = on_unlooked(sightings_of(names, ["head"] * COUNT), facts)
    best = seen.surface.argmax(axis=1)
    assert best[1] == SURFACES.index("hat") and best[-2] == SURFACES.index("shoe")
    assert not seen.pixels[1]
