# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch is made of: tasks that a program of their own does, and what each depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ..dataset.registry import Registry
from ..dataset.sequences import Sequence
from ..files.reading import read_object
from ..job.spec import JobSpec
from ..job.spec_files import spec_from_json, spec_to_json
from ..label_images.request import LabelRender

TaskKind = Literal["parse", "render"]


@dataclass(frozen=True)
class ParseRequest:
    """A character to parse into a job folder."""

    job: str
    spec: JobSpec  # `character` as it is called in the file


@dataclass(frozen=True)
class Task:
    """One run of a program."""

    id: str  # fit for a file name
    kind: TaskKind
    key: str  # hash of everything that its outcome depends on
    request: ParseRequest | LabelRender
    images: int  # how many it renders: a measure of its length
    views: tuple[str, ...] = ()  # of a render
    needs: tuple[str, ...] = ()  # ids of tasks that come first


@dataclass(frozen=True)
class Plan:
    """All tasks of a batch, those that are needed first, with what the data set says of itself."""

    root: Path
    registry: Registry
    sequences: tuple[Sequence, ...]
    tasks: tuple[Task, ...]

    @property
    def by_id(self) -> Mapping[str, Task]:
        """The tasks by their ids."""
        return {task.id: task for task in self.tasks}


def request_document(task: Task, threads: int = 0) -> dict[str, Any]:
    """What is handed to the program, as JSON; `threads` is how many cores it may use, 0 = all."""
    if not isinstance(task.request, ParseRequest):
        return asdict(replace(task.request, threads=threads))
    spec = task.request.spec
    capture = replace(spec.capture, processes=threads or spec.capture.processes)
    return parse_document(replace(task.request, spec=replace(spec, capture=capture)))


def parse_document(request: ParseRequest) -> dict[str, Any]:
    """As `load_parse_request` reads it."""
    return {"job": request.job, "spec": spec_to_json(request.spec)}


def load_parse_request(path: Path) -> ParseRequest:
    """Raises JobError for a damaged file, InputError for a wrong setting."""
    document = read_object(path)
    return ParseRequest(str(document["job"]), spec_from_json(document["spec"]))
