# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the tasks of a plan on this machine, several at a time, each in a program of its own.

A task that fails takes only those along that need it. When this process ends, however it ends, the
programs leave too: their standard input closes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import CancelledError, ErrorKind, Failure, JobError, Parts4DError
from ..files.lock import FolderLock
from ..job.messages import Message
from ..job.process import ChildProcess
from .marks import is_done, log_path, mark_done, mark_failed, request_path
from .schedule import BatchProgress, Status, blocked, is_worth_a_retry, startable, time_left
from .tasks import Plan, Task, TaskKind

_TICK = 0.02  # seconds between looks at the programs
Command = Callable[[Path], list[str]]  # from the path of a request


@dataclass(frozen=True)
class RunOptions:
    """How a batch is run; changes nothing in its images."""

    processes: int = 1  # programs side by side
    retries: int = 1  # further attempts of a task that failed for no lasting reason


@dataclass(frozen=True)
class Report:
    """What became of a run."""

    done: tuple[str, ...]  # ids of tasks that this run did
    kept: tuple[str, ...]  # that were done before
    failed: Mapping[str, Failure]
    blocked: tuple[str, ...]  # left out, for what they need failed


def run_plan(
    plan: Plan,
    commands: Mapping[TaskKind, Command],
    options: RunOptions = RunOptions(),
    emit: Callable[[Message | BatchProgress], None] = lambda said: None,
    is_cancelled: Callable[[], bool] = lambda: False,
    lock: FolderLock | None = None,
) -> Report:
    """Does every task that is not done. The plan must have been written (`write_plan`).

    Blocks; `emit` is called in this thread: "stage" messages by task, warnings, progress. `lock` is
    that of `batch_lock` where it is held already. Raises CancelledError after Cancel, JobError when
    another process runs the same batch.
    """
    with lock or FolderLock(plan.root / "batch.lock") as held:
        pool = _Pool(plan, commands, options, emit, held)
        try:
            pool.run(is_cancelled)
        finally:
            pool.close()
    return pool.report()


class _Pool:
    def __init__(
        self,
        plan: Plan,
        commands: Mapping[TaskKind, Command],
        options: RunOptions,
        emit: Callable[[Message | BatchProgress], None],
        lock: FolderLock,
    ) -> None:
        self._plan, self._commands, self._options = plan, commands, options
        self._emit, self._lock = emit, lock
        self._status: dict[str, Status] = {}
        for task in plan.tasks:
            self._status[task.id] = "done" if is_done(plan.root, task) else "waiting"
        self._kept = tuple(t.id for t in plan.tasks if self._status[t.id] == "done")
        self._running: dict[str, ChildProcess] = {}
        self._share: dict[str, float] = {}  # of a running task that is done
        self._attempts: dict[str, int] = {}
        self._begun: dict[str, float] = {}
        self._failures: dict[str, Failure] = {}
        self._start = time.monotonic()
        self._done_before = self._images_done()

    def run(self, is_cancelled: Callable[[], bool]) -> None:
        while not is_cancelled():
            for task in blocked(self._plan.tasks, self._status):
                self._status[task.id] = "blocked"
            for task in startable(self._plan.tasks, self._status):
                if len(self._running) < self._options.processes:
                    self._begin(task)
            if not self._running and not startable(self._plan.tasks, self._status):
                if not blocked(self._plan.tasks, self._status):
                    return
                continue
            time.sleep(_TICK)
            for name in tuple(self._running):
                self._look_after(self._plan.by_id[name])
        self._cancel()
        raise CancelledError(remedy="Run the batch again to continue")

    def close(self) -> None:
        for child in self._running.values():
            child.close()

    def report(self) -> Report:
        ids = [task.id for task in self._plan.tasks]
        done = [i for i in ids if self._status[i] == "done" and i not in self._kept]
        left_out = [i for i in ids if self._status[i] == "blocked"]
        return Report(tuple(done), self._kept, self._failures, tuple(left_out))

    def _begin(self, task: Task) -> None:
        command = self._commands[task.kind](request_path(self._plan.root, task))
        self._attempts[task.id] = self._attempts.get(task.id, 0) + 1
        self._share[task.id] = 0.0
        self._begun[task.id] = time.monotonic()
        log = log_path(self._plan.root, task)
        try:
            self._running[task.id] = ChildProcess(command, log, self._lock.inheritable)
        except Parts4DError as error:
            self._fail(task, error)
            return
        self._status[task.id] = "running"
        self._say(task, "started")

    def _look_after(self, task: Task) -> None:
        child = self._running[task.id]
        finished = child.finished  # asked first: what it said last is then read below
        for message in child.messages():
            if message.type == "progress" and message.total:
                overall = message.overall if message.overall >= 0 else message.done / message.total
                self._share[task.id] = min(overall, 1.0)
                self._progress()
            elif message.type == "warning":
                text = f"{task.id}: {message.message}"
                self._emit(Message("warning", stage=task.id, message=text))
        if finished:
            del self._running[task.id]
            failure = child.failure()
            child.close()
            self._end(task, failure)

    def _end(self, task: Task, error: Parts4DError | None) -> None:
        self._share.pop(task.id)
        if error is None:
            error = self._accept(task)
        if error is not None:
            self._fail(task, error)
            return
        self._status[task.id] = "done"
        self._say(task, "finished", time.monotonic() - self._begun[task.id])
        self._progress()

    def _accept(self, task: Task) -> Parts4DError | None:
        """What is wrong with a task whose program ended well."""
        try:
            mark_done(self._plan.root, task)
        except Parts4DError as error:
            return error
        if is_done(self._plan.root, task):
            return None
        return JobError(
            f"{task.id} ended without all its files",
            "Run the batch again",
            ErrorKind.CRASHED,
            str(log_path(self._plan.root, task)),
        )

    def _fail(self, task: Task, error: Parts4DError) -> None:
        self._share.pop(task.id, None)
        attempts = self._attempts[task.id]
        if is_worth_a_retry(error.kind) and attempts <= self._options.retries:
            self._status[task.id] = "waiting"
            text = f"{task.id}: {error.failure.advice} It is tried again."
            self._emit(Message("warning", stage=task.id, message=text))
            return
        self._status[task.id] = "failed"
        self._failures[task.id] = error.failure
        mark_failed(self._plan.root, task, error.failure, attempts)
        text = f"{task.id} failed: {error.failure}"
        self._emit(Message("warning", stage=task.id, message=text))
        self._progress()

    def _cancel(self) -> None:
        for child in self._running.values():
            child.cancel()
        while any(not child.finished for child in self._running.values()):
            for child in self._running.values():
                child.tick()
            time.sleep(_TICK)

    def _say(self, task: Task, state: str, seconds: float = 0.0) -> None:
        self._emit(Message("stage", stage=task.id, state=state, seconds=round(seconds, 3)))

    def _images_done(self) -> float:
        return sum(
            task.images * (1.0 if self._status[task.id] == "done" else self._share.get(task.id, 0))
            for task in self._plan.tasks
        )

    def _progress(self) -> None:
        done, total = self._images_done(), sum(task.images for task in self._plan.tasks)
        elapsed = time.monotonic() - self._start
        lost = sum(s in ("failed", "blocked") for s in self._status.values())
        left = time_left(self._done_before, done, total, elapsed)
        self._emit(BatchProgress(done, total, len(self._running), lost, left))
