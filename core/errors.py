# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors a user may see: one sentence that says what happened, one that says what to do.

What went wrong is also an `ErrorKind`: programs, panels and exit statuses decide by that and never
by the words of a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

OK, INTERNAL, USAGE, INPUT, CANCELLED, JOB = 0, 1, 2, 3, 4, 5  # exit status of our programs


class ErrorKind(StrEnum):
    """What went wrong. The values are the words in JSON: they never change."""

    INPUT = "input"  # the scene, the vocabulary or a setting cannot be worked with
    CANCELLED = "cancelled"
    JOB_FOLDER = "job"  # a job folder cannot be used: damaged, from a newer version, not writable
    BUSY = "busy"  # another process has the folder
    DISK_FULL = "disk_full"
    OUT_OF_MEMORY = "out_of_memory"  # of the computer or of the graphics card
    GRAPHICS = "graphics"  # the driver or the card
    CRASHED = "crashed"  # a child program ended without saying why
    ENVIRONMENT = "environment"  # no Python with the packages, or a broken one
    MODEL = "checkpoint"  # a model file is not there, or not what it was
    TERMS = "terms"  # of a model, not agreed to
    DOWNLOAD = "download"
    REDIRECTED = "redirected"  # a download would come from elsewhere, which was not agreed to
    OFFLINE = "offline"
    TOPOLOGY = "topology"  # the labels are of other faces
    UNEXPECTED = "internal"  # a fault of ours


@dataclass(frozen=True)
class Failure:
    """An error as a value: what is told to other processes and shown in panels.

    `message` and `remedy` are sentences without a full stop.
    """

    kind: ErrorKind
    message: str
    remedy: str = ""
    log: str = ""  # path of the file with what led to it; empty where there is none

    @property
    def advice(self) -> str:
        """Both sentences, without the log: panels have a button for it."""
        return " ".join(f"{sentence}." for sentence in (self.message, self.remedy) if sentence)

    def __str__(self) -> str:
        return f"{self.advice} The log is {self.log}." if self.log else self.advice


class Parts4DError(Exception):
    """Something the user can act on.

    `message` names the object concerned; `remedy` is the next step, in the imperative. Both end
    without a full stop. `kind` is that of the class unless given; `log` is the path of a file with
    what led to the error.
    """

    kind = ErrorKind.UNEXPECTED

    def __init__(
        self, message: str, remedy: str = "", kind: ErrorKind | None = None, log: str = ""
    ) -> None:
        self.failure = Failure(kind or type(self).kind, message, remedy, log)
        super().__init__(str(self.failure))
        self.kind = self.failure.kind

    @property
    def message(self) -> str:
        return self.failure.message

    @property
    def remedy(self) -> str:
        return self.failure.remedy


class InputError(Parts4DError):
    """The scene, the vocabulary or a setting cannot be worked with."""

    kind = ErrorKind.INPUT


class JobError(Parts4DError):
    """A job cannot go on: its folder is damaged or busy, the disk is full, a program crashed."""

    kind = ErrorKind.JOB_FOLDER


class CancelledError(Parts4DError):
    """The user asked to stop; everything finished so far is kept."""

    kind = ErrorKind.CANCELLED

    def __init__(self, message: str = "Cancelled", remedy: str = "Run again to continue") -> None:
        super().__init__(message, remedy)


_STATUS = {
    ErrorKind.INPUT: INPUT,
    ErrorKind.CANCELLED: CANCELLED,
    ErrorKind.UNEXPECTED: INTERNAL,
}


def exit_status(error: Parts4DError) -> int:
    """The status with which a program ends because of `error`."""
    return _STATUS.get(error.kind, JOB)
