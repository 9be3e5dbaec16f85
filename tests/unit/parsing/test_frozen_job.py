# SPDX-License-Identifier: GPL-3.0-or-later
"""Results change only together with the number of their stage, so that no stale one is kept."""

from __future__ import annotations

import copy
import json

import pytest

from tests.unit.parsing.frozen_job import RECORD, complaints, compute, is_alike, is_recorded
from tests.unit.parsing.sight.make_tiny import TINY


@pytest.fixture
def recorded():
    return json.loads(RECORD.read_text("utf-8"))


def test_every_stage_leaves_what_it_left_when_its_number_was_given(recorded, monkeypatch):
    """When this fails: `python -m tests.unit.parsing.frozen_job`, after raising what it names."""
    monkeypatch.setenv("PARTS4D_SIGHT_MODEL", str(TINY))
    now = compute()
    assert list(complaints(recorded, now)) == []
    assert is_recorded(recorded, now), (
        "A stage has another number, or the ontology is another: record the job anew with "
        "python -m tests.unit.parsing.frozen_job"
    )


def altered(recorded, stages: tuple[str, ...]):
    now = copy.deepcopy(recorded)
    for stage in stages:
        now["cases"]["sight"][stage]["exact"] = "other"
    return now


def test_the_first_stage_that_changed_is_named_with_its_next_number(recorded):
    version = recorded["versions"]["masklets"]
    (said,) = complaints(recorded, altered(recorded, ("masklets", "validation", "labels")))
    assert "'sight' the stage masklets leaves" in said
    assert f"from {version} to {version + 1}" in said


def test_a_number_that_was_raised_excuses_the_stage_and_what_follows_from_it(recorded):
    now = altered(recorded, ("masklets", "labels"))
    now["versions"]["masklets"] += 1
    assert list(complaints(recorded, now)) == [] and not is_recorded(recorded, now)
    earlier = altered(now, ("proposals",))
    assert "the stage proposals" in next(complaints(recorded, earlier))


def test_a_number_raised_without_need_is_recorded_too(recorded):
    now = copy.deepcopy(recorded)
    now["versions"]["labels"] += 1
    assert list(complaints(recorded, now)) == [] and not is_recorded(recorded, now)


def test_fractions_may_differ_in_the_last_digits_only(recorded):
    one = recorded["cases"]["sight"]["embeddings"]
    name = next(iter(one["sums"]))
    close, far = copy.deepcopy(one), copy.deepcopy(one)
    close["sums"][name][0] += 1e-4
    far["sums"][name][0] += 0.02
    assert is_alike(one, close) and not is_alike(one, far)
