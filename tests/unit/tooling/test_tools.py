# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[3] / "tools"
sys.path.insert(0, str(TOOLS))

import run_tests
import setup_env
import system_libraries
from pythons import find_python
from run_tests import Outcome, Task, make_tasks

from core.installing.failures import MissingEnvironment
from core.installing.pins import pinned

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = {"5.0": Path("/env/5.0/python"), "4.2": Path("/env/4.2/python")}


def options(*files: Path, k: str = "", fast: bool = False) -> argparse.Namespace:
    return argparse.Namespace(files=list(files), k=k, fast=fast, no_lint=False)


def test_the_running_python_is_found_without_its_environment():
    found = find_python(RUNNING)
    assert found is not None and not Path(found).is_relative_to(sys.prefix)
    assert find_python("2.1") is None


def test_without_a_fitting_python_it_says_which(monkeypatch):
    monkeypatch.setattr(setup_env, "find_python", lambda version: None)
    with pytest.raises(MissingEnvironment, match=r"Neither Python 3\.11 nor Python 3\.13"):
        setup_env.available()
    with pytest.raises(MissingEnvironment, match=r"Blender 4\.2 needs Python 3\.11"):
        setup_env.installer("4.2")
    with pytest.raises(MissingEnvironment, match=r"no environment for Blender 1\.0"):
        setup_env.environment("1.0")


@pytest.mark.parametrize(
    ("pythons", "expected"),
    [
        ({"3.11"}, ["5.0", "4.2", "4.5"]),
        ({"3.13"}, ["5.2"]),
        ({"3.11", "3.13"}, ["5.0", "4.2", "4.5"]),
    ],
)
def test_the_versions_follow_from_the_pythons(monkeypatch, pythons, expected):
    monkeypatch.setattr(setup_env, "find_python", lambda v: v if v in pythons else None)
    assert setup_env.available() == expected


@pytest.mark.parametrize("blender", setup_env.PYTHON_OF)
def test_every_requirement_is_an_exact_version(blender):
    path = setup_env.REPOSITORY / "requirements" / f"bpy-{blender}.txt"
    lines = [x for x in path.read_text().splitlines() if x and x[0] != "#"]
    assert [x.lower() for x in lines] == pinned(path)
    assert any(x.startswith(f"bpy=={blender}.") for x in lines)


@pytest.mark.skipif(os.name != "posix", reason="Linux libraries")
@pytest.mark.parametrize("root", [True, False])
def test_a_missing_system_library_is_named_with_the_command(monkeypatch, tmp_path, root):
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\necho 'ImportError: libSM.so.6: cannot open shared object file: No such' >&2\n"
        "exit 1\n"
    )
    python.chmod(0o755)
    calls = tmp_path / "calls"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(system_libraries.os, "geteuid", lambda: 0 if root else 1000)
    sentence = "still cannot be loaded" if root else r"libSM\.so\.6\. Run: sudo apt-get install"
    with pytest.raises(MissingEnvironment, match=sentence):
        system_libraries.ensure_bpy_imports(python, lambda line: None)
    assert calls.exists() == root and (not root or "libsm6" in calls.read_text())


def test_unit_tests_run_once_and_blender_files_under_every_version():
    tasks = make_tasks(PYTHONS, options())
    names = [t.name for t in tasks]
    assert names[:4] == ["format", "lint", "types", "5.0 tests/unit"]
    blender = [t for t in tasks if "tests/blender/" in t.name]
    assert blender and {t.name.split()[0] for t in blender} == {"4.2", "5.0"}
    assert all(t.command[0].endswith(f"{t.name[:3]}/python") for t in blender)


def test_the_choice_of_files_and_tests_is_passed_on():
    job = setup_env.REPOSITORY / "tests" / "unit" / "job"
    (task,) = make_tasks(PYTHONS, options(job, k="lock", fast=True))
    assert task.command[-5:] == ("-k", "lock", "-m", "not slow", str(job))


@pytest.fixture
def logs(monkeypatch, tmp_path) -> Path:
    monkeypatch.setattr(run_tests, "LOGS", tmp_path)
    return tmp_path


def run_code(code: str, timeout: float = 60) -> Outcome:
    return run_tests.run(Task("a task", (sys.executable, "-c", code), False), timeout)


def test_a_process_that_hangs_is_ended_with_its_children(logs):
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    outcome = run_code(code, timeout=2)
    assert outcome.status is None and not outcome.passed and "TIME OUT" in outcome.line()
    if os.name == "posix":
        time.sleep(0.1)
        status = Path(f"/proc/{outcome.log.read_text().strip()}/stat")
        assert not status.exists() or " Z " in status.read_text()


def test_the_status_of_a_process_counts_and_its_log_is_kept(logs):
    outcome = run_code("print('hello'); raise SystemExit(1)")
    assert not outcome.passed and outcome.log.read_text() == "hello\n"
    assert "FAILED: a task" in run_tests.summary([outcome], 1)
    assert run_code("pass").passed


def test_the_counts_of_pytest_are_added_up(logs):
    log = logs / "x.log"
    log.write_text("1 failed in the text\n===== 2 failed, 31 passed, 1 skipped in 3.2s =====\n")
    outcome = Outcome(Task("x", ()), 1, 3.2, log)
    assert outcome.counts() == {"failed": 2, "passed": 31, "skipped": 1}
    assert "62 passed" in run_tests.summary([outcome, outcome], 1)


def test_no_tests_in_a_file_is_no_failure_but_a_crash_is(logs):
    log = logs / "x.log"
    log.write_text("no tests ran in 0.1s\n")
    assert Outcome(Task("x", ()), 5, 1, log).passed
    assert not Outcome(Task("x", ()), -11, 1, log).passed
