# SPDX-License-Identifier: GPL-3.0-or-later
"""Ablations: one setting at a time, cases from all families."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from benchmarks.quality.ablations import row, variants
from benchmarks.quality.captured import CaptureOptions
from benchmarks.quality.cases import Case, spread_over_families
from benchmarks.quality.records import ScoreRecord
from core.job.presets import PRESETS


def test_every_ablation_has_the_default_and_differs_from_it_in_one_setting():
    default = CaptureOptions(), PRESETS["embedded"]
    ablations: dict[str, list] = {}
    for variant in variants():
        ablations.setdefault(variant.ablation, []).append(variant)
    assert len(ablations) > 5
    for name, found in ablations.items():
        settings = [(v.capture, v.parsing) for v in found]
        assert default in settings, name
        assert len(set(settings)) == len(settings) > 1
        assert len({v.setting for v in found}) == len(found)
        for capture, parsing in settings:
            changed = [
                field
                for now, then in zip((capture, parsing), default, strict=True)
                for field in vars(now)
                if getattr(now, field) != getattr(then, field)
            ]
            assert len(changed) <= 1


def test_families_take_turns():
    cases = [Case(n, n[0], "character", Path(n)) for n in ("a1", "a2", "a3", "b1", "c1", "c2")]
    chosen = spread_over_families(cases, 5)
    assert [case.name for case in chosen] == ["a1", "b1", "c1", "a2", "c2"]


score = partial(ScoreRecord, "case", "family", "embedded")


def test_a_row_is_the_mean_over_vocabularies_and_cases_that_have_a_number():
    free = score(vocabulary="free", miou=0.5, seconds={"masklets": 2.0, "labels": 1.0})
    ctd4 = score(vocabulary="ctd4", miou=0.7, seconds={"labels": 3.0})
    other = score(vocabulary="free", miou=0.6, flicker=0.25, seconds={"labels": 3.0})
    mean = row(next(iter(variants())), [[free, ctd4], [other]])
    assert mean.miou == pytest.approx(0.6) and mean.flicker == 0.25
    assert (mean.seconds, mean.cases) == (3.0, 2)
