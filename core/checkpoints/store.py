# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkpoint files on this machine: where they lie, and whether they can be used.

Beside every whole file lies `FILE.json`, written when its hash was checked: size, time and sha256.
As long as size and time still fit, gigabytes need not be hashed again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from ..errors import ErrorKind, JobError
from ..files.reading import read_note
from .catalogue import Checkpoint, find_checkpoint, models_folder
from .terms import terms_accepted

_CHUNK = 4 * 2**20  # bytes


class MissingCheckpoint(JobError):
    """A model file that a run needs is not there, or not what it was."""

    kind = ErrorKind.MODEL


def checkpoint_path(checkpoint: Checkpoint) -> Path:
    """Where its file lies, or would lie."""
    return models_folder() / checkpoint.file


def checkpoint_state(checkpoint: Checkpoint) -> str:
    """not installed, incomplete, changed (since it was checked), terms not accepted or ready."""
    path = checkpoint_path(checkpoint)
    if not path.is_file():
        return "incomplete" if part_path(path).exists() else "not installed"
    stamp = _read_stamp(path)
    intact = bool(stamp) and {k: stamp[k] for k in ("size", "time")} == _facts(path)
    expected = not checkpoint.sha256 or stamp.get("sha256") == checkpoint.sha256
    if not (intact and expected):
        return "changed"
    return "ready" if terms_accepted(checkpoint) else "terms not accepted"


def require_checkpoint(name: str) -> tuple[Checkpoint, Path]:
    """A checkpoint and its file. Raises MissingCheckpoint with what to do, InputError."""
    checkpoint = find_checkpoint(name)
    state = checkpoint_state(checkpoint)
    if state == "ready":
        return checkpoint, checkpoint_path(checkpoint)
    title = f"The model {checkpoint.title} ({name})"
    remedy = f"Fetch it: python vendor_setup.py fetch {name}"
    if not checkpoint.url:
        remedy = f"Import the file: python vendor_setup.py import {name} FILE"
    if not terms_accepted(checkpoint):
        remedy += " --accept-terms"
    said = {
        "not installed": f"{title} is not installed",
        "incomplete": f"{title} is only partly downloaded",
        "changed": f"{title} has changed on disk",
        "terms not accepted": f"{title} has terms that were not accepted: {_quote(checkpoint)}",
    }
    if state == "terms not accepted":
        remedy = f"Accept them: python vendor_setup.py fetch {name} --accept-terms"
    raise MissingCheckpoint(said[state], remedy)


def recorded_hash(checkpoint: Checkpoint) -> str:
    """sha256 of the file as it was when it was checked; empty when it is not there."""
    return str(_read_stamp(checkpoint_path(checkpoint)).get("sha256", ""))


def part_path(path: Path) -> Path:
    """Where what has arrived of a file that is being downloaded lies."""
    return path.with_name(path.name + ".part")


def part_note_path(path: Path) -> Path:
    """Where it is noted which address and version that part comes from."""
    return path.with_name(path.name + ".part.json")


def stamp_file(path: Path, digest: str) -> None:
    """Remember that `path` was hashed to `digest`."""
    stamp = {**_facts(path), "sha256": digest}
    stamp_path(path).write_text(json.dumps(stamp), "utf-8")


def stamp_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def hash_file(path: Path, on_bytes: Callable[[int], None] = lambda done: None) -> str:
    """sha256 of a file in hexadecimal; `on_bytes` is told how many were read so far."""
    digest, done = hashlib.sha256(), 0
    with open(path, "rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            on_bytes(done)
    return digest.hexdigest()


def _quote(checkpoint: Checkpoint) -> str:
    return f'"{checkpoint.terms.rstrip(".")}"'


def _facts(path: Path) -> dict[str, int]:
    status = path.stat()
    return {"size": status.st_size, "time": status.st_mtime_ns}


def _read_stamp(path: Path) -> dict[str, object]:
    stamp = read_note(stamp_path(path))
    return stamp if {"size", "time", "sha256"} <= set(stamp) else {}
