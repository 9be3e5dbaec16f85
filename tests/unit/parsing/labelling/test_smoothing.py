# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph cuts against brute force and by hand, and what smoothing makes of labels."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.job.capture_files import Facts
from core.job.spec import ParsingSettings, Part
from core.parsing.labelling.decision import decide
from core.parsing.labelling.element_shares import Evidence, labels_alone, labels_together
from core.parsing.labelling.smoothing import (
    alpha_expansion,
    border_lengths,
    decide_smoothly,
    potts_energy,
)
from core.parsing.run import Run
from tests.unit.parsing.paper_doll import write_paper_doll

Problem = tuple[np.ndarray, np.ndarray, np.ndarray]


@st.composite
def problems(draw: st.DrawFn, labels: int = 3) -> Problem:
    """(unary, pairs, weight) of up to six elements."""
    count, classes = draw(st.integers(1, 6)), draw(st.integers(1, labels))
    cost = st.integers(-20, 20).map(lambda x: x / 4)
    unary = draw(st.lists(cost, min_size=count * classes, max_size=count * classes))
    possible = list(combinations(range(count), 2))
    pairs = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    weight = draw(
        st.lists(st.integers(0, 16).map(lambda x: x / 4), min_size=len(pairs), max_size=len(pairs))
    )
    return (
        np.array(unary).reshape(count, classes),
        np.array(pairs, int).reshape(-1, 2),
        np.array(weight, float),
    )


def lowest(problem: Problem) -> float:
    count, classes = problem[0].shape
    every = product(range(classes), repeat=count)
    return min(potts_energy(*problem, np.array(label)) for label in every)


@settings(deadline=None, max_examples=50)
@given(problems(labels=2))
def test_with_two_labels_the_energy_is_the_lowest_there_is(problem: Problem) -> None:
    label = alpha_expansion(*problem)
    assert potts_energy(*problem, label) == pytest.approx(lowest(problem))


@settings(deadline=None, max_examples=50)
@given(problems())
def test_no_single_expansion_lowers_the_energy_any_more(problem: Problem) -> None:
    unary, *_ = problem
    label = alpha_expansion(*problem)
    energy = potts_energy(*problem, label)
    for alpha in range(unary.shape[1]):
        for takes in product((False, True), repeat=len(unary)):
            assert potts_energy(*problem, np.where(takes, alpha, label)) >= energy - 1e-9


@settings(deadline=None, max_examples=50)
@given(problems())
def test_the_energy_never_rises_above_that_of_the_cheapest_labels(problem: Problem) -> None:
    unary, pairs, weight = problem
    before = unary.copy(), pairs.copy(), weight.copy()
    energy = potts_energy(*problem, alpha_expansion(*problem))
    assert energy <= potts_energy(*problem, unary.argmin(axis=1)) + 1e-9
    for array, was in zip(problem, before, strict=True):
        np.testing.assert_array_equal(array, was)


@given(problems())
def test_without_weights_every_element_has_its_cheapest_label(problem: Problem) -> None:
    unary, pairs, weight = problem
    np.testing.assert_array_equal(alpha_expansion(unary, pairs, 0 * weight), unary.argmin(axis=1))


def test_a_speck_takes_the_label_around_it_when_borders_cost_more_than_it_is_worth() -> None:
    unary = np.array([[0, 1], [0, 1], [0.5, 0], [0, 1], [0, 1.0]])
    row = np.array([[0, 1], [1, 2], [2, 3], [3, 4]])
    assert alpha_expansion(unary, row, np.full(4, 0.2)).tolist() == [0, 0, 1, 0, 0]
    assert alpha_expansion(unary, row, np.full(4, 0.3)).tolist() == [0, 0, 0, 0, 0]


def test_an_undecided_stretch_gets_one_border_where_it_is_cheapest() -> None:
    unary = np.array([[0, 9, 9], [5, 5, 5.1], [5, 5, 5.1], [9, 9, 0.0]])
    row = np.array([[0, 1], [1, 2], [2, 3]])
    assert alpha_expansion(unary, row, np.array([2, 2, 1.0])).tolist() == [0, 0, 0, 2]


def test_nothing_one_label_and_elements_without_neighbours_are_fine() -> None:
    none, free = np.zeros((0, 2), int), np.zeros(0)
    assert alpha_expansion(np.zeros((0, 3)), none, free).tolist() == []
    assert alpha_expansion(np.ones((2, 1)), np.array([[0, 1]]), np.ones(1)).tolist() == [0, 0]
    assert alpha_expansion(np.array([[1, 0], [0, 1.0]]), none, free).tolist() == [1, 0]
    lonely = np.array([[3, 0], [0, 0.1], [0.1, 0]])
    assert alpha_expansion(lonely, np.array([[1, 2]]), np.ones(1)).tolist()[0] == 1


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        alpha_expansion(np.zeros((2, 2)), np.array([[0, 1]]), np.array([-1.0]))


def row_of_squares(count: int) -> Facts:
    """Unit squares side by side along x."""
    none = np.full(count, -1, np.int32)
    centroid = np.zeros((count, 3), np.float32)
    centroid[:, 0] = np.arange(count)
    pairs = np.array([(i, i + 1) for i in range(count - 1)], np.int32).reshape(-1, 2)
    return Facts(none, none, none, none, none, np.ones(count, np.float32), centroid, pairs)


