# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing files so that a reader never sees half of one: temporary name, flush, rename."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from ..errors import ErrorKind, JobError
from .disk import FULL_NUMBERS


@contextmanager
def replacing(path: Path, mode: str = "wb") -> Iterator[IO[Any]]:
    """A file object whose content appears at `path` when the block ends, or not at all.

    Raises JobError when the disk is full or the folder cannot be written to.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    encoding = None if "b" in mode else "utf-8"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open_new(temporary, mode, encoding) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        _remove(temporary)
        raise disk_error(error, path) from error
    except BaseException:
        _remove(temporary)
        raise


def _open_new(temporary: Path, mode: str, encoding: str | None) -> IO[Any]:
    """What a killed run left goes; a link that lies there is not written through."""
    temporary.unlink(missing_ok=True)
    return open(temporary, mode.replace("w", "x"), encoding=encoding)


def write_json(path: Path, document: Any) -> None:
    """Indented, key order kept, ends with a newline."""
    with replacing(path, "w") as stream:
        json.dump(document, stream, indent=1, ensure_ascii=False)
        stream.write("\n")


def write_text(path: Path, text: str) -> None:
    with replacing(path, "w") as stream:
        stream.write(text)


def disk_error(error: OSError, path: Path) -> JobError:
    """The user's view of an operating-system error met while writing `path`."""
    if error.errno in FULL_NUMBERS:
        return JobError(
            f"No disk space left while writing {path}{_free_space(path)}",
            "Free some space or choose another job folder, then run again to continue",
            ErrorKind.DISK_FULL,
        )
    if error.errno == errno.ELOOP:
        return JobError(f"{path} is a link", "Remove the link; nothing is written through it")
    if error.errno in (errno.EISDIR, errno.EACCES, errno.EPERM) and _is_folder(path):
        return JobError(f"{path} is a folder, and a file belongs there", "Remove or rename it")
    if error.errno in (errno.EEXIST, errno.ENOTDIR) and not _is_folder(path.parent):
        return JobError(
            f"{path.parent} is a file, and a folder belongs there", "Remove or rename it"
        )
    if error.errno == errno.EINVAL and error.filename == str(path):  # of `open_own`
        return JobError(f"{path} is no file, and a file belongs there", "Remove or rename it")
    if error.errno == errno.ENAMETOOLONG:
        return JobError(f"The path {str(path)[:60]}... is too long", "Choose a shorter one")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return JobError(f"{path.parent} is not writable", "Choose another job folder")
    return JobError(f"{path} could not be written ({error.strerror})", "Check the disk")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # of its parents
        return False


def _free_space(path: Path) -> str:
    try:
        return f" ({shutil.disk_usage(path.parent).free / 2**20:.0f} MB free)"
    except OSError:
        return ""


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
