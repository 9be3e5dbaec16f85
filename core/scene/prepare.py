# SPDX-License-Identifier: GPL-3.0-or-later
"""Making a job folder ready to run: the snapshot of the character and the spec."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from ..errors import Parts4DError
from ..files.atomic import write_json
from ..files.hashing import file_hash
from ..files.reading import read_note
from ..job.folder import JobFolder
from ..job.spec import JobSpec
from .character import Character
from .disk_caches import baked_files
from .snapshot import read_snapshot, write_snapshot


def prepare_job(
    folder: JobFolder,
    spec: JobSpec,
    character: Character,
    sources: Sequence[Path],
    changed: bool = False,
) -> None:
    """Puts spec and snapshot into the job folder.

    `sources` are the files the open scene came from; `changed` says whether it differs from them
    by now. While it does not and they are the same, byte for byte, an earlier snapshot of this
    character is kept, so that an interrupted run resumes. Raises InputError
    or JobError.
    """
    known = folder.path / "source.json"
    source = {"character": character.name, "sha256": _combined_hash(sources)}
    if baked := baked_files(character.sources):  # they change while the file stays
        source["simulations"] = _state_of(baked)
    with folder.held():
        folder.take(spec)
        if not sources or changed or not _is_kept(folder, spec, source):
            known.unlink(missing_ok=True)
            write_snapshot(character, folder.path)
            made = {"snapshot": folder.snapshot_hash(spec)}
            write_json(known, source | made | {"description": folder.description_hash()})


def _combined_hash(sources: Sequence[Path]) -> str:
    return hashlib.sha256("".join(file_hash(p) for p in sources).encode("ascii")).hexdigest()


def _state_of(files: Sequence[Path]) -> str:
    """Changes with every bake; the frames themselves may be gigabytes."""
    facts = [(path.name, s.st_size, s.st_mtime_ns) for path in files if (s := path.stat())]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _is_kept(folder: JobFolder, spec: JobSpec, source: dict[str, str]) -> bool:
    """Whether the snapshot in the folder was made from `source` and is as it was then."""
    try:
        document = read_note(folder.path / "source.json")
        read_snapshot(folder.path)
        described = document.pop("description", folder.description_hash())
        if described != folder.description_hash():
            return False
        return bool(document == source | {"snapshot": folder.snapshot_hash(spec)})
    except (OSError, ValueError, Parts4DError):
        return False
