# SPDX-License-Identifier: GPL-3.0-or-later
"""What the settings say of themselves, and that it is so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import InputError
from core.job.implementations import IMPLEMENTATIONS
from core.job.setting import SettingField, setting_fields
from core.job.spec import CaptureSettings, FrameSelection, ParsingSettings
from core.job.spec_files import spec_from_json, spec_to_json
from core.job.stages import STAGES

SECTIONS = {"frames": FrameSelection, "capture": CaptureSettings, "parsing": ParsingSettings}
SETTINGS = [(s, one) for s, cls in SECTIONS.items() for one in setting_fields(cls)]
NUMBERS = [(s, one) for s, one in SETTINGS if one.kind in (int, float, tuple[float, ...])]
FREE = [(s, one) for s, one in NUMBERS if one.name not in ("start", "end", "raised")]
OF_NO_STAGE = {"capture.processes", "parsing.preset", "parsing.device"}


def name_of(value: Any) -> str:
    return value.name if isinstance(value, SettingField) else str(value)


def test_every_setting_is_read_first_by_one_stage_or_by_none():
    stages = {f"{section}.{one.name}": one.about.stage for section, one in SETTINGS}
    assert {name for name, stage in stages.items() if not stage} == OF_NO_STAGE
    assert set(stages.values()) - {""} <= set(STAGES)
    assert all(stages[name] == "capture" for name in stages if name.startswith("frames"))


@pytest.mark.parametrize(("section", "one"), NUMBERS, ids=name_of)
def test_a_number_out_of_its_range_is_refused_by_name(spec, section, one):
    low, high = one.about.low, one.about.high
    assert low is not None and high is not None and low < high
    for beyond in (low - 1, high + 1):
        document = spec_to_json(spec)
        value = one.kind(beyond) if one.kind in (int, float) else [float(beyond)]
        document[section] = {**document[section], one.name: value}
        with pytest.raises(InputError, match=rf"^{section}\.{one.name}\S* must be within") as error:
            spec_from_json(document)
        assert one.name in error.value.remedy


@pytest.mark.parametrize(("section", "one"), FREE, ids=name_of)
def test_the_ends_of_a_range_are_inside(spec, section, one):
    for end in (one.about.low, one.about.high):
        settings = replace(getattr(spec, section), **{one.name: one.kind(end)})
        changed = replace(spec, **{section: settings})
        assert spec_from_json(spec_to_json(changed)) == changed


def test_choices_are_those_of_the_type():
    chosen = [one for _, one in SETTINGS if one.about.choices]
    assert {one.name for one in chosen} == {"engine", "evidence", "device", "travel"}
    for one in chosen:
        assert tuple(choice.value for choice in one.about.choices) == one.values


def test_help_is_one_sentence_without_a_full_stop():
    for _, one in SETTINGS:
        text = one.about.help
        assert text[0].isupper() or text[0] == '"', one.name
        assert not text.endswith("."), one.name


def test_settings_that_implementations_read_exist():
    known = {one.name for _, one in SETTINGS}
    assert {name for row in IMPLEMENTATIONS for name in row.reads} <= known
