# SPDX-License-Identifier: GPL-3.0-or-later
"""Saving a .blend so that there is a whole file under its name at every moment.

Blender itself renames the old file first and the new one then: for a moment there is none, and
after a kill in it there stays none. Old versions (`.blend1`) are kept as the preferences say.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

import bpy

from ...errors import InputError
from ...files.lock import is_gone
from ..compat import reason_in

_UNFINISHED = ".unfinished.blend"
_COMPRESSED = (b"\x28\xb5\x2f\xfd", b"\x1f\x8b")  # Zstandard, gzip


def save_blend(path: Path, remedy: str) -> Path:
    """Saves a copy of the open file at `path`; a link is followed. Returns the file's real path.

    What was there is replaced when all is written: it keeps its permissions, and stays as it was
    when anything fails. Raises InputError with `remedy`.
    """
    target = Path(path)
    try:
        str(target).encode("utf-8")  # Blender takes no other paths
        target = target.resolve() if target.is_symlink() else target.absolute()
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_file():
            raise OSError("it is no file")
        beside = target.with_name(f".{target.stem}.{os.getpid()}{_UNFINISHED}")
        _remove_leftovers(target)
        try:
            bpy.ops.wm.save_as_mainfile(
                filepath=str(beside), copy=True, check_existing=False, compress=_is_packed(target)
            )
            _flush(beside)
            if target.exists():
                _keep_rights(target, beside)
                _keep_versions(target, bpy.context.preferences.filepaths.save_version)
            os.replace(beside, target)
        finally:
            for left in (beside, beside.with_name(beside.name + "@")):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
    except (OSError, RuntimeError, UnicodeEncodeError) as error:
        as_it_was = "; it is as it was" if target.is_file() else ""
        raise InputError(
            f"{target} could not be saved ({reason_in(error)}){as_it_was}", remedy
        ) from error
    return target


def _remove_leftovers(target: Path) -> None:
    """What saves of the same file left that were killed; another Blender may save it just now."""
    name = re.compile(rf"\.{re.escape(target.stem)}\.(\d+){re.escape(_UNFINISHED)}@?")
    for path in target.parent.iterdir():
        if (found := name.fullmatch(path.name)) and is_gone(int(found[1])):
            with suppress(OSError):
                path.unlink()


def _is_packed(path: Path) -> bool:
    """Whether the file is compressed; one that is not there follows the preferences."""
    if not path.exists():
        return bool(bpy.context.preferences.filepaths.use_file_compression)
    with open(path, "rb") as stream:
        return stream.read(4).startswith(_COMPRESSED)


def _flush(path: Path) -> None:
    """To the disk, before it takes the place of the old file."""
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def _keep_rights(old: Path, new: Path) -> None:
    shutil.copymode(old, new)
    if os.name == "posix":
        status = old.stat()
        with suppress(OSError):  # only the administrator may give files away
            os.chown(new, status.st_uid, status.st_gid)


def _keep_versions(path: Path, count: int) -> None:
    """`x.blend` also becomes `x.blend1`, that `x.blend2`, up to `count`. Raises OSError."""
    if count < 1:
        return
    versions = [path.with_name(f"{path.name}{number}") for number in range(1, count + 1)]
    for older, newer in zip(versions[:0:-1], versions[-2::-1], strict=True):
        if newer.exists():
            os.replace(newer, older)
    link = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        link.unlink(missing_ok=True)
        try:
            os.link(path, link)
        except OSError:  # a disk without hard links
            shutil.copy2(path, link)
        os.replace(link, versions[0])
    finally:
        link.unlink(missing_ok=True)
