# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a job lies, said in a file that its user gives away: without the user's folders in it.

A job near the .blend is named by the way there from it, which also holds when both move. Beside it
stands an identifier that only this machine can resolve, by a note in the data folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..data_folder import data_folder
from ..errors import JobError
from ..files.atomic import write_json
from ..files.reading import read_note
from ..files.sharing import home_folder

_UP = 2  # folders above the .blend in which a job still counts as near
_ID = frozenset("0123456789abcdef")


def describe_job(job: Path, blend: str) -> dict[str, str]:
    """What a document in the file `blend` (empty: never saved) says of where its job lies."""
    job = Path(job).absolute()
    return {"job": _way(job, blend), "job_id": _remember(job)}


def find_job(document: Mapping[str, Any], blend: str) -> Path | None:
    """The job folder of a document that `describe_job` wrote; None when it is not there any more.

    Earlier versions wrote the whole path.
    """
    said, job_id = str(document.get("job") or ""), str(document.get("job_id") or "")
    candidates = []
    if said.startswith("//"):  # never a path by itself: Windows would ask another computer for it
        if blend:
            candidates.append(Path(os.path.normpath(Path(blend).parent / said[2:])))
    elif Path(said).is_absolute():
        candidates.append(Path(said))
    if job_id and _ID.issuperset(job_id):
        known = read_note(_note(job_id)).get("job")
        candidates += [Path(known)] if isinstance(known, str) else []
    return next((path for path in candidates if (path / "result.json").is_file()), None)


def name_of_job(document: Mapping[str, Any]) -> str:
    """What the job folder of a document that cannot be found was called; empty when unknown."""
    return Path(str(document.get("job") or "")).name


def _way(job: Path, blend: str) -> str:
    """`//folder` as Blender writes relative paths; empty when the job is not near."""
    if not blend:
        return ""
    start = Path(blend).absolute().parent
    for up, above in enumerate([start, *start.parents][: _UP + 1]):
        if above in (Path(above.anchor), home_folder()):
            break
        if job.is_relative_to(above):
            return "//" + "/".join([".."] * up + list(job.relative_to(above).parts))
    return ""


def _remember(job: Path) -> str:
    """Where the note cannot be written, the way has to do."""
    job_id = hashlib.sha256(os.fsencode(job)).hexdigest()[:16]
    note = {"job": str(job)}
    if read_note(_note(job_id)) != note:
        with suppress(JobError):
            write_json(_note(job_id), note)
    return job_id


def _note(job_id: str) -> Path:
    """One for each job: two windows that label at once take nothing from each other."""
    return data_folder() / "jobs" / f"{job_id}.json"
