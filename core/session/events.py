# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen to the jobs of a session, and what is then to be done."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import Failure
from ..job.messages import Message
from .state import Owner


@dataclass(frozen=True)
class Submitted:
    """The user pressed Parse, or changed the words of a finished run."""

    character: str
    folder: str
    preset: str
    owner: Owner
    relabel: bool = False


@dataclass(frozen=True)
class Told:
    """The run of a job said something."""

    number: int
    message: Message
    time: float  # seconds, same clock as Job.started


@dataclass(frozen=True)
class Ticked:
    """Time passed."""

    time: float


@dataclass(frozen=True)
class CancelAsked:
    """The user pressed Cancel. A job that waits is dropped, one that runs is asked to stop."""

    number: int


@dataclass(frozen=True)
class Ended:
    """The run of a job is over; without an error the labels are in its folder."""

    number: int
    failure: Failure | None = None


@dataclass(frozen=True)
class Applied:
    """The labels of a job are on the meshes now."""

    number: int


@dataclass(frozen=True)
class Dismissed:
    """The user has read how a job ended."""

    number: int


Event = Submitted | Told | Ticked | CancelAsked | Ended | Applied | Dismissed


@dataclass(frozen=True)
class Start:
    """Run the job."""

    number: int


@dataclass(frozen=True)
class Stop:
    """Ask the run of the job to stop."""

    number: int


@dataclass(frozen=True)
class Apply:
    """Put the labels on, if what they belong to is still there as it was."""

    number: int


@dataclass(frozen=True)
class Redraw:
    """Something visible changed."""


Effect = Start | Stop | Apply | Redraw
