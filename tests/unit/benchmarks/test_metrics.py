# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark's metrics: cases done by hand, definitions loop by loop, and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from benchmarks.quality.metrics import (
    border,
    boundary_f1,
    confusion,
    coverage,
    flicker,
    joint_band,
    label_changes,
    scores,
    side_confusion,
)

Case = tuple[np.ndarray, np.ndarray, np.ndarray]  # truth, prediction, weight

# Six elements, three classes; class 2 is missed once and left unlabelled once.
TRUTH = np.array([0, 0, 1, 1, 2, 2])
PREDICTED = np.array([0, 1, 1, 1, 0, -1])
WEIGHT = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


@pytest.fixture
def random_case() -> Case:
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


def test_scores_follow_their_definitions(random_case: Case) -> None:
    found = scores(confusion(*random_case, 5))
    truth, predicted, weight = random_case
    iou = [iou_by_loop(truth, predicted, weight, k) for k in range(5)]
    np.testing.assert_allclose(found.iou, iou)
    assert found.mean_iou == pytest.approx(np.mean(iou))
    accuracy = [accuracy_by_loop(truth, predicted, weight, k) for k in range(5)]
    assert found.mean_accuracy == pytest.approx(np.mean(accuracy))
    right = weight[truth == predicted].sum() / weight.sum()
    assert found.overall_accuracy == pytest.approx(right)


def test_tables_of_frames_add_up(random_case: Case) -> None:
    truth, predicted, weight = random_case
    halves = (slice(200), slice(200, 400))
    summed = np.sum([confusion(truth[h], predicted[h], weight[h], 5) for h in halves], axis=0)
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


some = settings(max_examples=40, deadline=None)
CHAIN = np.stack([np.arange(9), np.arange(1, 10)], axis=1)  # ten elements in a row
HALVES = np.repeat([0, 1], 5)


def labels(classes: int, unlabelled: bool):
    """(40,) labels."""
    low = -1 if unlabelled else 0
    return arrays(np.int16, 40, elements=st.integers(low, classes - 1))


weights = arrays(np.float64, 40, elements=st.floats(0.01, 10))


@some
@given(labels(4, False), labels(4, True), weights)
def test_the_measures_are_those_of_scikit_learn(truth, predicted, weight) -> None:
    found = scores(confusion(truth, predicted, weight, 4), np.isin(np.arange(4), truth))
    table = reference.confusion_matrix(
        truth, predicted, labels=[0, 1, 2, 3, -1], sample_weight=weight
    )
    np.testing.assert_allclose(confusion(truth, predicted, weight, 4), table[:4])
    given_weight = {"sample_weight": weight}
    accuracy = reference.accuracy_score(truth, predicted, **given_weight)
    assert found.overall_accuracy == pytest.approx(accuracy)
    classes = np.unique(truth)
    recall = reference.recall_score(
        truth, predicted, labels=classes, average="macro", zero_division=0, **given_weight
    )
    assert found.mean_accuracy == pytest.approx(recall)
    iou = reference.jaccard_score(
        truth, predicted, labels=classes, average=None, zero_division=0, **given_weight
    )
    np.testing.assert_allclose(found.iou[classes], iou)
    assert found.mean_iou == pytest.approx(iou.mean())


@some
@given(labels(4, False), labels(4, True), weights)
def test_every_measure_lies_between_none_and_all(truth, predicted, weight) -> None:
    table = confusion(truth, predicted, weight, 4)
    assert table.sum() == pytest.approx(weight.sum())
    found = scores(table)
    for value in (found.overall_accuracy, found.mean_accuracy, found.mean_iou):
        assert 0 <= value <= 1 + 1e-9
    there = np.unique(truth)
    assert (found.iou[there] <= found.accuracy[there] + 1e-9).all()


@some
@given(labels(3, False), labels(3, True), weights, st.permutations([0, 1, 2]))
def test_the_names_of_the_classes_do_not_matter(truth, predicted, weight, order) -> None:
    renamed = np.array([*order, -1])
    first = scores(confusion(truth, predicted, weight, 3))
    second = scores(confusion(renamed[truth], renamed[predicted], weight, 3))
    np.testing.assert_allclose(first.iou, second.iou[order])


def test_a_border_is_both_sides_of_a_change() -> None:
    np.testing.assert_array_equal(np.flatnonzero(border(HALVES, CHAIN)), [4, 5])


def test_the_right_border_scores_one_and_none_scores_zero() -> None:
    assert boundary_f1(HALVES, HALVES, CHAIN) == 1
    assert boundary_f1(HALVES, np.zeros(10, int), CHAIN) == 0


def test_where_there_is_no_border_to_find_there_is_no_score() -> None:
    assert np.isnan(boundary_f1(np.zeros(10, int), np.ones(10, int), CHAIN))
    assert np.isnan(boundary_f1(np.zeros(10, int), HALVES, CHAIN))
    assert np.isnan(boundary_f1(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 2), int)))


