# SPDX-License-Identifier: GPL-3.0-or-later
"""The installer seen from the side bar, with a small program in its place."""

from __future__ import annotations

import sys
import time

import pytest

from core.errors import ErrorKind, Failure
from core.session.setup import Setup

INSTALLER = """
import json, sys, time
def say(**message):
    print(json.dumps(message), flush=True)
command = sys.argv[1]
if command == "status":
    say(type="status",
        environments=[{"name": "full", "state": "ready", "path": "/x", "backend": "cpu",
                       "self_test": {"versions": {"torch": "2"}, "device_name": "CPU"}}],
        models=[{"name": "m", "title": "M", "state": "ready", "size": 5, "licence": "MIT",
                 "terms": "", "terms_accepted": False, "downloadable": True}])
elif command == "install":
    say(type="progress", message="Downloading torch", done=1, total=4)
    time.sleep(0.3)
    sys.stdin.read() if "wait" in sys.argv else None
    if "wait" in sys.argv:
        say(type="cancelled", message="Cancelled", remedy="Run again")
        sys.exit(4)
    say(type="done", stage="install full")
else:
    say(type="error", message="The disk is full", remedy="Free some space", code="environment")
    sys.exit(5)
"""


@pytest.fixture
def setup(tmp_path):
    path = tmp_path / "installer.py"
    path.write_text(INSTALLER)
    setup = Setup([sys.executable, "-u", str(path)], tmp_path / "setup.log")
    yield setup
    setup.close()


def poll(setup: Setup, until, seconds: float = 20) -> list[str]:
    texts = []
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline
        if setup.poll():
            texts.append(setup.state.text)
        time.sleep(0.01)
    return texts


def test_what_is_installed_is_asked_in_a_program_of_its_own(setup):
    assert not setup.state.known
    setup.refresh()
    poll(setup, lambda: not setup.busy)
    full = setup.state.environment("full")
    assert (full.state, full.tested) == ("ready", "torch 2, CPU")
    assert [(m.title, m.state) for m in setup.state.models] == [("M", "ready")]


def test_an_action_shows_its_progress_and_what_is_installed_after_it(setup):
    setup.run("Installing", ["install", "full"])
    assert setup.busy
    texts = poll(setup, lambda: not setup.busy)
    assert "Downloading torch" in texts
    assert setup.state.known and setup.state.action == "" and setup.state.failure is None


def test_a_failure_is_a_sentence_that_stays(setup):
    setup.run("Removing", ["remove", "full"])
    poll(setup, lambda: not setup.busy)
    said = Failure(ErrorKind.ENVIRONMENT, "The disk is full", "Free some space")
    assert setup.state.failure == said
    setup.forget_failure()
    assert setup.state.failure is None


def test_cancel_stops_what_runs_and_forgets_what_waits(setup):
    setup.run("Installing", ["install", "full", "wait"])
    setup.run("Removing", ["remove", "full"])
    poll(setup, lambda: setup.state.share == 0.25)
    setup.cancel()  # the installer waits for it, and would not end otherwise
    poll(setup, lambda: not setup.busy)
    assert setup.state.failure is None and setup.state.action == ""


def test_an_installer_that_cannot_be_started_says_so(tmp_path):
    setup = Setup([str(tmp_path / "nowhere")], tmp_path / "setup.log")
    setup.refresh()
    poll(setup, lambda: not setup.busy)
    failure = setup.state.failure
    assert failure is not None and failure.kind is ErrorKind.ENVIRONMENT
