# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from watched import Outcome, Task, last_test, run

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "a.log"


def run_code(code: str, log: Path, silence: float = 60) -> Outcome:
    command = (sys.executable, "-X", "faulthandler", "-c", code)
    return run(Task("a task", command), log, log.parents[1], {"TOLD": "hello"}, silence)


def test_a_process_without_progress_is_ended_with_its_children_and_says_where_it_was(log):
    code = (
        "import subprocess, sys, time\n"
        "def waits_for_ever():\n    time.sleep(60)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\nwaits_for_ever()"
    )
    outcome = run_code(code, log, silence=2)
    assert outcome.status is None and not outcome.passed
    assert "STUCK" in outcome.line() and "no progress in its start" in outcome.line()
    child, _, traceback = outcome.text().partition("\n")
    if os.name == "posix":
        assert "in waits_for_ever" in traceback
        time.sleep(0.1)
        status = Path(f"/proc/{child}/stat")
        assert not status.exists() or " Z " in status.read_text()


@pytest.mark.slow
def test_a_process_may_take_long_while_it_shows_progress(log):
    code = "import time\nfor i in range(8):\n    print(i, flush=True)\n    time.sleep(0.5)"
    outcome = run_code(code, log, silence=3)
    assert outcome.status == 0 and outcome.seconds > 3 and outcome.text().split()[-1] == "7"


@pytest.mark.slow
def test_a_test_that_hangs_is_named_and_shown(log):
    test = log.parents[1] / "test_slow.py"
    test.write_text(
        "import time\ndef test_that_is_quick(): pass\n"
        "def test_that_hangs():\n    time.sleep(60)  # here\n"
    )
    options = ("-v", "-p", "no:cacheprovider", "--rootdir", str(test.parent), "test_slow.py")
    command = (sys.executable, "-X", "faulthandler", "-m", "pytest", *options)
    outcome = run(Task("slow", command, "unit"), log, test.parent, {}, silence=10)
    assert outcome.status is None
    assert "no progress in test_slow.py::test_that_hangs" in outcome.line()
    assert 'test_slow.py", line 4 in test_that_hangs' in outcome.text()


def test_the_status_of_a_process_counts_and_its_log_is_kept(log):
    outcome = run_code("import os; print(os.environ['TOLD']); raise SystemExit(1)", log)
    assert not outcome.passed and outcome.text() == "hello\n" and "FAILED" in outcome.line()
    assert run_code("pass", log).passed


def test_the_counts_of_pytest_are_read(log):
    log.parent.mkdir()
    log.write_text("1 failed in the text\n==== 2 failed, 31 passed, 1 skipped in 3.2s ====\n")
    outcome = Outcome(Task("x", (), "unit"), 1, 3.2, log)
    assert outcome.counts() == {"failed": 2, "passed": 31, "skipped": 1} and outcome.ran() == 33
    assert Outcome(Task("x", ()), 1, 3.2, log).counts() == {}


def test_a_process_without_tests_has_failed_unless_only_some_were_asked_for(log):
    log.parent.mkdir()
    log.write_text("no tests ran in 0.1s\n")
    assert not Outcome(Task("x", (), "unit"), 5, 1, log).passed
    assert Outcome(Task("x", (), "unit", may_be_empty=True), 5, 1, log).passed
    assert not Outcome(Task("x", (), "unit", may_be_empty=True), -11, 1, log).passed


def test_the_last_test_of_a_log_is_the_one_that_runs():
    text = (
        "a/test_x.py::test_one PASSED    [ 1%]\na/test_x.py::test_two[a b] FAILED  [ 2%]\n"
        "a/test_x.py::test_three[c] "
    )
    assert last_test(text) == "a/test_x.py::test_three[c]"
    assert last_test(text.rpartition("\n")[0]) == "a/test_x.py::test_two[a b]"
    assert last_test("collecting ...") == ""
