# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors a user may see: one sentence that says what happened, one that says what to do."""

OK, INTERNAL, USAGE, INPUT, CANCELLED, JOB = 0, 1, 2, 3, 4, 5  # exit status of our programs


class Parts4DError(Exception):
    """Something the user can act on.

    `message` names the object concerned; `remedy` is the next step, in the imperative. Both end
    without a full stop. `code` is a stable word for programs (exit status, JSON output).
    """

    code = "error"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message}. {remedy}." if remedy else f"{message}.")
        self.message = message
        self.remedy = remedy


class InputError(Parts4DError):
    """The scene, the vocabulary or a setting cannot be worked with."""

    code = "input"


class JobError(Parts4DError):
    """A job folder cannot be used: damaged, busy, from a newer version, or out of disk space."""

    code = "job"


class CancelledError(Parts4DError):
    """The user asked to stop; everything finished so far is kept."""

    code = "cancelled"

    def __init__(self, message: str = "Cancelled", remedy: str = "Run again to continue") -> None:
        super().__init__(message, remedy)


def exit_status(error: Parts4DError) -> int:
    """The status with which a program ends because of `error`."""
    if isinstance(error, CancelledError):
        return CANCELLED
    return INPUT if isinstance(error, InputError) else JOB
