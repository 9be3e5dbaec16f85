# SPDX-License-Identifier: GPL-3.0-or-later
"""A character of a file parsed into a job folder, for a batch. Needs bpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..batch.tasks import ParseRequest
from ..installing.environments import worker_python
from ..job.choices import needs_torch
from ..job.folder import JobFolder
from ..job.implementations import SEAMS
from ..job.messages import Message
from ..job.presets import require_models
from ..job.run_job import run_job
from ..job.spec_checks import check_spec
from ..job.workers import OneShotWorker
from ..scene.capture.capture import capture_command
from ..scene.character import find_character
from ..scene.files.opening import open_sources
from ..scene.prepare import prepare_job

_WORKER = Path(__file__).resolve().parents[1] / "worker" / "main.py"


def parse_character(
    request: ParseRequest, emit: Callable[[Message], None], is_cancelled: Callable[[], bool]
) -> None:
    """Capture and parse; what the job folder holds already is kept.

    Raises InputError for a file or a character that is not there, else as `run_job`.
    """
    spec = request.spec
    require_models(spec.parsing, SEAMS)
    python = worker_python(needs_torch(spec.parsing, SEAMS))
    source = Path(spec.blend)
    open_sources([source])
    character = find_character(spec.character)
    for warning in character.warnings:
        emit(Message("warning", message=warning))
    spec = replace(spec, character=character.name, blend="")
    worker = OneShotWorker(lambda job: [*python, str(_WORKER), str(job)])
    check_spec(spec)
    folder = JobFolder(request.job)
    with folder.held():
        prepare_job(folder, spec, character, [source], False)
        run_job(folder, capture_command, worker, emit, is_cancelled)
