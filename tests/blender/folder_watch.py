# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to the names in a folder, as Linux tells it: nothing is missed for being brief."""

from __future__ import annotations

import ctypes
import os
import select
import struct
from pathlib import Path

_MOVED_FROM, _DELETED = 0x40, 0x200
_HEADER = struct.Struct("iIII")  # watch, kind, cookie, length of the name


class FolderWatch:
    """Context manager; `gone` are the names that ceased to be there, if only for a moment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gone: list[str] = []

    def __enter__(self) -> FolderWatch:
        library = ctypes.CDLL(None, use_errno=True)
        self._file = library.inotify_init1(os.O_NONBLOCK)
        mask = _MOVED_FROM | _DELETED
        if library.inotify_add_watch(self._file, os.fsencode(self.folder), mask) < 0:
            raise OSError(ctypes.get_errno(), "the folder cannot be watched")
        return self

    def __exit__(self, *_: object) -> None:
        said = os.read(self._file, 2**20) if self._has_said() else b""
        while said:
            length = _HEADER.unpack_from(said)[3]
            name = said[_HEADER.size : _HEADER.size + length].rstrip(b"\0")
            self.gone.append(os.fsdecode(name))
            said = said[_HEADER.size + length :]
        os.close(self._file)

    def _has_said(self) -> bool:
        return bool(select.select([self._file], [], [], 0)[0])
