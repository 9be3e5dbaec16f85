# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels of a parsed job with other words, made in this process and kept in memory.

A study that asks one character dozens of times has no use for a worker each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.job.folder import JobFolder
from core.job.run_job import run_job
from core.job.spec import ParsingSettings, Part
from core.job.spec_files import save_spec
from core.job.workers import OneShotWorker
from core.parsing.images import Images
from core.parsing.pipeline import label_elements
from core.parsing.run import Run
from core.parsing.seams import TextSide
from vendor_setup import worker_python

from .captured import CapturedCase
from .methods import Labelling
from .methods.ours import WORKER, check_seen, no_capture, share_capture


class KeptLabels:
    """Stands where `LabelFiles` do."""

    def __init__(self) -> None:
        self.label: dict[int, np.ndarray] = {}
        self.evidenced: dict[int, np.ndarray] = {}

    def write_frame(self, frame: int, label: np.ndarray, confidence: np.ndarray) -> None:
        self.label[frame], self.evidenced[frame] = label, confidence > 0


def parsed_job(
    captured: CapturedCase, settings: ParsingSettings, folder: Path, until: str
) -> JobFolder:
    """A job on the shared capture with all stages up to `until` done; parts mean nothing there.

    Raises InputError or JobError when it cannot be parsed with these settings.
    """
    job = share_capture(captured.job, folder)
    python = worker_python(False)
    worker = OneShotWorker(lambda path: [*python, str(WORKER), str(path)])
    with job.held():
        save_spec(job.spec_path, replace(job.load_spec(), parsing=settings))
        run_job(job, no_capture, worker, stages_until=until)
    check_seen(job, settings)
    return job


def relabel(
    job: Path,
    settings: ParsingSettings,
    parts: Sequence[Part],
    images: Images | None = None,
    text: TextSide | None = None,
) -> Labelling:
    """The labels of a job whose masks are embedded.

    `images` may be some of its frames, and `text` the words of an encoder that is at hand.
    Raises InputError when the encoder knows none of the parts.
    """
    kept = KeptLabels()
    run: Any = Run(job, settings, parts)
    run.labels = kept
    if images is not None:
        run.images = images
    if text is not None:
        run.text_side = text
    label_elements(run)
    return Labelling(kept.label, kept.evidenced, {}, float("nan"))
