# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading JSON files: one reader for those a run needs, one for notes that may be lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import JobError

_AGAIN = "Run the job again to recreate it"


def read_object(path: Path, remedy: str = _AGAIN) -> dict[str, Any]:
    """The JSON object in a file. Raises JobError when it is missing, truncated or no object."""
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(path, remedy) from error
    if not isinstance(document, dict):
        raise damaged(path, remedy)
    return document


def read_note(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read.

    For what is known only to save work: stamps, hashes, earlier answers.
    """
    try:
        return read_object(path)
    except JobError:
        return {}


class DamagedFile(JobError):
    """A file is not there or not what was written."""

    def __init__(self, path: Path, remedy: str) -> None:
        super().__init__(f"{path} is missing or damaged", remedy)
        self.path = Path(path)


def damaged(path: Path, remedy: str = _AGAIN) -> DamagedFile:
    """The error for a file of a job that is not there or not what was written."""
    return DamagedFile(path, remedy)
