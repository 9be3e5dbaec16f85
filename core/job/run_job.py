# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a job: capture in several processes side by side, then the worker for the rest."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import overload

from ..errors import CancelledError, ErrorKind, InputError, JobError, Parts4DError
from ..files.lock import FolderLock
from ..files.reading import DamagedFile
from .choices import needs_torch
from .disk_space import check_free_space
from .folder import JobFolder
from .label_files import LabelFiles, Result
from .messages import EventLog, Message, message_of
from .process import ChildProcess
from .progress import OverallProgress
from .spec import JobSpec
from .stage_marks import StageStore, stage_keys
from .stages import STAGES
from .workers import Task, Worker

CaptureCommand = Callable[[Path, int, int], list[str]]  # job folder, shard index, shard count
OnEvent = Callable[[Message], None]
ShouldCancel = Callable[[], bool]

_POLL_INTERVAL = 0.02  # seconds
_MAX_DEFAULT_PROCESSES = 4


@overload
def run_job(
    folder: JobFolder,
    capture_command: CaptureCommand,
    worker: Worker,
    on_event: OnEvent = ...,
    should_cancel: ShouldCancel = ...,
    stages_until: None = None,
) -> Result: ...
@overload
def run_job(
    folder: JobFolder,
    capture_command: CaptureCommand,
    worker: Worker,
    on_event: OnEvent = ...,
    should_cancel: ShouldCancel = ...,
    stages_until: str | None = ...,
) -> Result | None: ...
def run_job(
    folder: JobFolder,
    capture_command: CaptureCommand,
    worker: Worker,
    on_event: OnEvent = lambda message: None,
    should_cancel: ShouldCancel = lambda: False,
    stages_until: str | None = None,
) -> Result | None:
    """Runs every stage that is not finished and returns the result.

    Blocks; `on_event` is called in this thread, with `overall` filled in for progress.
    `should_cancel` is asked many times a second. With `stages_until` the run stops after that
    stage; None is returned if that is before "labels".

    Raises CancelledError after Cancel, InputError for an invalid spec or a missing scene, JobError
    for a busy or damaged folder, a full disk or a child that crashed. All finished stages are kept.
    """
    stages = STAGES[: STAGES.index(stages_until) + 1] if stages_until else STAGES
    with folder.lock() as lock:
        run = _Run(folder, lock, on_event, should_cancel)
        try:
            run.all_stages(stages, capture_command, worker)
        except Parts4DError as error:
            run.tell(message_of(error))
            if not isinstance(error, InputError | CancelledError):
                run.discard_damaged()
            raise
        except KeyboardInterrupt:
            run.tell(message_of(CancelledError()))
            raise
    return LabelFiles(folder.path).read_result() if stages[-1] == "labels" else None


def shard_count(spec: JobSpec) -> int:
    """How many capture processes run side by side."""
    most = min(os.cpu_count() or 1, _MAX_DEFAULT_PROCESSES)
    return spec.capture.processes or max(1, min(most, spec.frames.count))  # each has whole frames


