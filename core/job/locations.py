# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a job lies, said in a file that its user gives away: without the user's folders in it.

A job near the .blend is named by the way there from it, which also holds when both move. Beside it
stands an identifier that only this machine can resolve, from a list in the data folder.
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

_MOST = 2000  # jobs that are remembered
_UP = 2  # folders above the .blend in which a job still counts as near


def describe_job(job: Path, blend: str) -> dict[str, str]:
    """What a document in the file `blend` (empty: never saved) says of where its job lies."""
    job = Path(job).absolute()
    return {"job": _way(job, blend), "job_id": _remember(job)}


def find_job(document: Mapping[str, Any], blend: str) -> Path | None:
    """The job folder of a document that `describe_job` wrote; None when it is not there any more.

    Earlier versions wrote the whole path.
    """
    said = str(document.get("job") or "")
    candidates = [Path(said)] if Path(said).is_absolute() else []
    if said.startswith("//") and blend:
        candidates.append(Path(os.path.normpath(Path(blend).parent / said[2:])))
    known = read_note(_list()).get(str(document.get("job_id", "")))
    if isinstance(known, str):
        candidates.append(Path(known))
    return next((path for path in candidates if (path / "result.json").is_file()), None)


def name_of_job(document: Mapping[str, Any]) -> str:
    """What to call the job folder of a document when it cannot be found."""
    return Path(str(document.get("job") or "")).name or "its job folder"


def _way(job: Path, blend: str) -> str:
    """`//folder` as Blender writes relative paths; empty when the job is not near."""
    if not blend:
        return ""
    home = Path(blend).absolute().parent
    for up, above in enumerate([home, *home.parents][: _UP + 1]):
        if above in (Path(above.anchor), Path.home()):
            break
        if job.is_relative_to(above):
            return "//" + "/".join([".."] * up + list(job.relative_to(above).parts))
    return ""


def _remember(job: Path) -> str:
    """Where the list cannot be written, the way has to do."""
    name = hashlib.sha256(os.fsencode(job)).hexdigest()[:16]
    known = read_note(_list())
    if known.get(name) != str(job):
        known.pop(name, None)
        newest = list(known.items())[-_MOST + 1 :]
        with suppress(JobError):
            write_json(_list(), {**dict(newest), name: str(job)})
    return name


def _list() -> Path:
    return data_folder() / "jobs.json"
