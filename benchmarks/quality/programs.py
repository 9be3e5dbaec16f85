# SPDX-License-Identifier: GPL-3.0-or-later
"""Child programs of the study: each with a log, a time limit, and an end with its parent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from core.errors import JobError
from core.job.process import ChildProcess

LIMIT = 1800.0  # seconds; nothing here takes a tenth of it
_POLL_INTERVAL = 0.05  # seconds


def run_limited(command: Sequence[str], log: Path, limit: float = LIMIT) -> None:
    """Runs a child program to its end. Raises what it failed with, JobError after `limit` s."""
    child = ChildProcess(command, log)
    deadline = time.monotonic() + limit
    try:
        while not child.finished:
            child.messages()
            if time.monotonic() > deadline:
                raise JobError(f"It took longer than {limit:.0f} s", f"See {log}")
            time.sleep(_POLL_INTERVAL)
        child.messages()
        failure = child.failure()
    finally:
        child.close()
    if failure is not None:
        raise failure
