# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers are chosen on other families than they are judged on, and only where they matter."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.quality import calibrate
from benchmarks.quality.calibrate import Options, Tried, best_point, neighbours, point_key
from benchmarks.quality.captured import CaptureOptions
from benchmarks.quality.cases import Case
from benchmarks.quality.numbers_tried import (
    MIXING,
    Number,
    constants_at,
    number_of,
    weights_at,
)
from core.errors import InputError
from core.parsing.embedded import combinations as evidence
from core.parsing.embedded.name_weights import NAME_WEIGHT
from tests.unit.benchmarks.doll_case import finished_capture
from tests.unit.benchmarks.seen_doll import seen_in
from tests.unit.parsing.sight.make_tiny import TINY

NUMBERS = (Number("named", 0.5, (0.0, 0.5, 1.0)), Number("plain", 0.1, (0.1, 0.9)))


def tried(case: str, best: float, used: tuple[str, ...] = ("named", "plain")) -> Tried:
    """A case that is best where `named` has one value, and does not care for the other number."""
    start = {n.name: n.start for n in NUMBERS}
    points = [start, *neighbours(start, NUMBERS)]
    points += [{"named": a, "plain": b} for a in NUMBERS[0].values for b in NUMBERS[1].values]
    scores = {point_key(p, used): 1 - abs(p["named"] - best) for p in points}
    return Tried(case, case.split("_")[0], frozenset(used), scores)


def test_a_familys_numbers_are_the_best_of_the_others(monkeypatch, tmp_path: Path) -> None:
    table = [tried("a_1", 1.0), tried("a_2", 1.0), tried("b_1", 0.0), tried("c_1", 1.0)]
    monkeypatch.setattr(calibrate, "score_points", lambda *_: table)
    found = calibrate.calibrate([], Options(tmp_path, NUMBERS))
    assert found["families"]["b"]["values"] == {"named": 1.0, "plain": 0.1}
    assert found["families"]["b"]["score there"] == 0.0
    assert found["families"]["b"]["before"] == 0.5
    assert found["final"]["values"] == {"named": 1.0, "plain": 0.1}
    assert found["final"]["score"] == pytest.approx(0.75)


def test_what_makes_no_difference_stays_as_it_is() -> None:
    assert best_point([tried("a_1", 0.5)], NUMBERS) == {"named": 0.5, "plain": 0.1}


def test_one_family_alone_has_nothing_to_choose_on(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(calibrate, "score_points", lambda *_: [tried("a_1", 1.0)])
    with pytest.raises(InputError, match="family"):
        calibrate.calibrate([], Options(tmp_path, NUMBERS))


def test_points_that_differ_in_unused_numbers_are_one() -> None:
    a, b = {"named": 1.0, "plain": 0.1}, {"named": 1.0, "plain": 0.9}
    assert point_key(a, ["named"]) == point_key(b, ["named"])
    assert point_key(a, ["named", "plain"]) != point_key(b, ["named", "plain"])


def test_constants_have_a_points_values_for_as_long_as_it_is_scored() -> None:
    number = number_of("embedded.combinations.SEEN_ALIKE=0.1,0.9")
    assert number.start == evidence.SEEN_ALIKE and number.start in number.values
    before = evidence.SEEN_ALIKE
    with constants_at({number.name: 0.9, "named": 0.3}):
        assert evidence.SEEN_ALIKE == 0.9
    assert before == evidence.SEEN_ALIKE
    for wrong in (
        "embedded.combinations.NONE=1",
        "nowhere.X=1",
        "embedded.combinations.SEEN_ALIKE=much",
    ):
        with pytest.raises(InputError):
            number_of(wrong)


def test_the_grid_of_every_weight_holds_its_present_value() -> None:
    for number in MIXING:
        assert number.start == getattr(NAME_WEIGHT, number.name)
        assert number.start in number.values and len(number.values) > 2
    assert weights_at({"named": 0.25, "embedded.combinations.SEEN_ALIKE": 1.0}).named == 0.25


@pytest.mark.slow
def test_a_case_is_scored_once_and_only_for_weights_that_matter(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))
    captures = tmp_path / "out" / "captures"
    case: Case = finished_capture(tmp_path / "characters", captures, "doll_a", CaptureOptions())
    seen_in(captures / "doll_a" / "job")
    options = Options(tmp_path / "out")
    start = options.start
    found = calibrate.score_case(case, options, [start, *neighbours(start, MIXING)])
    assert found.family == "doll" and "named" in found.used and "cloth" not in found.used
    assert 0.8 < found.at(start) <= 1
    monkeypatch.setattr(calibrate, "parsed_job", None)  # it must not be asked for
    assert calibrate.score_case(case, options, [start]) == found
