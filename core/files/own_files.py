# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening files of our own for writing in place, which never follows a link.

A job folder may come from someone else, or lie where others can write. A link in the place of a
file that is written in place would have its target overwritten.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def open_own(path: Path, flags: int) -> int:
    """A file descriptor of `path`, which is made if it is not there (mode 644).

    `flags` as for `os.open`. Raises OSError: ELOOP for a link, EINVAL for what is no file.
    """
    if path.is_symlink():  # Windows has no O_NOFOLLOW
        raise OSError(errno.ELOOP, "it is a link", str(path))
    if path.exists() and not path.is_file():  # a pipe would block
        raise OSError(errno.EINVAL, "it is no file", str(path))
    more = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, flags | os.O_CREAT | more, 0o644)


def write_own(path: Path, text: str) -> None:
    """The text becomes the content of a small note of ours. Raises OSError as `open_own`."""
    with os.fdopen(open_own(path, os.O_WRONLY | os.O_TRUNC), "w", encoding="utf-8") as stream:
        stream.write(text)


def is_open_to_all(folder: Path) -> bool:
    """Whether every user of this machine may put files into a folder. Never on Windows, where
    rights are another matter."""
    if os.name != "posix":
        return False
    try:
        return bool(folder.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False
