# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at a chosen moment: at the n-th change of a file, or a little later.

Counted in changes, a moment is the same on every machine; and between changes a kill leaves on disk
what a kill at the next one leaves.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.unit.fuzz.attempts import Outcome, outcome_of, prepare

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"})
_LATER = 0.01  # seconds, at most
_MOST = 100_000  # changes, which nothing makes


@dataclass(frozen=True)
class Moment:
    """When a process dies."""

    change: int  # counted from 1
    later: float = 0.0  # seconds

    @classmethod
    def drawn(cls, chance: Random, changes: int) -> Moment:
        """Any of that many changes; every other time in the middle of what follows it."""
        later = chance.uniform(0, _LATER) if chance.random() < 0.5 else 0.0
        return cls(chance.randint(1, changes), later)


def run_until(moment: Moment, action: Callable[[], str], log: Path) -> bool:
    """Does `action` in a fork; returns whether it was killed. What else it comes to does not count:
    a run may end sooner than the one whose changes were counted."""
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        try:
            prepare(log)
            sys.addaudithook(_Watch(moment))
            outcome_of(action)
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, log.read_text("utf-8", "replace")
    return os.WIFSIGNALED(status)


def changes_in(action: Callable[[], str]) -> int:
    """How many changes `action` makes, which is done here and now, in a process of its own."""
    watch = _Watch(Moment(_MOST))
    sys.addaudithook(watch)
    action()
    return watch.seen


def whole(outcome: Outcome) -> str:
    """The answer of what must have gone well."""
    assert outcome.kind == "done", outcome
    return outcome.said


class _Watch:
    """Counts changes of files, and ends the process at one."""

    def __init__(self, moment: Moment) -> None:
        self.seen = 0
        self._moment = moment

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and _writes(*arguments)):
            self.seen += 1
            if self.seen == self._moment.change:
                threading.Thread(target=self._die).start() if self._moment.later else _kill()

    def _die(self) -> None:
        time.sleep(self._moment.later)
        _kill()


def _writes(path: object, mode: str | None, flags: int) -> bool:
    return bool(flags & _WRITING) and path not in (os.devnull, b"/dev/null")


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
