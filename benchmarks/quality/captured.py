# SPDX-License-Identifier: GPL-3.0-or-later
"""One capture of a case, shared by all methods, and its ground truth per element.

`CAPTURES/CASE/job` is a job folder; `truth.npz` beside it has the ground truth and `case.json`,
written last, the key that both were made for. A capture that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from core.errors import JobError, Parts4DError
from core.files.hashing import file_hash
from core.files.reading import read_object
from core.job.arrays import load_arrays
from core.job.capture_files import CaptureFiles
from core.job.folder import JobFolder
from core.job.process import run_program
from core.job.stage_marks import StageStore, stage_keys

from .cases import Case, scan_files

LIMIT = 1800.0  # seconds for a child program; none takes a tenth of it
_VERSION = 1  # raise it when captures or truths are made in another way


@dataclass(frozen=True)
class CaptureOptions:
    """How much of a case is looked at."""

    frames: int = 4  # the most different poses
    views: int = 8
    resolution: int = 512
    scan_frames: int = 8  # of a sequence with changing topology: so many, one after another


QUICK = CaptureOptions(frames=2, views=4, resolution=256, scan_frames=3)


@dataclass(frozen=True)
class CapturedCase:
    """Images of a case and what is true of its elements."""

    case: Case
    job: Path  # a job folder whose capture is done; parts and parsing in its spec mean nothing
    names: tuple[str, ...]  # fine names of the ground truth
    truth: Mapping[int, np.ndarray]  # frame -> (E,) int16 into names, -1 = unknown. Constant
    # topology: the same array for all frames

    @cached_property
    def files(self) -> CaptureFiles:
        """Images, facts and manifest of the capture."""
        return CaptureFiles(self.job / "capture")

    @property
    def frames(self) -> tuple[int, ...]:
        """The captured scene frames."""
        return self.files.manifest.frames

    @property
    def constant_topology(self) -> bool:
        return self.files.manifest.topology == "constant"

    @property
    def present(self) -> tuple[str, ...]:
        """The fine names that occur."""
        found = {int(i) for truth in self.truth.values() for i in np.unique(truth) if i >= 0}
        return tuple(self.names[i] for i in sorted(found))

    @property
    def seconds(self) -> float:
        """How long the capture took."""
        return StageStore(JobFolder(self.job)).seconds().get("capture", float("nan"))


def capture_case(case: Case, folder: Path, options: CaptureOptions) -> CapturedCase:
    """The captured case in `folder`; made by a program of its own unless it is there already.

    Raises InputError or JobError when the case cannot be opened or captured.
    """
    key = capture_key(case, options)
    if not is_captured(folder, key):
        (folder / "case.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.quality.capture_main"]
        command += [json.dumps(_request(case, folder, options, key))]
        run_program(command, folder / "capture.log", LIMIT)
    return open_captured(case, folder)


def capture_key(case: Case, options: CaptureOptions) -> str:
    """sha256 of everything a capture depends on: the options and the case's files."""
    if case.kind == "scan":
        files = [*scan_files(case.path), case.path / "labels.npz", case.path / "meta.json"]
    else:
        files = [case.path]
    content = [_VERSION, case.kind, asdict(options), [file_hash(p) for p in files]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def is_captured(folder: Path, key: str) -> bool:
    """Whether the folder holds a whole capture for this key."""
    try:
        job = JobFolder.open(folder / "job")
        spec = job.load_spec()
        keys = stage_keys(spec, job.snapshot_hash(spec))
        done = StageStore(job).is_done("capture", keys["capture"])
        return done and read_object(folder / "case.json").get("key") == key
    except Parts4DError:
        return False


def open_captured(case: Case, folder: Path) -> CapturedCase:
    """A case that was captured before. Raises JobError when it was not, or is damaged."""
    document = read_object(folder / "case.json")
    arrays = load_arrays(folder / "truth.npz")
    captured = CapturedCase(case, folder / "job", tuple(document["names"]), {})
    try:
        truth = {
            f: arrays["all" if captured.constant_topology else str(f)] for f in captured.frames
        }
    except KeyError as error:
        raise JobError(f"{folder} is damaged", f"Remove {folder} and run again") from error
    return CapturedCase(case, captured.job, captured.names, truth)


def _request(case: Case, folder: Path, options: CaptureOptions, key: str) -> dict[str, object]:
    """What `capture_main` is told."""
    return {
        "name": case.name,
        "family": case.family,
        "kind": case.kind,
        "path": str(case.path.absolute()),
        "folder": str(folder.absolute()),
        "options": asdict(options),
        "key": key,
    }
