# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a job folder ready to run: the snapshot of the character and the spec."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import bpy

from ..job.atomic import write_json
from ..job.folder import JobFolder, file_hash
from ..job.spec import JobSpec
from .character import Character
from .snapshot import write_snapshot


def prepare_job(
    path: Path, spec: JobSpec, character: Character, sources: Sequence[Path]
) -> JobFolder:
    """The job folder with spec and snapshot in it.

    `sources` are the files the open scene came from. While they are the same, byte for byte, and
    nothing was changed since they were opened, an earlier snapshot of this character is kept, so
    that a run that was interrupted goes on where it was. Raises InputError or JobError.
    """
    folder = JobFolder.create(path, spec)
    source = {"character": character.name, "sha256": _combined_hash(sources)}
    if not sources or bpy.data.is_dirty or not _same(folder.path / "source.json", source):
        with folder.lock():
            (folder.path / "source.json").unlink(missing_ok=True)
            write_snapshot(character, folder.path)
            write_json(folder.path / "source.json", source)
    return folder


def _combined_hash(sources: Sequence[Path]) -> str:
    return hashlib.sha256("".join(file_hash(p) for p in sources).encode("ascii")).hexdigest()


def _same(path: Path, source: dict[str, str]) -> bool:
    try:
        return bool(json.loads(path.read_text("utf-8")) == source) and (
            path.with_name("snapshot.blend").is_file()
        )
    except (OSError, ValueError):
        return False
