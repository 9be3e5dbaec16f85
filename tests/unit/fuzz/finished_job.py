# SPDX-License-Identifier: GPL-3.0-or-later
"""A finished job of the paper doll, and what a user does with one, without Blender.

The commands do what those of core/cli/commands.py do, with the worker in this process and a capture
that copies the finished one.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import Parts4DError
from core.job.child_side import Channel, Inbox, report
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles
from core.job.messages import Message, decode, error_of
from core.job.report import report_document, report_text
from core.job.run_job import run_job
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, ParsingSettings, Part
from core.job.spec_files import save_spec
from core.job.stage_marks import StageStore
from core.job.stages import STAGES
from core.session.found_runs import runs_of
from core.worker.contact_sheet import write_contact_sheet
from core.worker.stage_runner import run_stages
from tests.unit.fuzz.mutations import copy_tree
from tests.unit.parsing.doll_job import write_doll_job
from tests.unit.parsing.paper_doll import RESOLUTION

CHARACTER, SCENE = "Doll", "film"
NAME = f"{SCENE}_{CHARACTER}_.parts4d"  # found by the list of a character's runs
RELABELLED = "relabelled"
OWN = ("notes.txt", "labels/mine.txt", "capture/mine.blend")  # files of a user
WORDS, OTHER_WORDS = ("head", "shirt", "bag"), ("face", "trousers", "left shirt")
FRAMES = (1, 2)
SETTINGS = ParsingSettings(sight_images=2)
_COPIES = Path(__file__).with_name("capture_again.py")
_CHANGING = ("seconds", "job", "versions")  # in a report, from run to run


def make(folder: Path, sequence: bool) -> dict[str, str]:
    """Makes the job `NAME` and, with other words, `RELABELLED`; returns what commands answer."""
    job = write_doll_job(folder / NAME, SETTINGS, WORDS, FRAMES, sequence)
    spec = job.load_spec()
    save_spec(job.spec_path, replace(spec, capture=replace(spec.capture, processes=1)))
    for name in OWN:
        (job.path / name).parent.mkdir(exist_ok=True)
        (job.path / name).write_text("mine")
    commands = Commands(job.path, job.capture)
    answers = {name: getattr(commands, name)() for name in ("parse", "report", "runs", "sheet")}
    relabelled = Commands(copy_tree(job.path, folder / RELABELLED), job.capture)
    return answers | {"redo": answers["parse"], "label": relabelled.label()}


class Commands:
    """What a user does with the job `path`; each returns what came out, for comparison."""

    def __init__(self, path: Path, captured: Path) -> None:
        """`captured` is what a capture will find again."""
        self.path = path
        self.captured = captured

    def parse(self) -> str:
        folder = JobFolder.create(self.path, self._spec())
        self._run(folder)
        return self._labels()

    def redo(self) -> str:
        """As `parse`, with the stages after that of a changed file to be done once more."""
        return self.parse()

    def label(self) -> str:
        folder = JobFolder.open(self.path)
        spec = replace(folder.load_spec(), parts=tuple(map(Part, OTHER_WORDS)))
        with folder.lock():
            save_spec(folder.spec_path, spec)
        self._run(folder)
        return self._labels()

    def report(self) -> str:
        document = report_document(JobFolder.open(self.path).path)
        report_text(document)
        return json.dumps({k: v for k, v in document.items() if k not in _CHANGING})

    def runs(self) -> str:
        """The list of results. A run that cannot be read may be missing from it."""
        blend = str(self.path.parent / f"{SCENE}.blend")
        return repr([(r.character, r.parts, r.models) for r in runs_of(blend, CHARACTER, "")])

    def sheet(self) -> str:
        write_contact_sheet(JobFolder.open(self.path).path, self.path / "sheet.png")
        return str(len((self.path / "sheet.png").read_bytes()) > 0)

    def _spec(self) -> JobSpec:
        return JobSpec(
            character=CHARACTER,
            blend="/films/doll.blend",
            parts=tuple(map(Part, WORDS)),
            frames=FrameSelection(FRAMES[0], FRAMES[-1]),
            capture=CaptureSettings(azimuths=2, resolution=RESOLUTION[0], processes=1),
            parsing=SETTINGS,
        )

    def _run(self, folder: JobFolder) -> None:
        run_job(folder, self._capture, WorkerHere())

    def _capture(self, job: Path, index: int, count: int) -> list[str]:
        assert count == 1
        return [sys.executable, "-I", str(_COPIES), str(self.captured), str(job)]

    def _labels(self) -> str:
        """The labels and the result, read as what comes after reads them."""
        files = LabelFiles(self.path)
        result = files.read_result()
        arrays = [[f, *(a.tolist() for a in files.read_frame(f))] for f in result.frames]
        return json.dumps([arrays, repr(replace(result, seconds={}, versions={}))])


def labels_of(answer: str) -> str:
    """Of the answer of a command, the labels alone."""
    return json.dumps(json.loads(answer)[0])


def stages_after(path: str) -> Sequence[str]:
    """The stages that read the file of a job folder."""
    stage = path.partition("/")[0]
    return STAGES[STAGES.index(stage) + 1 :] if stage in STAGES else ()


def mend(job: Path) -> Callable[[Path], None]:
    """Makes the recorded hashes of a changed output those that it has."""

    def record(path: Path) -> None:
        stage = "labels" if path.parent == job else path.parent.name
        store = StageStore(JobFolder(job))
        mark = json.loads((job / stage / "done.json").read_text("utf-8"))
        models, provisional = mark["models"], bool(mark.get("provisional"))
        store.mark_done(stage, mark["key"], None, mark["seconds"], models, provisional)

    return record


class WorkerHere:
    """The worker without a process of its own: what is tested has one already."""

    def start(self, job: Path, until: str, log: Path, pass_fds: Sequence[int]) -> _Finished:
        stream = io.BytesIO()
        channel = Channel(stream, Inbox())
        try:
            folder = JobFolder.open(job)
            run_stages(folder, folder.load_spec(), channel.send, lambda: False, until)
        except Exception as error:
            report(channel, error)
        return _Finished(list(filter(None, map(decode, stream.getvalue().splitlines()))), log)


class _Finished:
    """A task that has ended."""

    name, finished = "worker", True

    def __init__(self, said: list[Message], log: Path) -> None:
        self._said, self._log = said, log
        self._ends = [m for m in said if m.type in ("error", "cancelled")]

    def messages(self) -> list[Message]:
        said, self._said = self._said, []
        return said

    def failure(self) -> Parts4DError | None:
        return error_of(self._ends[-1], self._log) if self._ends else None

    def cancel(self) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...


def use_tiny_model() -> None:
    from core.job.sight_model import VARIABLE
    from tests.unit.parsing.sight.make_tiny import TINY

    os.environ[VARIABLE] = str(TINY)
