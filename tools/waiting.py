# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the tests that wait for their turn, and for the environment that they need."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from watched import Task

_PATIENCE = 0.2  # seconds between looks at what is being made


class Waiting:
    """Hands out tasks to several threads, in their order among those that can run."""

    def __init__(self, tasks: Sequence[Task], making: Mapping[str, Future[Any]]) -> None:
        """`making` holds what is being made by the name of the suite that needs it."""
        self._tasks = list(tasks)
        self._making = making
        self._lock = threading.Lock()
        self.error: BaseException | None = None  # why something could not be made

    def take(self) -> Task | None:
        """The next task; waits until one can run. None when there is none any more, or an error."""
        while True:
            with self._lock:
                if self.error or not self._tasks:
                    return None
                if task := next(filter(self._can_run, self._tasks), None):
                    self._tasks.remove(task)
                    return task
            time.sleep(_PATIENCE)

    def _can_run(self, task: Task) -> bool:
        needed = self._making.get(task.suite)
        if needed is None:
            return True
        if needed.done() and (error := needed.exception()):
            self.error = error
        return needed.done() and self.error is None
