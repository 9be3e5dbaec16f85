# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer that joins the session to Blender: the only place where both are touched.

Ten times a second while a job runs, twice otherwise. A tick does little and never raises: an
exception would end the timer without a word.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..errors import Failure, Parts4DError
from ..job.choices import needs_torch
from ..job.folder import JobFolder
from ..job.spec import JobSpec, ParsingSettings
from ..job.spec_files import save_spec
from ..job.workers import WarmWorker
from ..scene.capture.capture import capture_command
from ..scene.compat import reason_in
from ..scene.narrowing import manager_of, specific
from ..session.events import Applied, Apply, CancelAsked, Event, Start, Stop, Submitted, Ticked
from ..session.found_runs import Run, runs_of
from ..session.runner import Runner
from ..session.setup import Setup
from ..session.state import Job, State
from ..session.transition import transition
from . import ownership, status, typing_pause
from .settings import labelling, settings, vocabulary, writing_options
from .thumbnails import Thumbnail

INSTALLER = Path(__file__).resolve().parents[2] / "vendor_setup.py"
WORKER = Path(__file__).resolve().parents[1] / "worker" / "main.py"
BUSY, IDLE = 0.1, 0.5  # seconds between ticks

WorkerPython = Callable[[bool], list[str]]


@dataclass
class Interface:
    """All that lives while the extension is enabled."""

    worker_python: WorkerPython
    state: State = field(default_factory=State)
    status: status.Status = field(default_factory=status.Status)
    runs: tuple[Run, ...] = ()
    session: int = 1  # counts opened files
    dirty: bool = True  # something in the scene changed
    thumbnail: Thumbnail = field(default_factory=Thumbnail)
    prepared: dict[int, Callable[[JobFolder], None]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)  # job -> why it was not applied
    refusal: Failure | None = None  # why Parse made no job when it was last pressed
    workers: dict[bool, WarmWorker] = field(default_factory=dict)  # with torch or without
    longest_tick: float = 0.0  # seconds, for the benchmark of the window
    runner: Runner = field(init=False)
    setup: Setup = field(init=False)

    def __post_init__(self) -> None:
        self.runner = Runner(capture_command, self._worker)
        log = Path(bpy.app.tempdir) / "parts4d-setup.log"
        self.setup = Setup([sys.executable, "-E", "-s", "-u", str(INSTALLER)], log)

    @property
    def untitled(self) -> str:
        """Names this session of an unsaved file."""
        return f"untitled_{os.getpid()}_{self.session}"

    def dispatch(self, event: Event) -> None:
        self.state, effects = transition(self.state, event)
        for effect in effects:
            if isinstance(effect, Start):
                job = self.state.job(effect.number)
                if job is not None:
                    prepare = self.prepared.pop(job.number, lambda folder: None)
                    self.thumbnail.watch(Path(job.folder))
                    self.runner.start(job.number, Path(job.folder), prepare)
            elif isinstance(effect, Stop):
                self.runner.stop()
            elif isinstance(effect, Apply):
                self.apply(effect.number)
            else:
                redraw()

    def submit(self, event: Submitted, prepare: Callable[[JobFolder], None] | None = None) -> None:
        if prepare is not None:
            self.prepared[self.state.next_number] = prepare
        for job in self._jobs_in(Path(event.folder)):  # its labels are computed anew
            self.notes.pop(job.number, None)
        self.dispatch(event)
        # A later change of the words may have taken the place of one that waited.
        self.prepared = {n: p for n, p in self.prepared.items() if self.state.job(n)}

    def apply(self, number: int) -> None:
        """Puts the labels of a job on if they fit; else a note says why not."""
        job = self.state.job(number)
        if job is None:
            return
        self.dirty = True
        reason = ownership.misfit(job, self.session)
        if not reason:
            reason = _apply(job, show=not job.relabel)
        if reason:
            self.notes[number] = reason
            redraw()

    def applied(self, folder: Path) -> None:
        """The labels of a job folder are on the meshes now, by itself or by hand."""
        for job in self._jobs_in(folder):
            if job.phase == "finished":
                self.notes.pop(job.number, None)
                self.dispatch(Applied(job.number))

    def _jobs_in(self, folder: Path) -> list[Job]:
        return [job for job in self.state.jobs if Path(job.folder) == folder]

    def tick(self) -> None:
        for event in self.runner.events():
            self.dispatch(event)
        if self.state.running is None:
            self.thumbnail.rest()
        self.dispatch(Ticked(time.monotonic()))
        if any([self.thumbnail.changed(), self.setup.poll()]):
            redraw()
        if typing_pause.is_over():
            typing_pause.forget()
            self.relabel()
        self.refresh(bpy.context)

    def refresh(self, context: bpy.types.Context) -> None:
        """Status and runs, when what they depend on changed."""
        if context.scene is None or not (self.dirty or self.status.key != status.key_of(context)):
            return
        self.dirty = False
        found = status.find_out(context)
        runs: tuple[Run, ...] = ()
        if found.name:
            begun = [j.folder for j in self.state.jobs if j.owner.session == self.session]
            runs = runs_of(bpy.data.filepath, found.name, self.untitled, begun)
        if (found, runs) != (self.status, self.runs):
            self.status, self.runs = found, runs
            redraw()

    def relabel(self) -> None:
        """Other words on the run that is shown, if there is one and they differ."""
        job, chosen = self.shown_job(), settings(bpy.context)
        if job is None or not vocabulary(chosen) or not _labels_shown(job):
            return
        parts, changes = vocabulary(chosen), labelling(chosen)

        def relabelled(spec: JobSpec) -> JobSpec:
            return replace(spec, parts=parts, parsing=replace(spec.parsing, **changes))

        def new_words(folder: JobFolder) -> None:
            save_spec(folder.spec_path, relabelled(folder.load_spec()))

        spec = _spec_of(job)
        if spec is not None and relabelled(spec) != spec:
            self.submit(
                Submitted(job.character, job.folder, job.preset, job.owner, relabel=True), new_words
            )

    def shown_job(self) -> Job | None:
        """The latest job of the current character that was applied."""
        jobs = [j for j in self.state.jobs if j.character == self.status.name]
        ended = [j for j in jobs if j.phase == "finished" and j.applied]
        return ended[-1] if ended and ended[-1].owner.session == self.session else None

    def cancel(self, number: int) -> None:
        self.dispatch(CancelAsked(number))

    def release(self) -> None:
        """Ends the workers, and their memory with them."""
        for worker in self.workers.values():
            worker.close()
        self.workers.clear()

    def close(self) -> None:
        self.runner.close()
        self.setup.close()
        self.release()
        self.thumbnail.close()

    def _worker(self, folder: JobFolder) -> WarmWorker:
        """Called in the runner's thread."""
        torch = needs_torch(_settings_of(folder))
        if torch not in self.workers:
            self.workers[torch] = WarmWorker([*self.worker_python(torch), str(WORKER)])
        return self.workers[torch]


