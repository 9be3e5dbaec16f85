# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker seen from the run that needs it: one process a job, or one that stays warm."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ..errors import ErrorKind, JobError, Parts4DError
from .messages import Message, error_of
from .process import ChildProcess

SILENCE = 120.0  # seconds without a heartbeat after which a worker is taken for stuck
_ENDS = frozenset({"done", "error", "cancelled"})


class Task(Protocol):
    """Something that runs beside this process. Call `tick` often and read `messages`."""

    @property
    def name(self) -> str: ...

    @property
    def finished(self) -> bool:
        """Whether it has ended and all it said can be read."""
        ...

    def messages(self) -> list[Message]: ...

    def cancel(self) -> None: ...

    def tick(self) -> None: ...

    def failure(self) -> Parts4DError | None:
        """Why it failed once it is finished, or None."""
        ...

    def close(self) -> None:
        """Ends it if it still runs."""
        ...


class Worker(Protocol):
    """Parses captured job folders."""

    def start(self, job: Path, until: str, log: Path, pass_fds: Sequence[int]) -> Task:
        """Compute the stages after the capture up to `until`. Raises JobError."""
        ...


class OneShotWorker:
    """A process for every job: the command followed by the job folder and `--until STAGE`."""

    def __init__(self, command: Callable[[Path], list[str]]) -> None:
        self._command = command

    def start(self, job: Path, until: str, log: Path, pass_fds: Sequence[int]) -> ChildProcess:
        return ChildProcess([*self._command(job), "--until", until], log, pass_fds)


class WarmWorker:
    """One process for many jobs, one after another: models are loaded once.

    It is started with the first job, and anew when it has ended: by itself after idle minutes, or
    by a crash. Close it at the end.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command, "--serve"]
        self._process: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """Of the process, if it runs."""
        running = self._process is not None and not self._process.finished
        return self._process.pid if self._process is not None and running else None

    def start(self, job: Path, until: str, log: Path, pass_fds: Sequence[int]) -> WarmTask:
        # It holds a lock of its own in the folder: ours cannot be handed to a running process.
        return WarmTask(self, {"type": "run", "job": str(job), "until": until}, log)

    def request(self, document: dict[str, str], log: Path) -> ChildProcess:
        """The process, running and asked. Raises JobError when it cannot be started."""
        if self._process is None or self._process.finished:
            self.close()
            self._process = ChildProcess(self._command, log)
        self._process.request(document, log)
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None


class WarmTask:
    """One job in a warm worker."""

    name = "worker"

    def __init__(self, worker: WarmWorker, document: dict[str, str], log: Path) -> None:
        self._worker = worker
        self._document = document
        self._log = log
        self._pending: list[Message] = []
        self._end: Message | None = None
        self._accepted = self._stuck = False
        self._process = worker.request(document, log)

    @property
    def finished(self) -> bool:
        ended = self._process.finished  # before reading: nothing is said after the end
        self._read()
        if ended and self._end is None and not self._accepted and not self._stuck:
            # It left for idleness at the moment it was asked.
            self._accepted = True
            self._process = self._worker.request(self._document, self._log)
            return False
        return ended or self._end is not None

    def messages(self) -> list[Message]:
        self._read()
        messages, self._pending = self._pending, []
        return messages

    def cancel(self) -> None:
        self._process.cancel()

    def tick(self) -> None:
        self._process.tick()
        if time.monotonic() - self._process.heard > SILENCE and not self._stuck:
            self._stuck = True
            self._process.kill()

    def failure(self) -> Parts4DError | None:
        if self._end is not None and self._end.type == "done":
            return None
        if self._stuck:
            return self._crash("The worker stopped answering and was ended")
        if self._end is not None:
            return error_of(self._end, self._log)
        return self._process.failure() or self._crash("The worker ended in the middle of the job")

    def close(self) -> None:
        """A job that still runs takes the process with it; else the process stays warm."""
        if not self.finished:
            self._worker.close()

    def _crash(self, message: str) -> JobError:
        return JobError(message, "Run again to continue", ErrorKind.CRASHED, str(self._log))

    def _read(self) -> None:
        if self._end is not None:
            return
        for message in self._process.messages():
            if message.type == "accepted":
                self._accepted = True
            elif message.type in _ENDS:
                self._end = message
                return
            else:
                self._pending.append(message)
