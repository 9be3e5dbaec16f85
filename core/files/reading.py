# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading files of text: one reader for those a run needs, one for notes that may be lost.

Job folders and models come from other people too, so that a file may hold anything, or be none.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any, NoReturn

from ..errors import JobError

MAX_DEPTH = 64  # of lists in lists; what we write has six
_AGAIN = "Run the job again to recreate it"


def read_object(path: Path, remedy: str = _AGAIN) -> dict[str, Any]:
    """The JSON object in a file. Raises JobError when it is missing, truncated or no object, and
    when the file may not be read."""
    try:
        document = parse_json(read_text(path))
    except PermissionError as error:
        raise unreadable(path, error) from error
    except (OSError, ValueError) as error:
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


def read_text(path: Path) -> str:
    """A file's UTF-8 text; an editor's byte order mark is no part of it.

    Raises OSError, also for what is no file, and ValueError.
    """
    with open_file(path) as stream:
        return stream.read().decode("utf-8-sig")


def open_file(path: Path) -> BufferedReader:
    """The bytes of a file. Raises OSError as `check_is_file`."""
    check_is_file(path)
    return open(path, "rb")


def check_is_file(path: Path) -> None:
    """Raises OSError unless it is one; EINVAL for pipes and devices, where reading could hang."""
    mode = Path(path).stat().st_mode
    if not stat.S_ISREG(mode):
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, os.strerror(number), str(path))


def parse_json(text: str | bytes) -> Any:
    """The value in a JSON text.

    Raises ValueError for what is no JSON, and for what only Python takes: NaN, numbers without an
    end, a key twice, half a character, and nesting that no reader of ours would expect.
    """
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_refuse
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    _check_depth_and_text(value)
    return value


class DamagedFile(JobError):
    """A file is not there or not what was written."""

    def __init__(self, path: Path, remedy: str) -> None:
        super().__init__(f"{path} is missing or damaged", remedy)
        self.path = Path(path)


def damaged(path: Path, remedy: str = _AGAIN) -> DamagedFile:
    """The error for a file of a job that is not there or not what was written."""
    return DamagedFile(path, remedy)


def unreadable(path: Path, error: OSError) -> JobError:
    """The error for a file or folder that is there and may not be read."""
    return JobError(f"{path} cannot be read ({error.strerror})", "Correct its permissions")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _check_depth_and_text(value: Any) -> None:
    """Level by level: what calls itself could meet Python's own limit here or later."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one
                below += one.values()
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str) and not one.isascii():
                one.encode("utf-8")  # a lone surrogate raises ValueError
        if not below:
            return
        level = below
    raise ValueError("nested too deeply")
