# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done of a batch, found on disk: never because a file exists, only because it is whole."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import Failure, Parts4DError
from ..files.atomic import write_json
from ..files.hashing import file_hash
from ..files.reading import read_note
from ..job.folder import JobFolder
from ..job.messages import failure_document
from ..label_images.records import kept_files
from ..label_images.request import LabelRender
from .tasks import ParseRequest, Plan, Task

TASKS = "tasks"
State = Literal["done", "failed", "missing"]


@dataclass(frozen=True)
class Known:
    """How a task stands."""

    state: State
    images: int  # how many of its images are there
    message: str = ""  # of a failure: what happened, and what to do


def request_path(root: Path, task: Task) -> Path:
    """Where its program finds what to do."""
    return root / TASKS / f"{task.id}.json"


def log_path(root: Path, task: Task) -> Path:
    """Where everything goes that its program prints."""
    return root / "logs" / f"{task.id}.log"


def look(plan: Plan) -> dict[str, Known]:
    """How every task stands, by id. Reads every file that was written."""
    return {task.id: _look(plan.root, task) for task in plan.tasks}


def is_done(root: Path, task: Task) -> bool:
    """Whether all its files are there, byte for byte, and made from what it asks for."""
    return _finished_images(root, task) == task.images


def mark_done(root: Path, task: Task) -> None:
    """After its program has ended well. Raises JobError when the mark cannot be written."""
    with contextlib.suppress(OSError):  # what a finished task once failed of is not asked for
        _failure_path(root, task).unlink(missing_ok=True)
    if isinstance(task.request, ParseRequest):  # images have their own records
        files = _label_files(Path(task.request.job))
        write_json(_done_path(root, task), {"key": task.key, "files": files})


def mark_failed(root: Path, task: Task, failure: Failure, attempts: int) -> None:
    """For `status`. A full disk is no reason to lose the batch: then nothing is written."""
    document = {"key": task.key, "attempts": attempts} | failure_document(failure)
    with contextlib.suppress(Parts4DError):
        write_json(_failure_path(root, task), document)


def _look(root: Path, task: Task) -> Known:
    images = _finished_images(root, task)
    if images == task.images:
        return Known("done", images)
    failure = read_note(_failure_path(root, task))
    if failure.get("key") != task.key:
        return Known("missing", images)
    said = " ".join(f"{failure.get(name, '')}." for name in ("message", "remedy"))
    return Known("failed", images, said)


def _finished_images(root: Path, task: Task) -> int:
    if isinstance(task.request, ParseRequest):
        mark = read_note(_done_path(root, task))
        whole = mark.get("key") == task.key and bool(mark.get("files"))
        if whole and mark["files"] == _label_files(Path(task.request.job)):
            return task.images
        return 0
    request = task.request
    return sum(
        _is_rendered(request, view, frame) for view in task.views for frame in request.frames
    )


def _is_rendered(request: LabelRender, view: str, frame: int) -> bool:
    kept = kept_files(Path(request.folder), view, frame, request.key, request.passes)
    return set(kept) == set(request.passes)


def _label_files(job: Path) -> dict[str, str]:
    """sha256 of what a finished job is used for, by name."""
    folder = JobFolder(job)
    found = {}
    for path in [folder.result, *sorted(folder.labels.glob("*"))]:
        with contextlib.suppress(OSError):
            name = path.relative_to(folder.path).as_posix()
            found[name] = file_hash(path)
    return found


def _done_path(root: Path, task: Task) -> Path:
    return root / TASKS / f"{task.id}.done.json"


def _failure_path(root: Path, task: Task) -> Path:
    return root / TASKS / f"{task.id}.failed.json"
