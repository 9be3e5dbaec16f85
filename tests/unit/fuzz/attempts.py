# SPDX-License-Identifier: GPL-3.0-or-later
"""An attempt in a process of its own: whatever it does, the tests go on and know how it ended."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from core.errors import ErrorKind, Parts4DError

PATIENCE = 60.0  # seconds; an attempt takes one
_MORE_MEMORY = 200 * 2**20  # bytes beyond what this process had at most: all files are tiny
_MOST_ADDRESSES = 3 * 2**30  # bytes beyond those of this process, so that the machine survives
_CAPABILITIES = 0x20080522  # version of the kernel's structures


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: well (then `said` is its answer), with a sentence, or not as it may."""

    kind: str  # "done", "sentence" or "fault"
    said: str = ""
    remedy: str = ""
    error: str = ""  # the kind of error

    @property
    def says_to_run_again(self) -> bool:
        return self.kind == "sentence" and "run" in self.remedy.lower() and "again" in self.remedy


def attempt(action: Callable[[], str], log: Path) -> Outcome:
    """Does `action` in a fork of this process, which may be killed, hang, or eat all memory."""
    reading, writing = os.pipe()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    gc.freeze()  # the child does not touch, and so copy, what is there
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            prepare(log)
            answer = json.dumps(asdict(outcome_of(action))).encode()
            with os.fdopen(writing, "wb") as stream:
                stream.write(answer)
        finally:
            os._exit(0)
    os.close(writing)
    answer, in_time = _read(reading, time.monotonic() + PATIENCE)
    if not in_time:
        os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    if not in_time:
        return Outcome("fault", f"It hung for {PATIENCE:.0f} seconds")
    if os.WIFSIGNALED(status):
        return Outcome("fault", f"It crashed: {signal.Signals(os.WTERMSIG(status)).name}")
    if usage.ru_maxrss * 1024 > before + _MORE_MEMORY:
        used = (usage.ru_maxrss * 1024 - before) / 2**20
        return Outcome("fault", f"It took {used:.0f} MB of memory")
    return Outcome(**json.loads(answer))


def outcome_of(action: Callable[[], str]) -> Outcome:
    """What `action` answers, or the error as a user would see it."""
    try:
        return Outcome("done", action())
    except Parts4DError as error:
        kind = error.kind.value
        if error.kind is ErrorKind.OUT_OF_MEMORY:
            return Outcome("fault", "It took all the memory there is")
        if error.kind is ErrorKind.UNEXPECTED or "Internal error" in str(error):
            traceback.print_exception(error)
            return Outcome("fault", f"An internal error: {error}")
        if flaw := flaw_of(str(error)):
            return Outcome("fault", f"A sentence that {flaw}: {error!s:.500}")
        return Outcome("sentence", error.message, error.remedy, kind)
    except BaseException as error:
        traceback.print_exception(error)
        where = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error}"[:200]
        return Outcome("fault", f"{said} ({Path(where.filename).name}:{where.lineno})")


def flaw_of(sentence: str) -> str:
    """What is wrong with the words of an error, if anything."""
    if any(not c.isprintable() for c in sentence):
        return "holds control characters"
    if "Traceback" in sentence:
        return "holds a traceback"
    if len(sentence) > 600:
        return f"is {len(sentence)} characters long"
    if not sentence.endswith("."):
        return "is no sentence"
    return ""


def _read(file: int, deadline: float) -> tuple[bytes, bool]:
    """All of a pipe, and whether it ended in time."""
    answer = b""
    with os.fdopen(file, "rb", buffering=0) as stream:
        while True:
            ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
            if not ready:
                return answer, False
            if not (piece := stream.read(65536)):
                return answer, True
            answer += piece


def prepare(log: Path) -> None:
    """In a fork: what it prints goes to `log`, and it cannot harm the machine."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(old, new)
    sys.stdout = sys.stderr = os.fdopen(file, "w", encoding="utf-8", buffering=1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + _MOST_ADDRESSES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if os.geteuid() == 0:
        _be_an_ordinary_user()


def _be_an_ordinary_user() -> None:
    """Gives up what lets root read and write files that are forbidden to everybody."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    none = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "the capabilities of root are still there")
