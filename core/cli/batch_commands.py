# SPDX-License-Identifier: GPL-3.0-or-later
"""`parts4d batch`: from a batch file to a data set. Only `run` needs Blender."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..batch.marks import Known, look
from ..batch.opening import batch_lock, open_batch, write_plan
from ..batch.runner import Command, Report, RunOptions, run_plan
from ..batch.schedule import BatchProgress
from ..batch.spec import BatchSpec
from ..batch.spec_files import write_template
from ..batch.tasks import Plan, TaskKind
from ..dataset.assembly import AssemblySettings, assemble
from ..dataset.shards import gather
from ..errors import InputError, JobError
from ..job.messages import Message
from .console import Console

IsCancelled = Callable[[], bool]
_MOST = 4  # programs side by side, unless more are asked for: each holds a whole scene in memory


def init(arguments: argparse.Namespace, console: Console, cancelled: IsCancelled) -> None:
    """A batch file to fill in."""
    write_template(arguments.batch)
    text = f"Wrote {arguments.batch}; fill it in, then: parts4d batch run {arguments.batch}"
    console.outcome(text, {"batch": str(arguments.batch)})


def plan(arguments: argparse.Namespace, console: Console, cancelled: IsCancelled) -> None:
    """The list of tasks."""
    with batch_lock(arguments.batch):
        _, planned = open_batch(arguments.batch)
        path = write_plan(planned)
        known = look(planned)
    console.outcome(f"{_counted(planned, known)}. The list is {path}", _states(planned, known))


def run(arguments: argparse.Namespace, console: Console, cancelled: IsCancelled) -> None:
    """Everything that is not done, and then the data set."""
    commands = _commands()
    cores = os.cpu_count() or 1
    processes = arguments.processes or min(_MOST, cores)
    options = RunOptions(processes, arguments.retries)
    with batch_lock(arguments.batch) as lock:
        spec, planned = open_batch(arguments.batch)
        write_plan(planned, max(1, cores // processes))
        report = run_plan(planned, commands, options, _teller(console), cancelled, lock)
        if report.failed:
            raise _failure(report, planned, arguments.batch)
        _assemble(planned, spec, console)


def status(arguments: argparse.Namespace, console: Console, cancelled: IsCancelled) -> None:
    """What is done."""
    _, planned = open_batch(arguments.batch)
    known = look(planned)
    lines = [_counted(planned, known)]
    lines += [f"{name}: {k.message}" for name, k in known.items() if k.state == "failed"]
    console.outcome("\n".join(lines), _states(planned, known))


def merge(arguments: argparse.Namespace, console: Console, cancelled: IsCancelled) -> None:
    """The data set of what is there, here and in other folders."""
    with batch_lock(arguments.batch):
        spec, planned = open_batch(arguments.batch)
        gather(planned.root, arguments.shards)
        _assemble(planned, spec, console)


BATCH_COMMANDS: Mapping[str, Callable[[argparse.Namespace, Console, IsCancelled], None]] = {
    "init": init,
    "plan": plan,
    "run": run,
    "status": status,
    "merge": merge,
}


def _commands() -> Mapping[TaskKind, Command]:
    try:
        from ..scene.label_passes.command import blender_command, render_command
    except ImportError as error:
        raise InputError(
            "Rendering needs Blender",
            "Run it as: blender -b --command parts4d batch run BATCH",
        ) from error
    program = Path(__file__).with_name("parse_main.py")
    return {"parse": lambda request: blender_command(program, request), "render": render_command}


def _assemble(planned: Plan, spec: BatchSpec, console: Console) -> None:
    settings = AssemblySettings(spec.exports, spec.seed, spec.splits)
    document = assemble(planned.root, settings)
    images = sum(sequence["images"] for sequence in document["sequences"])
    console.outcome(
        f"{images} labelled images in {planned.root}", {"output": str(planned.root)} | document
    )


def _teller(console: Console) -> Callable[[Message | BatchProgress], None]:
    def tell(said: Message | BatchProgress) -> None:
        if isinstance(said, BatchProgress):
            console.status(progress_text(said))
        else:
            console.event(said)

    return tell


def progress_text(progress: BatchProgress) -> str:
    """One line: how far, how long still."""
    share = progress.done / progress.total if progress.total else 1.0
    text = f"{share:4.0%}  {progress.running} running"
    text += f", {progress.failed} failed" if progress.failed else ""
    if progress.left is None:
        return text
    minutes, seconds = divmod(round(progress.left), 60)
    return f"{text}, {f'{minutes} min ' if minutes else ''}{seconds} s left"


def _counted(planned: Plan, known: Mapping[str, Known]) -> str:
    states = Counter(one.state for one in known.values())
    counts = ", ".join(f"{states[state]} {state}" for state in ("done", "missing", "failed"))
    renders = [task for task in planned.tasks if task.kind == "render"]
    images = sum(task.images for task in renders)
    there = sum(known[task.id].images for task in renders)
    return f"{len(planned.tasks)} tasks: {counts}. {there} of {images} images"


def _states(planned: Plan, known: Mapping[str, Known]) -> dict[str, Any]:
    return {
        "output": str(planned.root),
        "tasks": [
            {
                "id": task.id,
                "kind": task.kind,
                "state": known[task.id].state,
                "images": task.images,
                "there": known[task.id].images,
                "message": known[task.id].message,
            }
            for task in planned.tasks
        ],
    }


def _failure(report: Report, planned: Plan, batch: Path) -> JobError:
    first = next(iter(report.failed.values()))
    left_out = f" and {len(report.blocked)} more wait for them" if report.blocked else ""
    message = f"{len(report.failed)} of {len(planned.tasks)} tasks failed{left_out}"
    return JobError(
        f"{message}. The first: {first.message}",
        f"See all with: parts4d batch status {batch}",
        log=first.log,
    )
