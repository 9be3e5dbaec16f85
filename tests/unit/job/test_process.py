# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import INTERNAL, CancelledError, ErrorKind, InputError, JobError, exit_status
from core.job import process
from core.job.child_side import TEMPORARY_MARK
from core.job.messages import PROTOCOL_VERSION, Message
from core.job.process import ChildProcess, run_program
from core.job.silence import Silence

TOYS = Path(__file__).with_name("toys.py")
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def start(tmp_path, toy):
    children = []

    def start(*arguments: object) -> ChildProcess:
        child = ChildProcess(toy(*arguments), tmp_path / "logs" / "toy.log")
        children.append(child)
        return child

    yield start
    for child in children:
        child.close()


def drain(child: ChildProcess, seconds: float = 20) -> list[Message]:
    messages: list[Message] = []
    deadline = time.monotonic() + seconds
    while not child.finished:
        assert time.monotonic() < deadline
        child.tick()
        messages += child.messages()
        time.sleep(0.01)
    return messages + child.messages()


def wait_for(child: ChildProcess, kind: str) -> None:
    deadline = time.monotonic() + 10
    while not any(m.type == kind for m in child.messages()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_a_child_leaves_in_its_temporary_folder_goes_but_an_account_of_a_crash(
    start, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    child = start("litter", "blender_a1b2c3", "untitled.crash.txt")
    drain(child)
    child.close()
    assert child.failure() is None
    assert list((tmp_path / "temporary").iterdir()) == []
    assert sorted(p.name for p in (tmp_path / "logs").iterdir()) == [
        "toy.log",
        "untitled.crash.txt",
    ]


def test_a_child_whose_parent_is_gone_removes_its_temporary_folder_itself(toy, tmp_path):
    place = tmp_path / "parts4d-x"
    (place / "blender_a1b2c3").mkdir(parents=True)
    (place / TEMPORARY_MARK).touch()
    environment = {**os.environ, "PARTS4D_TEMPORARY": str(place)}
    command = toy("deaf")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdout is not None and child.stdin is not None
        child.stdout.readline()
        child.stdin.close()
        child.wait(timeout=20)
    assert not place.exists() and tmp_path.exists()


def test_a_folder_that_a_variable_of_the_user_names_is_not_removed(toy, tmp_path):
    mine = tmp_path / "parts4d-films"
    (mine / "reel").mkdir(parents=True)
    environment = {**os.environ, "PARTS4D_TEMPORARY": str(mine)}
    with subprocess.Popen(
        toy("deaf"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as child:
        assert child.stdout is not None and child.stdin is not None
        child.stdout.readline()
        child.stdin.close()
        child.wait(timeout=20)
    assert (mine / "reel").exists()


@posix
def test_a_stopped_child_is_ended_with_a_sentence_though_nobody_cancels(start, monkeypatch):
    monkeypatch.setattr(process, "SILENCE", 1.5)
    child = start("deaf")
    wait_for(child, "log")
    os.kill(child.pid, signal.SIGSTOP)
    drain(child)
    assert re.search(r"'toy' showed no life.*ended\. Run again", str(child.failure()))
    assert child.failure().kind is ErrorKind.CRASHED


def test_a_child_that_lives_and_has_nothing_to_say_is_not_taken_for_stuck(start, monkeypatch):
    monkeypatch.setattr(process, "SILENCE", 2.0)
    child = start("quiet", 2.6)
    assert [m.type for m in drain(child)] == ["hello"]
    assert child.failure() is None


def test_time_in_which_the_parent_itself_did_not_run_is_no_silence(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    silence = Silence()
    silence.since("hello")
    now[0] = 10_000.0
    assert silence.since("hello") == 1.0
    now[0] += 0.5
    assert silence.since("hello") == 1.5
    assert silence.since("more") == 0.0


def test_prints_go_to_the_log_and_messages_arrive(start):
    child = start("noisy")
    messages = drain(child)
    assert child.failure() is None
    assert messages[0] == Message("hello", protocol=PROTOCOL_VERSION)
    assert [m.message for m in messages[1:]] == ["ünïcode \u2028 warning"]
    log = child.log.read_text("utf-8")
    for line in ("printed", "written to fd 1", "from a grandchild"):
        assert line in log and line in child.last_lines


def test_a_known_error_has_no_traceback_but_the_log_does(start):
    child = start("wrong")
    drain(child)
    failure = child.failure()
    assert isinstance(failure, InputError) and "Traceback" not in str(failure)
    assert "Traceback" in child.log.read_text()


def test_a_bug_is_one_sentence_that_points_to_the_log(start):
    child = start("bug")
    drain(child)
    failure = child.failure()
    assert failure.kind is ErrorKind.UNEXPECTED and exit_status(failure) == INTERNAL
    assert str(failure).startswith("Internal error, ZeroDivisionError: oh no. Report it with the")
    assert str(child.log) in str(failure) and "Traceback" in child.log.read_text()


def test_a_full_disk_in_a_child_is_a_sentence(start):
    child = start("full")
    drain(child)
    assert str(child.failure()).startswith("No disk space left. Free some space")


@posix
@pytest.mark.parametrize(
    ("number", "cause"),
    [(9, "memory ran out"), (11, r"crashed \(SIGSEGV\)"), (6, r"crashed \(SIGABRT\)"),
     (15, "was terminated")],
)  # fmt: skip
def test_a_crash_says_its_likely_cause_and_the_log(start, number, cause):
    child = start("crash", number)
    drain(child)
    with pytest.raises(JobError, match=rf"toy' .*{cause}.*Run again|{cause}.*run again"):
        raise child.failure()
    assert str(child.log) in str(child.failure())
    assert "about to crash" in child.last_lines


def test_cancel_is_observed_in_the_middle_of_the_work_without_force(start, monkeypatch):
    monkeypatch.setattr("core.job.process.TERMINATE_AFTER", math.inf)
    monkeypatch.setattr("core.job.process.KILL_AFTER", math.inf)
    child = start("wait")
    wait_for(child, "progress")
    child.cancel()
    messages = drain(child)
    assert messages[-1].type == "cancelled" and isinstance(child.failure(), CancelledError)
    assert max((m.done for m in messages), default=0) < 999, "the toy's last step"


@posix
@pytest.mark.slow
def test_a_child_deaf_to_cancel_is_terminated_and_if_it_is_stubborn_killed(start, monkeypatch):
    signals: list[str] = []

    def recording(name: str, tell: Callable[[], None]) -> Callable[[], None]:
        def told() -> None:
            signals.append(name)
            tell()

        return told

    deaf, stubborn = start("deaf"), start("stubborn")
    for child in (deaf, stubborn):
        wait_for(child, "log")
        for name in ("terminate", "kill"):
            tell = getattr(child._popen, name)
            monkeypatch.setattr(child._popen, name, recording(name, tell))
    monkeypatch.setattr("core.job.process.TERMINATE_AFTER", math.inf)
    monkeypatch.setattr("core.job.process.KILL_AFTER", math.inf)
    for child in (deaf, stubborn):
        child.cancel()
        child.tick()
        assert not child.finished and not signals, "it is given time to hear"

    monkeypatch.setattr("core.job.process.TERMINATE_AFTER", 0.0)
    drain(deaf)
    assert set(signals) == {"terminate"} and isinstance(deaf.failure(), CancelledError)
    stubborn.tick()
    assert not stubborn.finished
    monkeypatch.setattr("core.job.process.KILL_AFTER", 0.0)
    drain(stubborn)
    assert signals[-1] == "kill" and isinstance(stubborn.failure(), CancelledError)


@posix
def test_close_ends_a_running_child(start):
    child = start("stubborn")
    wait_for(child, "log")
    child.close()
    assert child.finished and child._popen.returncode != 0, "it did not come to its own end"


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(JobError, match="program /no/such/python could not be started"):
        ChildProcess(["/no/such/python"], tmp_path / "a.log")


def test_a_child_does_not_inherit_what_bends_its_python(start, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("TOY", "kept")
    messages = drain(start("environment", "PYTHONPATH", "PYTHONHOME", "TOY"))
    assert [m.message for m in messages if m.type == "log"] == [
        "PYTHONPATH=None", "PYTHONHOME=None", "TOY=kept",
    ]  # fmt: skip


def test_output_that_is_no_message_is_a_log_line(tmp_path):
    code = r"import sys; sys.stdout.buffer.write(b'Blender 4.2\n\xff\n{\"type\": \"log\"')"
    child = ChildProcess([sys.executable, "-c", code], tmp_path / "a.log")
    lines = [m.message for m in drain(child)]
    child.close()
    assert lines == ["Blender 4.2", "\ufffd", '{"type": "log"']
    assert child.failure() is None


def test_a_child_of_another_protocol_is_refused(tmp_path):
    code = 'print(\'{"type": "hello", "protocol": 999}\')'
    child = ChildProcess([sys.executable, "-c", code], tmp_path / "a.log")
    drain(child)
    child.close()
    assert "another version" in str(child.failure())


def test_a_program_started_by_hand_does_not_wait_for_a_parent(toy):
    done = subprocess.run(toy("lazy"), stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    assert done.returncode == 0 and b"hello" in done.stdout


def test_exit_statuses_tell_how_it_ended(toy):
    for name, status in (("lazy", 0), ("wrong", 3), ("bug", 1)):
        done = subprocess.run(toy(name), stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
        assert done.returncode == status


def test_a_child_leaves_when_its_parent_closes_the_pipe(toy):
    child = subprocess.Popen(toy("deaf"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None and child.stdin is not None
    child.stdout.readline()
    child.stdin.close()
    assert child.wait(5) == 4
    child.stdout.close()


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(JobError, match="longer than 1 s"):
        run_program(command, tmp_path / "sleep.log", limit=1)


def test_a_program_that_crashes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(JobError):
        run_program([sys.executable, "-c", "raise SystemExit(7)"], tmp_path / "crash.log")
    run_program([sys.executable, "-c", "pass"], tmp_path / "fine.log")