class _Run:
    """One run of a locked folder."""

    def __init__(
        self, folder: JobFolder, lock: FolderLock, on_event: OnEvent, should_cancel: ShouldCancel
    ) -> None:
        self.folder = folder
        self.lock = lock
        self.store = StageStore(folder)
        self.record = EventLog(folder.events)
        self.on_event = on_event
        self.should_cancel = should_cancel
        self.progress = OverallProgress(())

    def all_stages(
        self, stages: Sequence[str], capture_command: CaptureCommand, worker: Worker
    ) -> None:
        start = time.monotonic()
        self.folder.remove_leftovers()
        spec = self.folder.load_spec()
        keys = stage_keys(spec, self.folder.snapshot_hash(spec))
        if self.store.is_done("labels", keys["labels"]):  # else they are made anew
            self._drop_damaged_labels()
        pending = [s for s in stages if not self.store.is_done(s, keys[s])]
        self.progress = OverallProgress(pending, needs_torch(spec.parsing))
        check_free_space(spec, self.folder, pending)
        if "capture" in pending:
            self._capture(spec, keys["capture"], capture_command)
        else:
            self.tell(Message("stage", stage="capture", state="skipped"))
        if any(stage != "capture" for stage in pending):
            self._tasks([lambda: self._parsing(worker, stages[-1])])
        else:
            for stage in stages[1:]:
                self.tell(Message("stage", stage=stage, state="skipped"))
        self._check_finished(stages, keys)
        seconds = round(time.monotonic() - start, 3)
        self.tell(Message("result", seconds=seconds))

    def _drop_damaged_labels(self) -> None:
        """They are small, and others read them: looked at byte by byte."""
        self.store.discard_damaged("labels")
        if not self.folder.result.is_file():
            return
        labels = LabelFiles(self.folder.path)
        try:
            result = labels.read_result()
            for frame in result.frames:
                labels.read_checked(result, frame)
        except DamagedFile as error:
            self.store.drop(error.path)

    def _capture(self, spec: JobSpec, key: str, command: CaptureCommand) -> None:
        start = time.monotonic()
        self.tell(Message("stage", stage="capture", state="started"))
        self.folder.check_snapshot()
        self.store.prepare("capture", key, keep_partial=True)
        count = shard_count(spec)
        self._tasks([partial(self._shard, command, i, count) for i in range(count)])
        if not (self.folder.capture / "capture.json").is_file():
            raise self._crash("The capture ended without a result", "capture-0")
        seconds = time.monotonic() - start
        self.store.mark_done("capture", key, seconds=seconds)
        self.tell(Message("stage", stage="capture", state="finished", seconds=round(seconds, 3)))

    def _shard(self, command: CaptureCommand, index: int, count: int) -> Task:
        log = self.folder.logs / f"capture-{index}.log"
        return ChildProcess(command(self.folder.path, index, count), log, self.lock.inheritable)

    def _parsing(self, worker: Worker, until: str) -> Task:
        log = self.folder.logs / "worker.log"
        return worker.start(self.folder.path, until, log, self.lock.inheritable)

    def _tasks(self, starts: Sequence[Callable[[], Task]]) -> None:
        """Runs programs side by side until all have ended; the first that fails ends the rest."""
        with ExitStack() as closing:
            running: list[Task] = []
            for start in starts:
                child = start()
                closing.callback(child.close)
                running.append(child)
            while running:
                cancelled = self.should_cancel()
                for child in list(running):
                    if cancelled:
                        child.cancel()
                    child.tick()
                    finished = child.finished  # before reading: nothing is said after the end
                    self._forward(child)
                    if finished:
                        running.remove(child)
                        failure = child.failure()
                        if failure is not None:
                            raise CancelledError() if cancelled else failure
                time.sleep(_POLL_INTERVAL)
            if self.should_cancel():
                raise CancelledError()

    def _forward(self, child: Task) -> None:
        for message in child.messages():
            if message.type in ("hello", "error", "cancelled"):
                continue  # the run speaks for the child, once
            self.tell(message, source=child.name)

    def tell(self, message: Message, source: str = "") -> None:
        message, is_notable = self.progress.fold(message, source)
        if is_notable:
            self.record.append(message)
        self.on_event(message)

    def _check_finished(self, stages: Sequence[str], keys: dict[str, str]) -> None:
        unfinished = [s for s in stages if not self.store.is_done(s, keys[s], or_provisional=True)]
        if unfinished:
            raise self._crash(f"The worker ended without finishing {unfinished[0]}", "worker")

    def _crash(self, message: str, program: str) -> JobError:
        log = self.folder.logs / f"{program}.log"
        return JobError(message, "Run again to continue", ErrorKind.CRASHED, str(log))

    def discard_damaged(self) -> None:
        """After a failure: a stage file that rotted on disk would make every later run fail too."""
        for stage in STAGES:
            for path in self.store.discard_damaged(stage):
                self.tell(Message("log", message=f"removed the damaged file {path}"))