def test_the_long_sides_of_rectangles_count_more_than_the_short_ones() -> None:
    none = np.full(4, -1, np.int32)
    centroid = np.array([[0, 0, 0], [3, 0, 0], [0, 1, 0], [3, 1, 0]], np.float32)  # 3 wide, 1 high
    pairs = np.array([[0, 1], [2, 3], [0, 2], [1, 3]], np.int32)
    facts = Facts(none, none, none, none, none, np.full(4, 3, np.float32), centroid, pairs)
    length = border_lengths(facts)
    np.testing.assert_allclose(length[2:] / length[:2], 3)
    assert border_lengths(row_of_squares(1)).shape == (0,)
    np.testing.assert_allclose(border_lengths(row_of_squares(3)), 1)


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.2, 0.5]))
def test_smoothing_of_nothing_is_the_plain_decision(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    shares = rng.random((9, 4)) * (rng.random((9, 1)) < 0.8)
    plain = decide(shares, 3, threshold)
    smooth = decide_smoothly(shares, 3, threshold, row_of_squares(9), 0.0, np.zeros(9, np.int16))
    np.testing.assert_array_equal(smooth[0], plain[0])
    np.testing.assert_array_equal(smooth[1], plain[1])


def test_a_smoothed_element_has_the_confidence_of_the_label_it_got() -> None:
    shares = np.array([[0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    label, confidence = decide_smoothly(shares, 2, 0.2, row_of_squares(3), 0.15)
    assert label.tolist() == [0, 0, 0]
    np.testing.assert_allclose(confidence, [0.9, 0.4, 0.9], atol=1e-3)


def test_being_unlabelled_is_smoothed_like_a_label() -> None:
    below = np.array([[0.1], [0.25], [0.1]])
    assert decide_smoothly(below, 1, 0.2, row_of_squares(3), 0.1)[0].tolist() == [-1, -1, -1]
    other = np.array([[0.9, 0.1], [0.45, 0.55], [0.9, 0.1]])
    assert decide_smoothly(other, 1, 0.2, row_of_squares(3), 0.1)[0].tolist() == [0, 0, 0]


def test_elements_without_evidence_stay_unlabelled_and_bind_nobody() -> None:
    shares = np.array([[0.6, 0.4], [0.0, 0.0], [0.4, 0.6]])
    label, confidence = decide_smoothly(shares, 2, 0.0, row_of_squares(3), 5.0)
    assert label.tolist() == [0, -1, 1]
    assert confidence[1] == 0


def test_the_frame_before_holds_on_to_its_labels() -> None:
    shares = np.array([[0.45, 0.55]])
    before = np.array([0], np.int16)
    assert decide_smoothly(shares, 2, 0.2, row_of_squares(1), 0.05, before)[0].tolist() == [1]
    assert decide_smoothly(shares, 2, 0.2, row_of_squares(1), 0.2, before)[0].tolist() == [0]
    unlabelled = np.array([-1], np.int16)
    assert decide_smoothly(shares, 2, 0.2, row_of_squares(1), 0.5, unlabelled)[0].tolist() == [-1]


class Told(Evidence):
    """Evidence for two parts on all elements of the doll, given for every frame."""

    def __init__(self, run: Run, table: dict[int, np.ndarray]) -> None:
        self._run = run
        self._table = table

    def shares(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(self._table[frame])), self._table[frame]


def told(job: Path, sequence: bool, **changes: Any) -> tuple[Run, Told]:
    """Noisy evidence for part 0, another in every frame."""
    write_paper_doll(job, sequence=sequence)
    run = Run(job, ParsingSettings(**changes), [Part("a"), Part("b")])
    rng, table = np.random.default_rng(1), {}
    for frame in run.images.frames:
        count = sum(o.element_count for o in run.images.manifest.objects_at(frame))
        first = np.clip(rng.normal(0.6, 0.2, count), 0, 1)
        table[frame] = np.stack([first, 1 - first], axis=1)
    return run, Told(run, table)


@pytest.mark.parametrize("persistence", [0.0, 1.0])
def test_smoothing_makes_labels_steadier_on_the_surface_and_in_time(
    tmp_path: Path, persistence: float
) -> None:
    borders, changes = {}, {}
    for smoothing in (0.0, 0.1):
        job = tmp_path / str(smoothing)
        run, evidence = told(job, False, persistence=persistence, smoothing=smoothing)
        labels = [label for _, (label, _) in labels_together(run, evidence)]
        a, b = run.images.facts(1).neighbours.T
        borders[smoothing] = sum(int((x[a] != x[b]).sum()) for x in labels)
        changes[smoothing] = sum(int((x != y).sum()) for x, y in pairwise(labels))
    assert borders[0.1] < 0.5 * borders[0.0]
    assert changes[0.1] < 0.5 * changes[0.0] if persistence < 1 else changes[0.1] == 0


def test_a_second_run_gives_the_same_labels(tmp_path: Path) -> None:
    runs = []
    for name in ("first", "second"):
        run, evidence = told(tmp_path / name, False, persistence=0.0, smoothing=0.1)
        runs.append(list(labels_together(run, evidence)))
    for (_, first), (_, second) in zip(*runs, strict=True):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])


def test_frames_with_topologies_of_their_own_are_smoothed_each(tmp_path: Path) -> None:
    wrong = {}
    for smoothing in (0.0, 0.2):
        run, evidence = told(tmp_path / str(smoothing), True, smoothing=smoothing)
        labels = [label for _, (label, _) in labels_alone(run, evidence)]
        wrong[smoothing] = sum(int((label != 0).sum()) for label in labels)
    assert wrong[0.2] < 0.5 * wrong[0.0]
