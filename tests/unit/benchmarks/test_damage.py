# SPDX-License-Identifier: GPL-3.0-or-later
"""Controlled failures: each does what it says, at the rate it is given, and the study adds up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.damage.damages import (
    DAMAGES,
    DRIFT,
    UNNAMED,
    ImageMasks,
    ambiguous,
    drifting,
    dropped,
    merged,
    mirror,
    missed,
    sides_exchanged_by_encoder,
    sides_exchanged_by_tracker,
    uninformative,
)
from benchmarks.quality.damage.fusions import FUSIONS, Fusion
from benchmarks.quality.damage.space import COMMON, CONTENT, Space
from benchmarks.quality.damage.study import Trial, run_damage
from benchmarks.quality.records import DamageResults, read_record
from core.errors import InputError
from core.parsing.vectors import unit_rows
from tests.unit.benchmarks.doll_case import doll

CLASSES = ("head", "left arm", "right arm", "shirt")
DEFAULT = FUSIONS[0]


def four_stripes(seed: int = 0) -> ImageMasks:
    """A silhouette of 20 x 80 pixels, a stripe of 20 columns for each class."""
    silhouette = np.pad(np.ones((20, 80), bool), 5)
    truth = np.tile(np.repeat(np.arange(4), 20), 20)
    rng = np.random.default_rng(seed)
    return ImageMasks(
        silhouette,
        truth,
        truth == np.arange(4)[:, None],
        np.arange(4, dtype=np.int32),
        np.eye(4, dtype=np.float32),
        unit_rows(rng.normal(size=(4, 64))).astype(np.float32),
        mirror(CLASSES),
        np.array([0.1, 0.4, 0.7, 0.95]),
    )


def lot(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", DAMAGES)
def test_at_rate_zero_nothing_is_damaged_and_the_image_itself_never_is(name: str) -> None:
    image, untouched = four_stripes(), four_stripes()
    after = DAMAGES[name](image, 0.0, lot())
    for field in ("masks", "masklet", "content", "noise"):
        np.testing.assert_array_equal(getattr(after, field), getattr(untouched, field))
    DAMAGES[name](image, 0.9, lot())
    for field in ("masks", "masklet", "content"):
        np.testing.assert_array_equal(getattr(image, field), getattr(untouched, field))


@pytest.mark.parametrize("damage", [dropped, merged, ambiguous, uninformative])
def test_what_fails_at_a_rate_also_fails_at_higher_ones_and_as_often_as_it_says(damage) -> None:
    failed = dict.fromkeys((0.2, 0.6), 0)
    for seed in range(150):
        broken = {}
        for rate in failed:
            after = damage(four_stripes(), rate, lot(seed))
            alike = {
                k
                for k, masklet in enumerate(after.masklet)
                if (after.masks[k] == four_stripes().masks[masklet]).all()
                and (after.content[k] == four_stripes().content[masklet]).all()
            }
            broken[rate] = set(range(4)) - {int(after.masklet[k]) for k in alike}
            failed[rate] += len(broken[rate])
        assert broken[0.2] <= broken[0.6]
    assert failed[0.2] / 600 == pytest.approx(0.2, abs=0.05)
    assert failed[0.6] / 600 == pytest.approx(0.6, abs=0.06)


def test_parts_that_are_missed_are_missed_in_every_image() -> None:
    for seed in range(5):
        assert missed(four_stripes(), 0.5, lot(seed)).masklet.tolist() == [2, 3]


def test_the_tracker_exchanges_masklets_and_the_encoder_what_embeddings_say() -> None:
    assert mirror(CLASSES).tolist() == [0, 2, 1, 3]
    tracked = sides_exchanged_by_tracker(four_stripes(), 1.0, lot())
    assert tracked.masklet.tolist() == [0, 2, 1, 3]
    np.testing.assert_array_equal(tracked.content, np.eye(4))
    encoded = sides_exchanged_by_encoder(four_stripes(), 1.0, lot())
    assert encoded.masklet.tolist() == [0, 1, 2, 3]
    assert encoded.content.argmax(axis=1).tolist() == [0, 2, 1, 3]


def test_a_merged_mask_holds_its_neighbour_and_says_both() -> None:
    after = merged(four_stripes(), 1.0, lot())
    head = after.masks[0]
    assert set(np.unique(after.truth[head])) == {0, 1}
    np.testing.assert_allclose(after.content[0], [0.5, 0.5, 0, 0])


def test_borders_drift_by_the_pixels_of_the_rate_and_stay_in_the_silhouette() -> None:
    widths = set()
    for seed in range(20):
        after = drifting(four_stripes(), 0.3, lot(seed))
        for mask, masklet in zip(after.masks, after.masklet, strict=True):
            columns = np.flatnonzero(mask.reshape(20, 80).any(axis=0))
            widths.add(len(columns))
            reach = round(DRIFT * 0.3)
            assert columns[0] >= 20 * masklet - reach
            assert columns[-1] < 20 * (masklet + 1) + reach
    assert {20 - 6, 20 + 6} <= widths  # shrunk and grown by three pixels on each side


def test_an_ambiguous_embedding_leans_to_another_class_and_an_empty_one_to_none() -> None:
    leaning = ambiguous(four_stripes(), 1.0, lot()).content
    assert (leaning.argmax(axis=1) != np.arange(4)).all()
    assert (leaning[np.arange(4), np.arange(4)] > 0).all()
    assert not uninformative(four_stripes(), 1.0, lot()).content.any()


def test_the_space_has_the_cosines_it_promises() -> None:
    space, rng = Space(CLASSES, 3), np.random.default_rng(0)
    content = np.repeat(np.eye(4), 100, axis=0)
    noise = unit_rows(rng.normal(size=(400, space.dimensions)))
    rows = space.embed(content, noise)
    cosine = rows @ rows.T
    kind = np.repeat(np.arange(4), 100)
    same = (kind[:, None] == kind) & ~np.eye(400, dtype=bool)
    assert cosine[same].mean() == pytest.approx(COMMON + CONTENT, abs=0.02)
    assert cosine[kind[:, None] != kind].mean() == pytest.approx(COMMON, abs=0.02)
    words, part = space.encode_text([("shirt", "top"), ("head",)])
    assert part.tolist() == [0, 1]
    assert (rows[kind == 3] @ words[0] > rows[kind == 3] @ words[1]).all()


def test_true_masks_give_true_labels_and_a_missed_part_needs_validation(tmp_path: Path) -> None:
    trial = Trial(doll(tmp_path / "doll"), tmp_path)
    assert trial.score(trial.true_masks, [DEFAULT]) == {"default": pytest.approx(1.0)}
    without = Fusion("without", validated=False)
    images = {
        key: replace(image, lots=np.array([0.1, 0.9, 0.9, 0.9]))
        for key, image in trial.true_masks.items()
    }
    images = {key: missed(image, 0.5, lot()) for key, image in images.items()}
    found = trial.score(images, [DEFAULT, without])
    assert found["default"] == pytest.approx(1.0)
    assert found["without"] < 0.8


def test_memory_keeps_exchanged_sides_apart_where_a_mean_does_not(tmp_path: Path) -> None:
    trial = Trial(doll(tmp_path / "doll"), tmp_path)
    mirrored = np.array([1, 0, 2, 3])  # as if head and shirt were a left and a right part
    images = {
        key: sides_exchanged_by_tracker(
            replace(image, mirrored=mirrored), float(key[0] == 1), lot()
        )
        for key, image in trial.true_masks.items()
    }
    fusions = [
        Fusion(name, {"memory_scale": scale, "persistence": 0.0})
        for name, scale in (("memory", 15.0), ("mean", 0.0))
    ]
    found = trial.score(images, fusions)
    assert found["memory"] == pytest.approx(1.0)
    assert found["mean"] < 0.9


def test_what_is_labelled_on_parts_without_a_name_counts_against_the_others(tmp_path: Path) -> None:
    trial = Trial(doll(tmp_path / "doll"), tmp_path)
    always = Fusion("always", {"distractors": False, "threshold": 0.0})
    found = trial.score(trial.true_masks, [DEFAULT, always], frozenset({1}))
    assert found["default"] == pytest.approx(1.0)
    assert found["always"] < 0.8
    assert trial.unnamed(0.0) == frozenset()
    assert len(trial.unnamed(1.0)) == 3


@pytest.mark.slow
def test_the_study_writes_curves_that_are_the_same_every_time(tmp_path: Path) -> None:
    case = doll(tmp_path / "doll")
    chosen = (DEFAULT, Fusion("sum", {"specificity": 0.0}))
    first = run_damage([case], tmp_path, (0.0, 0.5), chosen, "as typed")
    stored = read_record(DamageResults, tmp_path / "damage.json")
    assert stored == first
    assert stored.command == "as typed"
    assert {c.damage for c in stored.curves} == {*DAMAGES, UNNAMED}
    for curve in stored.curves:
        assert curve.rates == (0.0, 0.5) and curve.cases == 1
        assert curve.miou[0] == pytest.approx(1.0)
        assert 0 <= curve.miou[1] <= 1
    assert min(c.miou[1] for c in stored.curves) < 0.9
    again = run_damage([case], tmp_path, (0.0, 0.5), chosen, "as typed")
    assert again.curves == first.curves


def test_cases_whose_topology_changes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no case to damage"):
        run_damage([doll(tmp_path / "doll", sequence=True)], tmp_path)
