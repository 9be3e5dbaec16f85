# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from core.errors import CancelledError
from core.installing.failures import MissingEnvironment
from core.installing.processes import Given, clean_environment, has_modules, run_tool


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_the_lines_of_a_program_are_told_and_returned():
    told: list[str] = []
    assert run_tool(python("print('a'); print('b')"), told.append) == ["a", "b"] == told


def test_a_program_that_fails_becomes_a_sentence():
    with pytest.raises(MissingEnvironment, match="The disk is full"):
        run_tool(python("raise SystemExit('No space left on device')"))
    with pytest.raises(MissingEnvironment, match="could not be started"):
        run_tool(["/no/such/program"])


@pytest.mark.parametrize("code", ["import os", "import os; os.close(1); os.close(2)"])
def test_a_program_that_shows_no_life_is_ended_with_a_sentence(monkeypatch, code):
    monkeypatch.setattr("core.installing.processes.SILENCE", 0.3)
    with pytest.raises(MissingEnvironment, match=r"showed no life.*ended\. Try again"):
        run_tool(python(f"{code}; import time; time.sleep(60)"))


def is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and " Z " not in status.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("error", [CancelledError, KeyboardInterrupt])
def test_a_cancelled_program_ends_at_once_with_all_it_started(tmp_path, error):
    came_to_its_end = tmp_path / "end"
    code = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)\n"
        f"pathlib.Path({str(came_to_its_end)!r}).touch()"
    )
    started: list[int] = []

    def cancelled() -> bool:
        if started and error is KeyboardInterrupt:
            raise KeyboardInterrupt
        return bool(started)

    def note(line: str) -> None:
        started.append(int(line))

    with pytest.raises(error):
        run_tool(python(code), note, cancelled)
    assert not came_to_its_end.exists()
    while is_running(started[0]):  # it was sent its signal; the system takes a moment
        time.sleep(0.02)
    assert not came_to_its_end.exists()


def test_a_program_that_says_nothing_is_asked_after_again_and_again(monkeypatch, tmp_path):
    monkeypatch.setattr("core.installing.processes._TICK", 0.1)
    enough, ticks = tmp_path / "enough", []

    def tick() -> None:
        ticks.append(enough.exists())
        if len(ticks) == 3:
            enough.touch()

    wait = f"import os, time\nwhile not os.path.exists({str(enough)!r}): time.sleep(0.02)"
    run_tool(python(wait), on_tick=tick)
    assert ticks[:3] == [False] * 3


def test_settings_that_lead_packages_elsewhere_are_left_out(monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    clean = clean_environment()
    assert "PIP_TARGET" not in clean and "PYTHONPATH" not in clean
    assert clean["HTTPS_PROXY"] and clean["PIP_INDEX_URL"]
    code = "import os; print(os.environ.get('PIP_TARGET'), os.environ['X'])"
    assert run_tool(python(code), given=Given({"X": "1"})) == ["None 1"]


def test_modules_are_looked_for_in_another_python():
    assert has_modules(sys.executable, ("json", "os"))
    assert not has_modules(sys.executable, ("no_such_module",))
    assert not has_modules("/no/such/python", ("json",))
