# SPDX-License-Identifier: GPL-3.0-or-later
"""One running job per folder: a lock that the operating system lets go when its owner dies.

The lock is on an open file, not the file's existence, so a file left over by a killed run means
nothing and is never deleted (deleting it would let two runs each lock a file of the same name).

On POSIX the open file is handed to the child programs (`FolderLock.inheritable`): a child whose
parent was killed may still write for a moment, and the folder stays locked until it too is gone.
On Windows locks are not inherited; there a new run may start while an orphan ends. That is safe
because every file is written under a temporary name of its own and has the same content.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import sys
import time
from pathlib import Path

from ..errors import ErrorKind, JobError
from .atomic import disk_error
from .own_files import open_own
from .reading import read_note
from .sharing import computer_id

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ORPHAN_PATIENCE = 10.0  # seconds to wait for the children of a killed owner
_ZOMBIE_PATIENCE = 0.5  # an owner killed this moment may still look alive
_HOLDER_BYTES = 4096  # more than any owner writes
_WINDOWS_BYTE = 1 << 30  # beyond the content, which others must be able to read


class FolderLock:
    """Context manager that holds the lock file `path`.

    Entering raises JobError when another process holds it, naming that process; when the process
    is dead and only its children are left, entering waits for them. It may be entered again by
    whoever is inside, and lets go at the last exit. An instance is for one thread.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._file: int | None = None
        self._depth = 0

    @property
    def inheritable(self) -> tuple[int, ...]:
        """File descriptors for the `pass_fds` of child programs."""
        return () if self._file is None or sys.platform == "win32" else (self._file,)

    def __enter__(self) -> FolderLock:
        if self._depth:
            self._depth += 1
            return self
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = open_own(self.path, os.O_RDWR)
        except OSError as error:
            raise disk_error(error, self.path) from error
        try:
            self._acquire(file)
        except BaseException:
            os.close(file)
            raise
        self._file = file
        self._depth = 1
        self._write_holder(file)
        return self

    def __exit__(self, *_: object) -> None:
        self._depth = max(0, self._depth - 1)
        if self._file is not None and not self._depth:
            # Closing, not unlocking: unlocking would also take the lock from children still alive.
            os.close(self._file)
            self._file = None

    def _acquire(self, file: int) -> None:
        start = time.monotonic()
        while True:
            try:
                _lock(file)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                    raise JobError(
                        f"{self.path.parent} is on a disk without file locks ({error.strerror})",
                        "Choose a job folder on a local disk",
                    ) from error
                dead = _is_dead(read_holder(self.path))
                if time.monotonic() - start > (ORPHAN_PATIENCE if dead else _ZOMBIE_PATIENCE):
                    raise self._busy() from error
            time.sleep(0.05)

    def _busy(self) -> JobError:
        holder = read_holder(self.path)
        process = f" as process {holder['pid']}" if "pid" in holder else ""
        if holder.get("host", computer_id()) != computer_id():
            process += " on another machine"
        since = f" since {holder['started']}" if "started" in holder else ""
        return JobError(
            f"The job in {self.path.parent} is already running{process}{since}",
            "Wait for it, cancel it, or choose another job folder",
            ErrorKind.BUSY,
        )

    def _write_holder(self, file: int) -> None:
        started = datetime.datetime.now().isoformat(" ", "seconds")
        holder = {"pid": os.getpid(), "host": computer_id(), "started": started}
        with contextlib.suppress(OSError):  # the name is a courtesy; the lock is held
            os.ftruncate(file, 0)
            os.lseek(file, 0, os.SEEK_SET)
            os.write(file, json.dumps(holder).encode())


def read_holder(path: Path) -> dict[str, str | int]:
    """pid, host and start time of the last owner, running or not; empty when unknown."""
    holder = read_note(path)
    kinds = {"pid": int, "host": str, "started": str}
    return {name: holder[name] for name, kind in kinds.items() if type(holder.get(name)) is kind}


def _is_dead(holder: dict[str, str | int]) -> bool:
    """Whether the owner surely runs no more."""
    pid = holder.get("pid")
    return isinstance(pid, int) and holder.get("host") == computer_id() and is_gone(pid)


def is_gone(pid: int) -> bool:
    """Whether no process of this machine has the number. Never on Windows, where asking kills."""
    if sys.platform == "win32":
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):  # none has so large a number
        return True
    except OSError:
        return False
    return False


def _lock(file: int) -> None:
    if sys.platform == "win32":
        os.lseek(file, _WINDOWS_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
