# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers in the report promise neither more nor less than they are."""

from __future__ import annotations

import math

import pytest

from benchmarks.quality.report.numbers import (
    difference,
    duration,
    percent,
    pluralise,
    quantity,
    share,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.000"),
        (0.0001, "<0.001"),
        (0.8734, "0.873"),
        (0.9999, ">0.999"),
        (1.0, "1.000"),
        (math.nan, "n/a"),
        (math.inf, "n/a"),
    ],
)
def test_shares_have_three_decimals_and_no_false_zero_or_one(value: float, text: str) -> None:
    assert share(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (1.0, "1.00"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345.0, "12345"),
        (0.00123, "0.00123"),
        (1e-9, "<0.001"),
        (math.nan, "n/a"),
    ],
)
def test_quantities_have_three_digits(value: float, text: str) -> None:
    assert quantity(value) == text


def test_differences_have_a_sign_unless_they_vanish() -> None:
    assert [difference(x) for x in (0.1, -0.1, 0.0001, math.nan)] == [
        "+0.100",
        "−0.100",
        "0.000",
        "n/a",
    ]


def test_percents_and_counts_and_durations() -> None:
    assert percent(0.0312) == "3.12 %"
    assert percent(math.nan) == "n/a"
    assert [pluralise(n, "case") for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert pluralise(2, "class", "classes") == "2 classes"
    assert [duration(s) for s in (42.0, 600.0, 4800.0, math.nan)] == [
        "42.0 s",
        "10 min",
        "1 h 20 min",
        "n/a",
    ]
