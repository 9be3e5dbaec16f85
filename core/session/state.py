# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the jobs of this session, as values that never change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ..errors import Failure

Phase = Literal["queued", "running", "cancelling", "finished", "failed", "cancelled"]
ACTIVE = frozenset({"queued", "running", "cancelling"})


@dataclass(frozen=True)
class Owner:
    """What a job's labels belong to: they fit nothing else."""

    file: str  # the .blend as it was called then; empty when it was never saved
    session: int  # counts the files opened in this session
    object_uid: int  # session_uid of the character's first object
    topology: str  # hash of the meshes' topology


@dataclass(frozen=True)
class Job:
    """One run, as the panel shows it."""

    number: int
    character: str
    folder: str
    preset: str
    owner: Owner
    phase: Phase = "queued"
    stage: str = ""  # that runs, or ran last
    share: float = 0.0  # of the whole run, 0..1
    started: float = 0.0  # seconds of a clock that never goes back
    seconds: float = 0.0  # since then
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None  # why it failed
    relabel: bool = False  # only the words changed: the result is put on without asking
    applied: bool = False

    @property
    def active(self) -> bool:
        return self.phase in ACTIVE

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the share that is done; None as long as it would be a guess."""
        if self.phase != "running" or self.share < 0.05 or self.seconds < 2:
            return None
        return self.seconds * (1 - self.share) / self.share


@dataclass(frozen=True)
class State:
    """All jobs of the session, oldest first."""

    jobs: tuple[Job, ...] = ()
    next_number: int = 1

    @property
    def running(self) -> Job | None:
        """The one that has the worker."""
        return next((j for j in self.jobs if j.phase in ("running", "cancelling")), None)

    @property
    def queued(self) -> tuple[Job, ...]:
        return tuple(j for j in self.jobs if j.phase == "queued")

    def job(self, number: int) -> Job | None:
        return next((j for j in self.jobs if j.number == number), None)

    def with_job(self, job: Job) -> State:
        """The same with `job` in place of the one of its number."""
        return replace(self, jobs=tuple(job if j.number == job.number else j for j in self.jobs))
