# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts4D itself: its presets as real jobs, in the worker that users have.

Every word list names all that is on the character as far as it is scored, so labels are the best
of the words, as of all other methods: no threshold, and no distractor that votes. Nothing else of a
preset is changed.

"paper_embedded" is the fusion of OpenHuman4D as printed (one key image, eq. 6 unscaled, plain sums,
every frame by itself) with the embedded proposer, tracker and encoder in the places of SAM, SAM 2
and HumanCLIP: what its equations alone are worth.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.errors import JobError, Parts4DError
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles
from core.job.presets import PRESETS, needs_torch, require_models
from core.job.run import run_job
from core.job.spec import ParsingSettings, save_spec
from core.job.workers import OneShotWorker
from vendor_setup import worker_python

from ..captured import CapturedCase
from ..vocabularies import Vocabulary
from . import Labelling, Method

WORKER = Path(__file__).resolve().parents[3] / "core" / "worker" / "main.py"
_SHARED = ("snapshot.blend", "snapshot.json", "source.json")

_EMBEDDED = PRESETS["embedded"]
PAPER_EMBEDDED = replace(
    PRESETS["paper"],
    preset="embedded",
    proposer=_EMBEDDED.proposer,
    proposer_model="",
    tracker=_EMBEDDED.tracker,
    tracker_model="",
    encoder=_EMBEDDED.encoder,
    encoder_model="",
)
TITLES = {
    "embedded": "Parts4D, embedded",
    "draft": "Parts4D, draft",
    "standard": "Parts4D, standard",
    "paper": "Parts4D, paper",
    "paper_embedded": "OpenHuman4D's fusion, embedded models",
}


def make(name: str) -> Method:
    """The method of a preset, or "paper_embedded"."""
    settings = PAPER_EMBEDDED if name == "paper_embedded" else PRESETS[name]
    return JobMethod(name, TITLES[name], judged(settings))


def judged(settings: ParsingSettings) -> ParsingSettings:
    """`settings` where every label is a part: no threshold, no distractor that votes."""
    return replace(settings, threshold=0.0, distractors=False)


class JobMethod:
    """Settings run as a job on a shared capture."""

    def __init__(self, name: str, title: str, settings: ParsingSettings) -> None:
        self.name = name
        self.title = title
        self.settings = settings

    def unavailable(self) -> str:
        try:
            require_models(self.settings)
            worker_python(needs_torch(self.settings))
        except Parts4DError as error:
            return error.message
        return ""

    def label(
        self, captured: CapturedCase, vocabularies: Sequence[Vocabulary], scratch: Path
    ) -> dict[str, Labelling]:
        """One job for all vocabularies: after the first, only the last stage runs again."""
        folder = share_capture(captured.job, scratch / "job")
        python = worker_python(needs_torch(self.settings))
        worker = OneShotWorker(lambda job: [*python, str(WORKER), str(job)])
        found = {}
        for vocabulary in vocabularies:
            spec = replace(folder.load_spec(), parts=vocabulary.parts, parsing=self.settings)
            with folder.lock():
                save_spec(folder.spec_path, spec)
            result = run_job(folder, _no_capture, worker)
            files = LabelFiles(folder.path)
            label, evidenced = {}, {}
            for frame in result.frames:
                label[frame], confidence = files.read_frame(frame)
                evidenced[frame] = confidence > 0  # what is filled in has none
            seconds = {s: t for s, t in result.seconds.items() if s != "capture"}
            found[vocabulary.name] = Labelling(label, evidenced, seconds, peak_of_children())
        return found


def share_capture(source: Path, target: Path) -> JobFolder:
    """A job folder of its own whose capture is that of `source`, by hard links where possible.

    Files of a capture are replaced, never changed, so a link is as good as a copy.
    """
    if not (target / "job.json").is_file():
        for path in [*(source / name for name in _SHARED), *(source / "capture").iterdir()]:
            if path.is_file():
                _link(path, target / path.relative_to(source))
        shutil.copyfile(source / "job.json", target / "job.json")
    return JobFolder.open(target)


def peak_of_children() -> float:
    """GB of the largest child of this process so far; nan where the system does not tell."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return float(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e9)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def _no_capture(job: Path, shard: int, shards: int) -> list[str]:
    raise JobError(f"The shared capture of {job} is not whole", f"Remove {job} and run again")
