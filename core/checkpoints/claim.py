# SPDX-License-Identifier: GPL-3.0-or-later
"""One process at a time changes a model or an environment."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ..data_folder import VARIABLE
from ..errors import ErrorKind, JobError
from ..files.lock import FolderLock
from ..files.own_files import is_open_to_all, open_own
from .download import cannot_write


@contextlib.contextmanager
def claim(path: Path, title: str) -> Iterator[FolderLock]:
    """Holds the lock file `path`.

    Raises JobError when another process does, or when everybody may write there; DownloadError.
    """
    require_private(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A folder that cannot be written to is not one that is in use.
        os.close(open_own(path, os.O_WRONLY))
    except OSError as error:
        raise cannot_write(path, error) from error
    lock = FolderLock(path)
    try:
        lock.__enter__()
    except JobError as error:
        if error.kind is not ErrorKind.BUSY:
            raise
        raise JobError(
            f"{title} is being installed or removed by another process",
            "Wait for it and try again",
            ErrorKind.BUSY,
        ) from error
    try:
        yield lock
    finally:
        lock.__exit__()


def require_private(folder: Path) -> None:
    """Raises JobError when every user of this machine may put files into `folder`.

    Programs and models are run from there: whoever can write to it decides what this user runs.
    """
    if is_open_to_all(folder):
        raise JobError(
            f"Everybody on this machine may change {folder}",
            f"Take that right away (chmod o-w), or name another folder in {VARIABLE}",
            ErrorKind.ENVIRONMENT,
        )
