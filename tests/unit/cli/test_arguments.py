# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cli.arguments import frame_selection, make_parser
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
    capture, parsing = CaptureSettings(), ParsingSettings()
    assert arguments.views == capture.azimuths
    assert arguments.resolution == capture.resolution
    assert arguments.elevation == capture.elevation
    assert (tuple(arguments.raised), arguments.top, arguments.bottom) == ((), False, False)
    assert (arguments.engine, arguments.lens) == (capture.engine, capture.lens)
    assert arguments.preset == parsing.preset
    assert (arguments.key_frames, arguments.threshold, arguments.equalise) == (None, None, None)
    assert arguments.frames is None and arguments.job is None and arguments.character is None


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
