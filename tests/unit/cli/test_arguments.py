# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.arguments import (
    capture_of,
    frame_selection,
    frames_of,
    make_parser,
    parsing_of,
    relabelling_of,
)
from core.job.implementations import implementations
from core.job.presets import PRESETS
from core.job.setting import SettingField, setting_fields
from core.job.spec import CaptureSettings, FrameSelection, ParsingSettings

PARSE = ["parse", "hero.blend", "--parts", "head"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("24", FrameSelection(24, 24)),
        ("1-24", FrameSelection(1, 24)),
        ("1-24/2", FrameSelection(1, 24, 2)),
        ("-10-24", FrameSelection(-10, 24)),
        ("-10--5/3", FrameSelection(-10, -5, 3)),
        ("-7", FrameSelection(-7, -7)),
        ("0", FrameSelection(0, 0)),
    ],
)
def test_frames_are_one_a_range_or_every_so_many(text, expected):
    assert frame_selection(text) == expected


@pytest.mark.parametrize("text", ["", "-", "1-", "a-b", "1-2-3", "1/x", "1.5-2", "1:2"])
def test_what_is_no_frame_range_is_named(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no frame range such as 1-24") as error:
        frame_selection(text)
    assert f"'{text}'" in str(error.value)


numbers = st.integers(-(2**20), 2**20)


@given(numbers, numbers, st.integers(1, 1000))
def test_a_range_is_read_back(start, end, step):
    assert frame_selection(f"{start}-{end}/{step}") == FrameSelection(start, end, step)
    assert frame_selection(f"{start}-{end}") == FrameSelection(start, end)
    assert frame_selection(f"{start}") == FrameSelection(start, start)


def test_a_range_that_begins_below_zero_is_given_with_an_equals_sign():
    arguments = make_parser().parse_args([*PARSE, "--frames=-10-24"])
    assert arguments.frames == FrameSelection(-10, 24)


def test_the_defaults_are_those_of_the_job_spec():
    arguments = make_parser().parse_args(PARSE)
    assert capture_of(arguments) == CaptureSettings()
    assert parsing_of(arguments) == ParsingSettings()
    assert frames_of(arguments, FrameSelection(3, 9)) == FrameSelection(3, 9)
    assert arguments.frames is None and arguments.job is None and arguments.character is None


OTHER_WORDS = {"raised": ["30", "60"], "evidence": ["bones,names"]}
OTHER_VALUES = {"raised": (30.0, 60.0), "evidence": ("names", "bones")}


def other(one: SettingField) -> tuple[list[str], Any]:
    """The option that sets a setting to something else than its default, and that value."""
    if one.name in OTHER_WORDS:
        return [one.flag, *OTHER_WORDS[one.name]], OTHER_VALUES[one.name]
    if one.kind is bool:
        return [f"--no-{one.flag[2:]}" if one.default else one.flag], not one.default
    if one.name == "projection":
        return ["--perspective"], "perspective"
    if one.kind is str:
        return [one.flag, "draft"], "draft"
    value = next(v for v in one.values if v != one.default) if one.values else one.default + 1
    return [one.flag, str(value)], value


@pytest.mark.parametrize("one", setting_fields(CaptureSettings), ids=lambda one: one.name)
def test_every_setting_of_the_capture_arrives_in_the_spec(one):
    option, value = other(one)
    for command in (PARSE, ["capture"]):
        arguments = make_parser().parse_args([*command, *option])
        assert capture_of(arguments) == replace(CaptureSettings(), **{one.name: value})


@pytest.mark.parametrize("one", setting_fields(ParsingSettings), ids=lambda one: one.name)
def test_every_setting_of_the_parsing_arrives_in_the_spec(one):
    option, value = other(one)
    found = parsing_of(make_parser().parse_args([*PARSE, *option]))
    expected = ParsingSettings() if one.name != "preset" else PRESETS["draft"]
    assert found == replace(expected, **{one.name: value})


@pytest.mark.parametrize(
    "one",
    [one for one in setting_fields(ParsingSettings) if one.about.stage == "labels"],
    ids=lambda one: one.name,
)
def test_what_only_labels_depend_on_can_be_changed_on_a_finished_job(one):
    option, value = other(one)
    arguments = make_parser().parse_args(["label", "job", "--parts", "head", *option])
    draft = PRESETS["draft"]
    assert relabelling_of(arguments, draft) == replace(draft, **{one.name: value})


@pytest.mark.parametrize("one", setting_fields(FrameSelection), ids=lambda one: one.name)
def test_every_setting_of_the_frames_arrives_in_the_spec(one):
    arguments = make_parser().parse_args([*PARSE, "--frames", "4-19/3", "--keyframes", "2"])
    expected = {"start": 4, "end": 19, "step": 3, "keyframes": 2}
    assert getattr(frames_of(arguments, FrameSelection()), one.name) == expected[one.name]


def test_a_preset_is_kept_where_nothing_else_is_given():
    arguments = make_parser().parse_args([*PARSE, "--preset", "paper", "--key-views", "2"])
    assert parsing_of(arguments) == replace(PRESETS["paper"], key_views=2)


def test_evidence_is_some_of_what_there_is(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args([*PARSE, "--evidence", "sight,smell"])
    assert "'sight,smell' is not some of sight, names, bones" in capsys.readouterr().err


def test_the_help_names_every_encoder_and_can_be_printed_anywhere(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(["parse", "--help"])
    said = capsys.readouterr().out
    assert all(row.name in said for row in implementations("encoder"))
    assert said.isascii()


def test_several_files_are_a_sequence_and_no_file_is_the_open_one():
    assert make_parser().parse_args(["capture", "a.ply", "b.ply"]).scene == [
        Path("a.ply"),
        Path("b.ply"),
    ]
    assert make_parser().parse_args(["capture"]).scene == []


@pytest.mark.parametrize("name", ["parse", "capture", "label", "apply", "clear", "report"])
def test_every_command_takes_json_and_quiet(name):
    job = ["job"] if name in ("label", "apply", "report") else []
    parts = ["--parts", "head"] if name in ("parse", "label") else []
    arguments = make_parser().parse_args([name, *job, *parts, "--json", "--quiet"])
    assert arguments.json and arguments.quiet and arguments.command == name
