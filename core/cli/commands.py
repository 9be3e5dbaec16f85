# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands: each collects its settings, calls the core, and says what came out."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import bpy

from ..errors import InputError
from ..files.atomic import write_text
from ..files.printable import printable
from ..job.choices import needs_torch
from ..job.folder import JobFolder
from ..job.implementations import SEAMS
from ..job.label_files import LabelFiles
from ..job.presets import require_models
from ..job.process import run_program
from ..job.report import report_document, report_text
from ..job.run_folders import run_folder
from ..job.run_job import run_job
from ..job.spec import FrameSelection, JobSpec, ParsingSettings, Part
from ..job.spec_checks import check_spec
from ..job.spec_files import save_spec
from ..job.vocabulary import parse_parts
from ..job.workers import OneShotWorker
from ..scene.capture.capture import capture_command
from ..scene.character import find_character
from ..scene.files.opening import open_sources
from ..scene.files.saving import save_blend
from ..scene.motion import frame_range
from ..scene.prepare import prepare_job
from ..scene.writeback import WriteOptions, apply_labels, clear_labels, labelled_objects
from .arguments import capture_of, frames_of, parsing_of, relabelling_of
from .console import Console

WORKER = Path(__file__).resolve().parents[1] / "worker" / "main.py"
IsCancelled = Callable[[], bool]
WorkerPython = Callable[[bool], list[str]]  # with torch or without
WorkerCommand = Callable[[Path], list[str]]