_interface: Interface | None = None


def interface() -> Interface:
    """What the panels draw and the operators speak to."""
    assert _interface is not None
    return _interface


def redraw() -> None:
    """Draws the side bars of all 3D views again."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                for region in area.regions:
                    if region.type in {"UI", "WINDOW"}:
                        region.tag_redraw()


def _tick() -> float:
    started = time.perf_counter()
    found = interface()
    try:
        found.tick()
    except Exception:
        traceback.print_exc()
    found.longest_tick = max(found.longest_tick, time.perf_counter() - started)
    busy = found.state.running is not None or typing_pause.is_typing() or found.setup.busy
    return BUSY if busy else IDLE


def _apply(job: Job, show: bool) -> str:
    """Runs the operator, so that it is a step of its own in the undo history.

    A new result is shown; new words of one leave what is shown as it is.
    """
    chosen = writing_options(settings(bpy.context))
    options = {**chosen, "directory": job.folder, "overlay": show}
    window = next(iter(manager_of(bpy.context).windows), None)
    override: dict[str, Any] = {"window": window} if window is not None else {}
    try:
        with bpy.context.temp_override(**override):
            specific(bpy.ops).parts4d.apply_labels("EXEC_DEFAULT", True, **options)
    except RuntimeError as error:
        return reason_in(error).removesuffix(".")
    return ""


def _labels_shown(job: Job) -> bool:
    return (Path(job.folder) / "result.json").is_file()


def _spec_of(job: Job) -> JobSpec | None:
    try:
        return JobFolder.open(Path(job.folder)).load_spec()
    except Parts4DError:
        return None


def _settings_of(folder: JobFolder) -> ParsingSettings:
    return folder.load_spec().parsing


@persistent
def _file_opened(*_: object) -> None:
    """After another file was opened: its objects are not those the jobs were made for.

    Not before: a file that cannot be opened leaves the one that is open as it is.
    """
    interface().session += 1
    interface().refusal = None
    typing_pause.forget()
    interface().dirty = True


@persistent
def _scene_changed(*_: object) -> None:
    interface().dirty = True


@persistent
def _note_edit(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if any(depsgraph.id_type_updated(kind) for kind in ("MESH", "OBJECT", "ACTION")):
        interface().dirty = True


_HANDLERS = (
    ("depsgraph_update_post", _note_edit),
    ("load_post", _file_opened),
    ("undo_post", _scene_changed),
    ("redo_post", _scene_changed),
    ("save_post", _scene_changed),
)


def register(worker_python: WorkerPython) -> None:
    global _interface
    _interface = Interface(worker_python)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)
    if not bpy.app.background:  # there are no timers without a window
        _interface.setup.refresh()
        bpy.app.timers.register(_tick, first_interval=IDLE, persistent=True)


def unregister() -> None:
    global _interface
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for name, handler in _HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if handler in handlers:
            handlers.remove(handler)
    typing_pause.forget()
    if _interface is not None:
        _interface.close()
        _interface = None
