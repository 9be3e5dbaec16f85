# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a disk is full, also where a program reports that without an error number."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ROOM = 32 * 2**20  # bytes; with less no job can run


def is_full(folder: Path, said: str = "") -> bool:
    """Whether a write into `folder` failed because the disk takes no more.

    `said` is the report of a program, such as Blender's, that quotes the system's sentence for an
    error number. A write that came to its end too early quotes no error or an old one, and what it
    wrote is gone by now: so free space and free files are measured as well.
    """
    quoted = (os.strerror(number) for number in (*FULL_NUMBERS, 0))
    return any(sentence in said for sentence in quoted) or _measures_full(folder)


def _measures_full(folder: Path) -> bool:
    try:
        if shutil.disk_usage(folder).free < _ROOM:
            return True
        usage = os.statvfs(folder) if hasattr(os, "statvfs") else None
    except OSError:
        return False
    return usage is not None and usage.f_files > 0 and usage.f_favail == 0
