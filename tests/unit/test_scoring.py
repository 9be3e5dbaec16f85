# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's scores against cases done by hand and against their definitions, loop by loop."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.scoring import confusion, joint_band, scores

# Six elements, three classes; class 2 is missed once and left unlabelled once.
TRUTH = np.array([0, 0, 1, 1, 2, 2])
PREDICTED = np.array([0, 1, 1, 1, 0, -1])
WEIGHT = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.fixture
def random_case() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    truth = random.integers(0, 5, 400)
    predicted = np.where(random.random(400) < 0.6, truth, random.integers(-1, 5, 400))
    return truth, predicted, random.random(400)


def iou_by_loop(truth, predicted, weight, k: int) -> float:
    """Weight of (truth and prediction) over weight of (truth or prediction)."""
    both = sum(w for t, p, w in zip(truth, predicted, weight, strict=True) if t == k and p == k)
    either = sum(w for t, p, w in zip(truth, predicted, weight, strict=True) if k in (t, p))
    return both / either if either else float("nan")


def accuracy_by_loop(truth, predicted, weight, k: int) -> float:
    """Recall of a class: the share of its weight that has its label."""
    mine = [(p, w) for t, p, w in zip(truth, predicted, weight, strict=True) if t == k]
    whole = sum(w for _, w in mine)
    return sum(w for p, w in mine if p == k) / whole if whole else float("nan")


def test_the_table_holds_weights_with_unlabelled_in_the_last_column() -> None:
    expected = [[1, 2, 0, 0], [0, 7, 0, 0], [5, 0, 0, 6]]
    np.testing.assert_array_equal(confusion(TRUTH, PREDICTED, WEIGHT, 3), expected)


def test_the_table_of_nothing_is_zero() -> None:
    none = np.zeros(0, int)
    np.testing.assert_array_equal(confusion(none, none, np.zeros(0), 2), np.zeros((2, 3)))


def test_scores_of_the_case_done_by_hand() -> None:
    found = scores(confusion(TRUTH, PREDICTED, WEIGHT, 3))
    # Class 0: 1 of 1 + 2 + 5; class 1: 7 of 7 + 2; class 2: none of 5 + 6.
    np.testing.assert_allclose(found.iou, [1 / 8, 7 / 9, 0])
    assert found.mean_iou == pytest.approx((1 / 8 + 7 / 9) / 3)
    assert found.overall_accuracy == pytest.approx(8 / 21)
    assert found.mean_accuracy == pytest.approx((1 / 3 + 1 + 0) / 3)


def test_a_perfect_labelling_scores_one() -> None:
    found = scores(confusion(TRUTH, TRUTH, WEIGHT, 3))
    assert (found.mean_iou, found.overall_accuracy, found.mean_accuracy) == (1, 1, 1)


def test_no_label_at_all_scores_zero() -> None:
    found = scores(confusion(TRUTH, np.full(6, -1), WEIGHT, 3))
    assert (found.mean_iou, found.overall_accuracy, found.mean_accuracy) == (0, 0, 0)


def test_scores_follow_their_definitions(random_case) -> None:
    found = scores(confusion(*random_case, 5))
    truth, predicted, weight = random_case
    iou = [iou_by_loop(*random_case, k) for k in range(5)]
    np.testing.assert_allclose(found.iou, iou)
    assert found.mean_iou == pytest.approx(np.mean(iou))
    accuracy = [accuracy_by_loop(*random_case, k) for k in range(5)]
    assert found.mean_accuracy == pytest.approx(np.mean(accuracy))
    right = weight[truth == predicted].sum() / weight.sum()
    assert found.overall_accuracy == pytest.approx(right)


def test_tables_of_frames_add_up(random_case) -> None:
    halves = [tuple(array[part] for array in random_case) for part in (slice(200), slice(200, 400))]
    summed = sum(confusion(*half, 5) for half in halves)
    np.testing.assert_allclose(summed, confusion(*random_case, 5))


def test_the_size_of_the_weights_does_not_matter(random_case) -> None:
    truth, predicted, weight = random_case
    small, large = (scores(confusion(truth, predicted, weight * s, 5)) for s in (1e-6, 1e3))
    np.testing.assert_allclose(small.iou, large.iou)
    assert small.mean_iou == pytest.approx(large.mean_iou)


def test_a_class_that_is_nowhere_is_nan_and_not_in_the_means() -> None:
    found = scores(confusion(TRUTH, PREDICTED, WEIGHT, 4))
    assert np.isnan(found.iou[3])
    assert found.mean_iou == pytest.approx((1 / 8 + 7 / 9) / 3)


def test_a_class_that_is_only_predicted_has_an_iou_of_zero_and_no_accuracy() -> None:
    found = scores(confusion(np.array([0, 0]), np.array([0, 1]), np.ones(2), 2))
    np.testing.assert_allclose(found.iou, [0.5, 0])
    assert found.mean_iou == 0.25
    assert found.mean_accuracy == 0.5


def test_means_run_over_the_kept_classes_and_mistakes_with_others_still_count() -> None:
    table = confusion(TRUTH, PREDICTED, WEIGHT, 3)
    found = scores(table, np.array([True, True, False]))
    assert found.mean_iou == pytest.approx((1 / 8 + 7 / 9) / 2)  # 5 of class 2 is still in class 0
    assert found.overall_accuracy == pytest.approx(8 / 10)
    assert found.mean_accuracy == pytest.approx((1 / 3 + 1) / 2)


def test_without_any_kept_class_there_is_no_score() -> None:
    found = scores(confusion(TRUTH, PREDICTED, WEIGHT, 3), np.zeros(3, bool))
    means = (found.mean_iou, found.overall_accuracy, found.mean_accuracy)
    assert np.isnan(means).all()


def test_the_band_is_one_element_on_each_side_of_a_joint() -> None:
    truth = np.array([0, 0, 0, 1, 1, 1])
    chain = np.stack([np.arange(5), np.arange(1, 6)], axis=1)
    band = joint_band(truth, np.array([True, True]), chain)
    np.testing.assert_array_equal(band, [False, False, True, True, False, False])


def test_a_border_with_clothing_is_no_joint() -> None:
    truth = np.array([0, 1, 2, 2])  # upper arm, forearm, sleeve
    chain = np.array([[0, 1], [1, 2], [2, 3]])
    band = joint_band(truth, np.array([True, True, False]), chain)
    np.testing.assert_array_equal(band, [True, True, False, False])


def test_the_band_is_what_a_loop_over_neighbours_finds() -> None:
    random = np.random.default_rng(3)
    truth, is_body = random.integers(0, 4, 60), np.array([True, False, True, True])
    pairs = random.integers(0, 60, (150, 2))
    expected = np.zeros(60, bool)
    for a, b in pairs:
        if truth[a] != truth[b] and is_body[truth[a]] and is_body[truth[b]]:
            expected[a] = expected[b] = True
    np.testing.assert_array_equal(joint_band(truth, is_body, pairs), expected)


def test_without_neighbours_there_is_no_band() -> None:
    band = joint_band(np.array([0, 1]), np.array([True, True]), np.zeros((0, 2), int))
    assert not band.any()