def parse(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """Capture, parse, apply, save, report."""
    parts = parse_parts(arguments.parts)
    settings = parsing_of(arguments)
    worker = _worker(python, settings)
    with _prepared(arguments, parts, settings, console) as folder:
        run_job(folder, capture_command, OneShotWorker(worker), console.event, cancelled)
        document = report_document(folder.path)
        if not arguments.no_apply:
            document["blend"] = str(_apply(folder.path, arguments, console))
        if not arguments.no_sheet:
            document["sheet"] = str(_draw_sheet(folder.path, folder.path / "sheet.png", worker))
        _finish(folder, document, console)


def capture(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """Only the first stage; `parse` with the same job folder goes on from there."""
    worker = OneShotWorker(_worker(python, ParsingSettings()))
    with _prepared(arguments, (Part("body"),), ParsingSettings(), console) as folder:
        run_job(folder, capture_command, worker, console.event, cancelled, "capture")
    console.outcome(f"Captured into {folder.path}", {"job": str(folder.path)})


def label(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """Other names on a finished job."""
    folder = JobFolder.open(arguments.job)
    parts = parse_parts(arguments.parts)
    with folder.held():
        spec = folder.load_spec()
        spec = replace(spec, parts=parts, parsing=relabelling_of(arguments, spec.parsing))
        worker = _worker(python, spec.parsing, ("encoder",))
        save_spec(folder.spec_path, spec)
        run_job(folder, capture_command, OneShotWorker(worker), console.event, cancelled)
        document = report_document(folder.path)
        sheet = folder.path / "sheet.png"
        if sheet.is_file():  # it would show the old words
            document["sheet"] = str(_draw_sheet(folder.path, sheet, worker))
        _finish(folder, document, console)


def apply(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """Write a finished job onto the meshes of a file."""
    folder = JobFolder.open(arguments.job)
    with console.chatter():
        open_sources(arguments.scene)
    saved = _apply(folder.path, arguments, console)
    console.outcome(f"Saved {saved}", {"job": str(folder.path), "blend": str(saved)})


def clear(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """Take everything of ours off again."""
    with console.chatter():
        open_sources(arguments.scene)
    objects = labelled_objects()
    if arguments.character:
        wanted = set(find_character(arguments.character).sources)
        objects = [o for o in objects if o in wanted]
    if not objects:
        raise InputError("No object here has Parts4D labels", "Check the file or the name")
    report = clear_labels(objects)
    saved = _save(arguments, "_cleared", console)
    names = ", ".join(sorted(o.name for o in objects))
    console.outcome(f"Cleared {names}; saved {saved}", {"blend": str(saved), **asdict(report)})


def report(
    arguments: argparse.Namespace, console: Console, cancelled: IsCancelled, python: WorkerPython
) -> None:
    """What a job did."""
    folder = JobFolder.open(arguments.job)
    document = report_document(folder.path)
    if arguments.sheet:
        document["sheet"] = str(
            _draw_sheet(folder.path, arguments.sheet, _worker(python, ParsingSettings()))
        )
    console.outcome(_summary(document), document)


COMMANDS: Mapping[str, Callable[[argparse.Namespace, Console, IsCancelled, WorkerPython], None]] = {
    "parse": parse,
    "capture": capture,
    "label": label,
    "apply": apply,
    "clear": clear,
    "report": report,
}


@contextmanager
def _prepared(
    arguments: argparse.Namespace,
    parts: tuple[Part, ...],
    parsing: ParsingSettings,
    console: Console,
) -> Iterator[JobFolder]:
    """The job folder with spec and snapshot in it, ours as long as the block runs."""
    with console.chatter():
        whole_file = open_sources(arguments.scene)
    character = find_character(arguments.character or whole_file)
    for warning in character.warnings:
        console.warn(warning)
    sources = [p.absolute() for p in arguments.scene]
    if not sources and bpy.data.filepath:
        sources = [Path(bpy.data.filepath)]
    spec = JobSpec(
        character=character.name,
        blend="",  # the snapshot is in the folder, and the folder may be given away
        parts=parts,
        frames=frames_of(arguments, FrameSelection(*frame_range(character))),
        capture=capture_of(arguments),
        parsing=parsing,
    )
    base = sources[0] if sources else Path.cwd() / "untitled.blend"
    path = arguments.job or run_folder(base.parent, base.stem, character.name)
    # A file opened a moment ago is unchanged, though without a window Blender calls it dirty.
    changed = bpy.data.is_dirty and not (arguments.scene or bpy.app.background)
    check_spec(spec)  # before anything is made on disk
    folder = JobFolder(path)
    with folder.held():
        with console.chatter():
            prepare_job(folder, spec, character, sources, changed)
        yield folder


def _worker(
    python: WorkerPython, settings: ParsingSettings, seams: Sequence[str] = SEAMS
) -> WorkerCommand:
    """The command that runs the worker; its Python and models are asked for before any work."""
    require_models(settings, seams)
    prefix = [*python(needs_torch(settings, seams)), str(WORKER)]
    return lambda job: [*prefix, str(job)]


def _draw_sheet(job: Path, path: Path, worker: WorkerCommand) -> Path:
    path = path.absolute()
    run_program([*worker(job), "--sheet", str(path)], job / "logs" / "sheet.log")
    return path


def _apply(job: Path, arguments: argparse.Namespace, console: Console) -> Path:
    options = WriteOptions(
        color_domain="CORNER" if arguments.colors_on == "corners" else "POINT",
        vertex_groups=not arguments.no_groups,
        every_frame=arguments.every_frame,
        overlay=arguments.overlay,
    )
    written = apply_labels(LabelFiles(job), options)
    for warning in written.warnings:
        console.warn(warning)
    return _save(arguments, "_parts", console)


def _save(arguments: argparse.Namespace, suffix: str, console: Console) -> Path:
    current = Path(bpy.data.filepath) if bpy.data.filepath else None
    if arguments.in_place:
        if current is None:
            raise InputError("The file was never saved", "Give --output instead of --in-place")
        target = current
    elif arguments.output:
        target = arguments.output.absolute()
    else:
        base = current or (
            arguments.scene[0].absolute() if arguments.scene else Path.cwd() / "untitled"
        )
        target = base.with_name(f"{base.stem}{suffix}.blend")
    with console.chatter():
        return save_blend(target, "Choose another --output")


def _finish(folder: JobFolder, document: dict[str, Any], console: Console) -> None:
    """The report, in the job folder and as the outcome."""
    # The report stays with the job, which may be given away; the terminal is the user's own.
    private = dict(document)
    for key in ("job", "blend", "sheet"):
        if key in private:
            private[key] = Path(private[key]).name
    write_text(folder.path / "report.txt", printable(_summary(private)) + "\n")
    console.outcome(_summary(document), document)


def _summary(document: dict[str, Any]) -> str:
    lines = [report_text(document)]
    lines += [f"{k:<10} {document[k.lower()]}" for k in ("Blend", "Sheet") if k.lower() in document]
    return "\n".join(lines)
