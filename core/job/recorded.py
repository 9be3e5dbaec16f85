# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of finished stages are read only as they were when the stage finished.

A disk that rots, a tool that synchronises folders and restores an old file, a hand that edits one:
sizes and dates may stay. So each file is compared with the sha256 in the `done.json` of its stage
before it is read, once in a process as long as nobody touches it. Of a stage that is at work there
is no `done.json`, and nothing to compare with.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import JobError
from ..files.hashing import file_hash
from ..files.reading import damaged, read_note
from .stages import STAGES

DONE = "done.json"
_BESIDE = {"result.json": "labels"}  # files beside the folder of their stage

_Status = tuple[int, int, int]  # size, time of the last change, number in the file system
_marks: dict[Path, tuple[_Status, dict[str, object]]] = {}
_intact: dict[Path, tuple[_Status, str]] = {}


def check_recorded(path: Path) -> None:
    """Raises JobError when `path` is a file of a finished stage and not what the stage left."""
    path = Path(path).absolute()
    folder = path.parent
    if path.name in _BESIDE:
        folder = folder / _BESIDE[path.name]
    if folder.name not in STAGES:
        return
    outputs = _recorded(folder / DONE)
    if outputs is None:
        return
    fact = outputs.get(path.relative_to(folder.parent).as_posix())
    if not (isinstance(fact, list) and len(fact) == 2 and _is_intact(path, str(fact[1]))):
        raise damaged(path)


def require_finished(job: Path, stage: str) -> None:
    """Raises JobError unless the stage has finished: what lies there may be a part of it."""
    if _recorded(Path(job).absolute() / stage / DONE) is None:
        raise JobError(f"The {stage} of {job} are not finished", "Parse again to finish them")


def record(path: Path) -> list[int | str]:
    """Size and sha256 of an output, for the mark of its stage. Raises OSError."""
    path = Path(path).absolute()
    status = _status(path)  # before: what changes meanwhile is looked at again
    if status is None:
        raise FileNotFoundError(str(path))
    digest = file_hash(path)
    _intact[path] = status, digest  # we have just looked at all of it
    return [status[0], digest]


def is_intact(path: Path, fact: object) -> bool:
    """Whether a file is what `record` said of it, every byte, even if it was looked at before."""
    try:
        return record(path) == fact
    except OSError:
        return False


def _recorded(mark: Path) -> dict[str, object] | None:
    """The table of outputs in a mark; None where there is none."""
    status = _status(mark)
    if status is None:
        return None
    known = _marks.get(mark)
    if known is None or known[0] != status:
        outputs = read_note(mark).get("outputs")
        known = _marks[mark] = status, outputs if isinstance(outputs, dict) else {}
    return known[1]


def _is_intact(path: Path, digest: str) -> bool:
    status = _status(path)
    if status is None:
        return False
    if _intact.get(path) == (status, digest):
        return True
    try:
        if file_hash(path) != digest:
            return False
    except OSError:
        return False
    _intact[path] = status, digest
    return True


def _status(path: Path) -> _Status | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
