# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts4D itself: its presets as real jobs, in the worker that users have.

Every word list names all that is on the character as far as it is scored, so labels are the best
of the words, as of all other methods: no threshold, and no distractor that votes. Nothing else of a
preset is changed.

"embedded" is what a user gets, with all the evidence there is. "sight", "sight_bones" and
"names_bones" are the same without some of it: neither object and material names nor bones are read
where they are not evidence. All of them start from what the vision model saw, which is computed
once for a case (`shared_sight`).

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
from core.job.choices import needs_torch, uses_sight
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles
from core.job.presets import PRESETS, require_models
from core.job.run_job import run_job
from core.job.sight_model import sight_model_hash, sight_model_path
from core.job.spec import ParsingSettings
from core.job.spec_files import save_spec
from core.job.workers import OneShotWorker
from core.parsing.sight.looking import reason_without
from vendor_setup import worker_python

from ..captured import CapturedCase
from ..vocabularies import Vocabulary
from . import Labelling, Method

WORKER = Path(__file__).resolve().parents[3] / "core" / "worker" / "main.py"
_SHARED = ("snapshot.blend", "snapshot.json", "source.json")
_SHARED_STAGES = ("capture", "sight")

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
SETTINGS = {
    **PRESETS,
    "paper_embedded": PAPER_EMBEDDED,
    "sight": replace(_EMBEDDED, evidence=("sight",)),
    "sight_bones": replace(_EMBEDDED, evidence=("sight", "bones")),
    "names_bones": replace(_EMBEDDED, evidence=("names", "bones")),
}
TITLES = {
    "embedded": "Parts4D, embedded",
    "sight": "Parts4D, sight alone",
    "sight_bones": "Parts4D, sight and bones",
    "names_bones": "Parts4D, names and bones",
    "draft": "Parts4D, draft",
    "standard": "Parts4D, standard",
    "paper": "Parts4D, paper",
    "paper_embedded": "OpenHuman4D's fusion, embedded models",
}


def make(name: str) -> Method:
    """The method of a preset or of one of the variants."""
    return JobMethod(name, TITLES[name], judge_all(SETTINGS[name]))


def judge_all(settings: ParsingSettings) -> ParsingSettings:
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
        if must_see(self.settings) and not sight_model_hash():
            return f"There is no vision model at {sight_model_path()}."
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
            result = run_job(folder, no_capture, worker)
            check_seen(folder, self.settings)
            files = LabelFiles(folder.path)
            label, evidenced = {}, {}
            for frame in result.frames:
                label[frame], confidence = files.read_frame(frame)
                evidenced[frame] = confidence > 0  # what is filled in has none
            seconds = {s: t for s, t in result.seconds.items() if s != "capture"}
            found[vocabulary.name] = Labelling(label, evidenced, seconds, peak_of_children())
        return found


def must_see(settings: ParsingSettings) -> bool:
    """Whether labels without the vision model would not be those of these settings at all.

    With names as evidence they are what a user without the model gets.
    """
    return uses_sight(settings) and "names" not in settings.evidence


def check_seen(folder: JobFolder, settings: ParsingSettings) -> None:
    """Raises JobError where the vision model should have looked alone and could not be run."""
    if must_see(settings) and (reason := reason_without(folder.sight)):
        raise JobError("The vision model did not look", reason)


def share_capture(source: Path, target: Path) -> JobFolder:
    """A job folder of its own whose capture is that of `source`, by hard links where possible.

    So is what the vision model saw, where it has looked. Files of these stages are replaced, never
    changed, so a link is as good as a copy.
    """
    if not (target / "job.json").is_file():
        shared = [source / name for name in _SHARED]
        shared += [path for stage in _SHARED_STAGES for path in (source / stage).glob("*")]
        for path in shared:
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


def no_capture(job: Path, shard: int, shards: int) -> list[str]:
    """Stands where the command does that captures."""
    raise JobError(f"The shared capture of {job} is not whole", f"Remove {job} and run again")
