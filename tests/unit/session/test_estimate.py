# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will take, told before it starts."""

from __future__ import annotations

import pytest

from core.job.spec import CaptureSettings, FrameSelection
from core.session.estimate import seconds_of
from core.session.found_runs import Run


def run(preset: str, seconds: float, images: int) -> Run:
    return Run("", "hero", preset, 0.0, True, (), seconds=seconds, images=images)


def test_the_latest_run_of_the_preset_sets_the_pace():
    runs = [run("draft", 60, 10), run("paper", 900, 10), run("draft", 10, 10)]
    assert seconds_of("draft", 20, runs) == 120
    assert seconds_of("paper", 1, runs) == 90


def test_before_any_run_only_what_does_not_depend_on_the_hardware_is_told():
    small, large = seconds_of("embedded", 8, ()), seconds_of("embedded", 800, ())
    assert small and large and small < 10 < large
    assert seconds_of("paper", 8, [run("embedded", 5, 50)]) is None


def test_a_run_of_which_only_the_end_was_measured_does_not_promise_miracles():
    seconds = seconds_of("embedded", 100, [run("embedded", 0.01, 100)])
    assert seconds is not None and seconds > 1


def test_a_run_that_did_not_finish_tells_nothing():
    assert seconds_of("paper", 8, [run("paper", 0, 0)]) is None


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        (FrameSelection(1, 24), 24),
        (FrameSelection(1, 24, 5), 5),
        (FrameSelection(1, 24, keyframes=6), 6),
        (FrameSelection(1, 3, keyframes=6), 3),
    ],
)
def test_frames_are_counted_before_they_are_chosen(selection, count):
    assert selection.count == count


def test_cameras_of_all_rings_are_counted():
    assert CaptureSettings(azimuths=6, raised=(30.0, -20.0), top=True).view_count == 19
