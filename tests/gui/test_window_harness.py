# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window tests themselves promise."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from tests.gui.window import Window


def test_the_probe_sees_who_blocks_the_window(window: Window) -> None:
    seconds = 1.5
    outcome = window.run("harness.idle_and_block", seconds=seconds)
    idle, blocked, own = outcome.all("gap")
    assert seconds <= blocked["others"] < seconds + 1.0 and blocked["own"] < 0.1
    assert idle["others"] < 0.4, "software drawing on a busy machine"
    assert own["others"] < 0.4, "what the scenario does is not counted"


def test_an_error_while_drawing_fails_the_run(window: Window) -> None:
    outcome = window.run("harness.failing_panel", check=False)
    assert outcome.status == 0
    problems = "\n".join(outcome.problems)
    assert "drawn on purpose" in problems
    assert "unknown operator 'harness.unknown'" in problems
    assert "HARNESS_MT_unknown" in problems


def test_a_scenario_that_waits_in_vain_says_for_what(window: Window) -> None:
    outcome = window.run("harness.waiting_in_vain", check=False)
    assert "a miracle" in outcome.problems[0]
    assert (outcome.folder / "failed.png").exists()


def test_a_blender_that_hangs_is_ended_with_all_it_started(window: Window) -> None:
    outcome = window.run("harness.never_ending", check=False, timeout=40)
    assert outcome.status is None and "out of time" in outcome.problems[0]
    assert outcome.all("started"), "it was given enough time to start"
    deadline = time.monotonic() + 5
    while left := _processes_of(window):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _processes_of(window: Window) -> list[str]:
    """Command lines of running processes that were told of the user folder."""
    found = []
    sign = os.fsencode(window.resources)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            arguments = (process / "cmdline").read_bytes()
            if sign in arguments + (process / "environ").read_bytes():
                found.append(arguments.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
