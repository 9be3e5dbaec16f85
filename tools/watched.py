# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one process of the tests as long as it shows progress, and keeps all that it prints."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Seconds without a line in the log. pytest writes one for each test, so this is about a test.
SILENCE = 600.0

_LAST_WORDS = 10.0  # seconds that a process has to write where it is
_NO_TESTS = 5  # pytest's exit status
_COUNTS = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected)\b")
_TEST = re.compile(r"^(\S+\.py::.+?) *(?:(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)\b.*)?$", re.M)
RAN = ("passed", "failed", "error", "errors", "xfailed", "xpassed")


@dataclass(frozen=True)
class Task:
    """One process."""

    name: str
    command: tuple[str, ...]
    suite: str = ""  # of tests; empty: no pytest
    may_be_empty: bool = False  # a choice among the tests may leave none here
    seconds: float = 0.0  # expected; the longest start first


@dataclass(frozen=True)
class Outcome:
    """How a process ended."""

    task: Task
    status: int | None  # None: it was ended, for it showed no progress
    seconds: float
    log: Path

    @property
    def passed(self) -> bool:
        return self.status == 0 or (self.task.may_be_empty and self.status == _NO_TESTS)

    def text(self) -> str:
        """All that it printed."""
        return self.log.read_text("utf-8", "replace")

    def counts(self) -> dict[str, int]:
        """passed, failed, skipped, ... of pytest's last line."""
        lines = reversed(self.text().splitlines()) if self.task.suite else ()
        last = next((line for line in lines if _COUNTS.search(line)), "")
        return {word: int(number) for number, word in _COUNTS.findall(last)}

    def ran(self) -> int:
        """The tests that were not skipped."""
        counts = self.counts()
        return sum(counts.get(word, 0) for word in RAN)

    def line(self) -> str:
        """For people, when it has ended."""
        if self.status is None:
            verdict = "STUCK"
        else:
            verdict = "ok" if self.passed else "FAILED"
        counts = ", ".join(f"{n} {word}" for word, n in self.counts().items())
        if self.status is None:
            counts = f"no progress in {last_test(self.text()) or 'its start'}"
        return f"{verdict:8} {self.task.name:44} {self.seconds:6.1f} s  {counts}"


def run(
    task: Task, log: Path, folder: Path, variables: Mapping[str, str], silence: float = SILENCE
) -> Outcome:
    """One process in `folder`, ended with all its children when its log does not grow any more."""
    log.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    with open(log, "wb") as stream:
        process = subprocess.Popen(
            task.command,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **variables},
            start_new_session=True,
        )
        status = _wait(process, log, silence)
        if status is None:
            _end(process)
    return Outcome(task, status, time.monotonic() - start, log)


def last_test(text: str) -> str:
    """The last test that a log names; pytest names it when it starts. Empty without any."""
    found = _TEST.findall(text)
    return found[-1] if found else ""


def _wait(process: subprocess.Popen[bytes], log: Path, silence: float) -> int | None:
    """The status; None when the log has not grown for so many seconds."""
    size, since = -1, time.monotonic()
    while True:
        try:
            return process.wait(min(1.0, silence))
        except subprocess.TimeoutExpired:
            grown = log.stat().st_size
        if grown != size:
            size, since = grown, time.monotonic()
        elif time.monotonic() - since >= silence:
            return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Python writes where all threads are when it is aborted with `-X faulthandler`."""
    if sys.platform == "win32":
        process.kill()
        process.wait()
        return
    process.send_signal(signal.SIGABRT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_LAST_WORDS)
    with contextlib.suppress(ProcessLookupError):  # it may have left no child
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
