# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch file as a plan: the files it names are hashed, the numbers given so far are read."""

from __future__ import annotations

from pathlib import Path

from ..dataset.registry import load_registry, save_registry
from ..dataset.sequences import save_sequence
from ..files.atomic import write_json
from ..files.hashing import file_hash
from ..files.lock import FolderLock
from .marks import TASKS, request_path
from .planning import Place, make_plan
from .spec import BatchSpec
from .spec_files import load_batch
from .tasks import Plan, request_document

LABELS = "labels.json"


def open_batch(path: Path) -> tuple[BatchSpec, Plan]:
    """The batch in a file and its plan. Changes nothing on disk.

    A .blend that is not there is no error here: its tasks will say so. Raises InputError for a
    wrong setting, JobError for a damaged registry.
    """
    spec = load_batch(path)
    base, root = path.absolute().parent, _root_of(spec, path)
    blends = dict.fromkeys(blend for shot in spec.shots for blend in shot.blends)
    sources = {blend: _hash(base / Path(blend).expanduser()) for blend in blends}
    return spec, make_plan(spec, Place(base, root, sources), load_registry(root / LABELS))


def batch_lock(path: Path) -> FolderLock:
    """Held from the look at what there is to the end of what follows from it: who reads the label
    numbers, writes a plan or gathers images must be alone.

    Entering it raises JobError while another process works on the same data set. Raises InputError
    for a wrong setting.
    """
    return FolderLock(_root_of(load_batch(path), path) / "batch.lock")


def write_plan(plan: Plan, threads: int = 0) -> Path:
    """Writes labels, sequences, what each task is asked for, and the list of tasks, whose path is
    returned. Each task uses at most `threads` cores, 0 = all.

    Raises JobError when the folder cannot be written to.
    """
    save_registry(plan.root / LABELS, plan.registry)
    for sequence in plan.sequences:
        save_sequence(plan.root, sequence)
    for task in plan.tasks:
        write_json(request_path(plan.root, task), request_document(task, threads))
    listed = [
        {
            "id": task.id,
            "kind": task.kind,
            "key": task.key,
            "needs": list(task.needs),
            "images": task.images,
            "request": f"{TASKS}/{task.id}.json",
        }
        for task in plan.tasks
    ]
    path = plan.root / "tasks.json"
    write_json(path, {"schema_version": 1, "tasks": listed})
    return path


def _root_of(spec: BatchSpec, path: Path) -> Path:
    return path.absolute().parent / Path(spec.output).expanduser()


def _hash(path: Path) -> str:
    """sha256 of a file's content; empty where it cannot be read."""
    try:
        return file_hash(path)
    except OSError:
        return ""
