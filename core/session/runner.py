# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the session's jobs in a thread, one after another, with a worker that stays warm.

The thread only waits for processes and reads what they say. It never touches bpy: what it learns
lies in a queue until `events` is called.
"""

from __future__ import annotations

import queue
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from ..errors import ErrorKind, Failure, Parts4DError
from ..job.folder import JobFolder
from ..job.messages import Message
from ..job.run_job import CaptureCommand, run_job
from ..job.workers import Worker
from .events import Ended, Told

MakeWorker = Callable[[JobFolder], Worker]  # raises Parts4DError when there is no environment


class Runner:
    """At most one job at a time."""

    def __init__(self, capture_command: CaptureCommand, make_worker: MakeWorker) -> None:
        self._capture_command = capture_command
        self._make_worker = make_worker
        self._events: queue.SimpleQueue[Told | Ended] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(
        self, number: int, path: Path, prepare: Callable[[JobFolder], None] = lambda folder: None
    ) -> None:
        """Runs the job in the folder `path`, after `prepare` of it. There must be none running."""
        self._join()
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(number, path, prepare, self._stop), daemon=True, name="parts4d"
        )
        self._thread.start()

    def stop(self) -> None:
        """Asks the running job to stop; `events` tells when it has."""
        self._stop.set()

    def events(self) -> list[Told | Ended]:
        """What happened since the last call. Never blocks."""
        found = []
        while True:
            try:
                found.append(self._events.get_nowait())
            except queue.Empty:
                return found

    def close(self, patience: float = 2.0) -> None:
        """Stops the running job and waits a moment; its processes leave with this one anyway."""
        self.stop()
        if self._thread is not None:
            self._thread.join(patience)

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()  # it has said its last word: this is short

    def _run(
        self,
        number: int,
        path: Path,
        prepare: Callable[[JobFolder], None],
        stop: threading.Event,
    ) -> None:
        def told(message: Message) -> None:
            self._events.put(Told(number, message, time.monotonic()))

        try:
            folder = JobFolder.open(path)
            with folder.held():
                prepare(folder)
                worker = self._make_worker(folder)
                run_job(folder, self._capture_command, worker, told, stop.is_set)
        except Parts4DError as error:
            ended = Ended(number, error.failure)
        except Exception as error:
            traceback.print_exc()
            what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            failure = Failure(ErrorKind.UNEXPECTED, f"Internal error ({what})", "Report it")
            ended = Ended(number, failure)
        else:
            ended = Ended(number)
        self._events.put(ended)
