# SPDX-License-Identifier: GPL-3.0-or-later
"""The folders of environments: the files that say what one is, its size, its removal."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from ..files.own_files import write_own
from ..files.reading import read_note
from .failures import MissingEnvironment
from .processes import start_detached

MARKER = "incomplete"  # file in an environment that is being made or removed
STAMP = "parts4d.json"  # file that says what a whole one was made from
SELF_TEST = "selftest.json"  # file with the result of its self-test
_MARK = "Parts4D is making or removing this folder\n"
_DISCARDED = ".discarded-"  # in the names of folders that are being deleted


def remove_environment(path: Path) -> None:
    """Deletes an environment. Raises MissingEnvironment for a folder that is none, OSError."""
    if not path.exists() and not path.is_symlink():
        return
    _require_ours(path)
    # The marker first: a removal that is interrupted must not leave something that looks whole.
    mark(path)
    for inside in path.iterdir():
        if inside.name != MARKER:
            _delete(inside)
    shutil.rmtree(path)


def discard(path: Path) -> None:
    """Deletes an environment without waiting: its thousands of files take seconds.

    A process of its own does it; what that cannot finish, the next installation deletes. Raises
    MissingEnvironment for a folder that is no environment, OSError.
    """
    if not path.exists() and not path.is_symlink():
        return
    _require_ours(path)
    mark(path)
    aside = path.with_name(f"{path.name}{_DISCARDED}{os.getpid()}-{time.monotonic_ns()}")
    path.replace(aside)
    code = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
    try:
        start_detached([sys.executable, "-I", "-c", code, str(aside)])
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)


def delete_discarded(path: Path) -> None:
    """Deletes what is left of discarded environments that lay at `path`."""
    for left in path.parent.glob(f"{path.name}{_DISCARDED}*"):
        shutil.rmtree(left, ignore_errors=True)


def mark(path: Path) -> None:
    """Says that a folder of ours is incomplete. Raises OSError."""
    if is_marked(path):  # a full disk takes no second mark
        return
    # At once: a kill in the middle would leave a folder that nobody may delete.
    beside = path / f".{MARKER}.{os.getpid()}.tmp"
    write_own(beside, _MARK)
    beside.replace(path / MARKER)


def is_marked(path: Path) -> bool:
    """Whether a folder is of our making and incomplete."""
    try:
        return (path / MARKER).read_text("utf-8") == _MARK
    except (OSError, ValueError):
        return False


def _require_ours(path: Path) -> None:
    """A folder of ours has our stamp or our mark; what is in a Python environment of somebody else
    is not ours to delete."""
    if path.is_symlink() or not path.is_dir():
        raise MissingEnvironment(f"{path} is not a Parts4D environment", "Move it away")
    begun = all(inside.name.startswith(f".{MARKER}.") for inside in path.iterdir())
    if not (begun or is_marked(path) or "requirements" in read_stamp(path)):
        raise MissingEnvironment(f"{path} is not a Parts4D environment", "Move it away")


def _delete(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def read_stamp(path: Path) -> dict[str, Any]:
    """What an environment was made from: requirements, python, backend; empty when unknown."""
    return read_note(path / STAMP)


def folder_size(path: Path) -> int:
    """Bytes in all files of a folder that may be changing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118
    return total
