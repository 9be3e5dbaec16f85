# SPDX-License-Identifier: GPL-3.0-or-later
"""What the vision model saw of a case: computed once, and shared as the capture is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from core.job.folder import JobFolder
from core.job.presets import PRESETS
from core.job.run_job import run_job
from core.job.sight_model import sight_model_hash
from core.job.spec_files import save_spec
from core.job.stage_marks import StageStore, stage_keys
from core.job.workers import OneShotWorker
from core.parsing.sight.sightings import Sightings, has_sightings, load_sightings
from vendor_setup import worker_python

from .captured import CapturedCase
from .methods.ours import WORKER, no_capture


def look(captured: CapturedCase) -> None:
    """Runs the stage `sight` of the embedded preset in the case's shared job, if it is not done.

    Does nothing where there is no vision model. Raises JobError when the worker fails.
    """
    if not sight_model_hash():
        return
    folder = JobFolder.open(captured.job)
    python = worker_python(False)
    worker = OneShotWorker(lambda job: [*python, str(WORKER), str(job)])
    with folder.held():
        spec = replace(folder.load_spec(), parsing=PRESETS["embedded"])
        key = stage_keys(spec, folder.snapshot_hash(spec))["sight"]
        if StageStore(folder).is_done("sight", key):
            return
        save_spec(folder.spec_path, spec)
        run_job(folder, no_capture, worker, stages_until="sight")


def shared_sightings(captured: CapturedCase) -> Callable[[int], Sightings] | None:
    """What was seen in a frame; None where the vision model has not looked at the case."""
    folder = captured.job / "sight"
    if not has_sightings(folder):
        return None
    return lambda frame: load_sightings(folder, frame)