def test_a_border_may_be_off_by_as_many_elements_as_there_are_rings() -> None:
    shifted = np.repeat([0, 1], [6, 4])  # border elements 5 and 6 instead of 4 and 5
    # Without tolerance one of two lies right, and one of two is found.
    assert boundary_f1(HALVES, shifted, CHAIN, rings=0) == pytest.approx(0.5)
    assert boundary_f1(HALVES, shifted, CHAIN, rings=1) == 1
    far = np.repeat([0, 1], [8, 2])  # 7 and 8: two and three away
    assert boundary_f1(HALVES, far, CHAIN, rings=1) == 0
    assert boundary_f1(HALVES, far, CHAIN, rings=2) == pytest.approx(0.5)


def test_a_border_too_many_costs_precision_alone() -> None:
    striped = np.array([0, 0, 1, 0, 0, 1, 1, 1, 1, 1])
    # Found are 1, 2, 3, 4, 5, of which 3, 4, 5 are near 4 and 5: precision 3/5, recall 1.
    assert boundary_f1(HALVES, striped, CHAIN, rings=1) == pytest.approx(2 * 0.6 / 1.6)


def test_borders_with_what_is_not_judged_do_not_count() -> None:
    truth = np.where(np.arange(10) == 5, -1, HALVES)
    assert np.isnan(boundary_f1(truth, np.zeros(10, int), CHAIN))
    striped = np.where(np.arange(10) == 5, 7, 0)
    assert np.isnan(boundary_f1(truth, striped, CHAIN))


@some
@given(labels(3, False), labels(3, True))
def test_more_tolerance_never_lowers_the_border_score(truth, predicted) -> None:
    chain = np.stack([np.arange(39), np.arange(1, 40)], axis=1)
    found = [boundary_f1(truth, predicted, chain, rings) for rings in (0, 1, 3)]
    assert np.isnan(found).all() or found == sorted(found)


@some
@given(labels(3, False), labels(3, False))
def test_the_border_score_treats_both_alike(truth, predicted) -> None:
    chain = np.stack([np.arange(39), np.arange(1, 40)], axis=1)
    found, swapped = boundary_f1(truth, predicted, chain), boundary_f1(predicted, truth, chain)
    assert np.isnan([found, swapped]).any() or found == pytest.approx(swapped)


def test_flicker_is_the_share_that_changes_without_reason() -> None:
    truth = np.array([[0, 0, 1, 1], [0, 0, 1, 0]])  # the last one changes rightly
    predicted = np.array([[0, 0, 1, 1], [0, 1, 1, 0]])  # the second without reason
    weight = np.array([[1.0, 2.0, 3.0, 4.0]] * 2)
    assert flicker(truth, predicted, weight) == pytest.approx(2 / 6)
    assert label_changes(truth, predicted, weight[0]) == (2, 6)


def test_flicker_adds_up_over_frames() -> None:
    truth = np.zeros((3, 2), int)
    predicted = np.array([[0, 0], [0, 1], [0, 0]])
    assert flicker(truth, predicted, np.ones((3, 2))) == pytest.approx(2 / 4)


def test_a_steady_error_does_not_flicker() -> None:
    truth = np.zeros((4, 3), int)
    assert flicker(truth, np.ones((4, 3), int), np.ones((4, 3))) == 0


def test_what_is_judged_in_one_of_two_frames_does_not_flicker() -> None:
    truth, predicted = np.zeros((2, 2), int), np.array([[0, 0], [1, 1]])
    weight = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert flicker(truth, predicted, weight) == 1
    assert label_changes(np.array([[0, -1], [0, 0]]), predicted, np.ones(2)) == (1, 1)


def test_one_frame_cannot_flicker() -> None:
    assert np.isnan(flicker(np.zeros((1, 3), int), np.zeros((1, 3), int), np.ones((1, 3))))


def test_side_confusion_is_the_wrong_share_of_what_has_either_side() -> None:
    names = ("left hand", "right hand", "head", "left foot")
    table = np.zeros((4, 5))
    table[0] = [6, 2, 5, 0, 1]  # of 8 that are called either, 2 are wrong
    table[1] = [1, 3, 0, 0, 0]  # of 4 one
    table[3] = [0, 9, 0, 9, 0]  # there is no right foot: no pair
    assert side_confusion(table, names) == pytest.approx(3 / 12)


def test_without_sides_there_is_no_side_confusion() -> None:
    assert np.isnan(side_confusion(np.ones((2, 3)), ("head", "leftover")))
    assert np.isnan(side_confusion(np.zeros((2, 3)), ("left hand", "right hand")))


def test_coverage_is_the_share_labelled_from_evidence() -> None:
    predicted, evidenced = np.array([0, 1, -1, 2]), np.array([True, False, True, True])
    assert coverage(predicted, evidenced, np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(0.5)
    assert np.isnan(coverage(predicted[:0], evidenced[:0], np.zeros(0)))
