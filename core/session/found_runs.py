# SPDX-License-Identifier: GPL-3.0-or-later
"""The runs of a character that lie on disk, finished or not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..data_folder import data_folder
from ..errors import Parts4DError
from ..job import run_folders
from ..job.folder import JobFolder
from ..job.label_files import LabelFiles
from ..job.run_folders import SUFFIX, file_name
from ..job.spec import Part


@dataclass(frozen=True)
class Run:
    """A job folder, as the list of results shows it."""

    folder: str
    character: str
    preset: str
    time: float  # seconds since 1970, when it finished or, if it has not, when it was begun
    finished: bool
    parts: tuple[Part, ...]
    models: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0  # that the stages took
    images: int = 0  # views times frames


def run_folder(blend: str, character: str, preset: str, untitled: str) -> Path:
    """Where a run is kept: beside the .blend, or among our data while that is not saved.

    `untitled` names the session of an unsaved file.
    """
    parent, first = _place(blend, untitled)
    return run_folders.run_folder(parent, first, character, preset)


def runs_of(
    blend: str, character: str, untitled: str, begun: Iterable[str] = ()
) -> tuple[Run, ...]:
    """All runs of a character, the latest first. Folders that cannot be read are left out.

    `begun` are folders of runs that were begun before the file was saved under another name.
    """
    parent, first = _place(blend, untitled)
    paths = {*_beginning_with(parent, f"{first}_{file_name(character)}_")}
    found = (_read(path) for path in paths | set(map(Path, begun)))
    runs = [run for run in found if run is not None and run.character == character]
    return tuple(sorted(runs, key=lambda run: -run.time))


def _place(blend: str, untitled: str) -> tuple[Path, str]:
    """The folder that runs are in, and what their names begin with."""
    if blend:
        return Path(blend).parent, Path(blend).stem
    return data_folder() / "jobs", untitled


def _beginning_with(parent: Path, first: str) -> list[Path]:
    try:
        entries = list(parent.iterdir())
    except OSError:
        return []
    return [p for p in entries if p.name.startswith(first) and p.name.endswith(SUFFIX)]


def _read(path: Path) -> Run | None:
    try:
        folder = JobFolder.open(path)
        spec = folder.load_spec()
        begun = folder.spec_path.stat().st_mtime
    except (Parts4DError, OSError):
        return None
    run = Run(str(path), spec.character, spec.parsing.preset, begun, False, spec.parts)
    try:
        result = LabelFiles(path).read_result()
        when = folder.result.stat().st_mtime
    except (Parts4DError, OSError):
        return run
    return Run(
        folder=str(path),
        character=spec.character,
        preset=result.preset or spec.parsing.preset,
        time=when,
        finished=True,
        parts=tuple(Part(p.name, p.synonyms, p.color) for p in result.vocabulary),
        models=tuple(result.models),
        warnings=result.warnings,
        seconds=sum(result.seconds.values()),
        images=len(result.frames) * spec.capture.view_count,
    )
