# SPDX-License-Identifier: GPL-3.0-or-later
"""Which task is next: pure decisions over what is known of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import ErrorKind
from .tasks import Task

Status = Literal["waiting", "running", "done", "failed", "blocked"]
_HOPELESS = frozenset(  # the same again would end the same
    {
        ErrorKind.INPUT,
        ErrorKind.TOPOLOGY,
        ErrorKind.DISK_FULL,
        ErrorKind.ENVIRONMENT,
        ErrorKind.MODEL,
        ErrorKind.TERMS,
        ErrorKind.CANCELLED,
    }
)


@dataclass(frozen=True)
class BatchProgress:
    """How far a run is. Images count parsing too, as what it captures."""

    done: float  # images, those of running tasks in fractions
    total: int
    running: int
    failed: int  # tasks, those that needed a failed one included
    left: float | None  # seconds, estimated; None until something is done


def startable(tasks: Sequence[Task], status: Mapping[str, Status]) -> list[Task]:
    """Waiting tasks that need nothing that is not done, in their order."""
    return [
        task
        for task in tasks
        if status[task.id] == "waiting" and all(status[need] == "done" for need in task.needs)
    ]


def blocked(tasks: Sequence[Task], status: Mapping[str, Status]) -> list[Task]:
    """Waiting tasks that need one that failed or is blocked itself."""
    return [
        task
        for task in tasks
        if status[task.id] == "waiting"
        and any(status[need] in ("failed", "blocked") for need in task.needs)
    ]


def is_worth_a_retry(kind: ErrorKind) -> bool:
    """False for what only a person can mend."""
    return kind not in _HOPELESS


def time_left(done_before: float, done: float, total: float, elapsed: float) -> float | None:
    """Seconds, if the rest goes as fast as what this run has done; None before it has done any."""
    made = done - done_before
    return elapsed / made * (total - done) if made > 0 else None
