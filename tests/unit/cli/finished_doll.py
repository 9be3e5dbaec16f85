# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper doll as a finished job: its true parts as labels, the bag left unlabelled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.job.folder import JobFolder
from core.job.label_files import LabelFiles, LabelledPart, Result
from core.job.stage_marks import StageStore
from tests.unit.parsing.paper_doll import truth, write_paper_doll

VOCABULARY = (
    LabelledPart("head", (0.9, 0.2, 0.1), ("face",)),
    LabelledPart("shirt", (0.1, 0.7, 0.3)),
    LabelledPart("trousers", (0.2, 0.3, 0.9)),
)
FRAMES = (1, 2, 3, 4)


def write_finished_doll(
    folder: Path, vocabulary: tuple[LabelledPart, ...] = VOCABULARY, sequence: bool = False
) -> LabelFiles:
    """`folder` with capture, labels and result."""
    manifest = write_paper_doll(folder, FRAMES, sequence).manifest
    labels = LabelFiles(folder)
    label = np.where(truth() < 3, truth(), -1)
    for frame in FRAMES:
        labels.write_frame(frame, label, np.ones(len(label)))
    labels.write_result(
        Result(
            character="Doll",
            frames=FRAMES,
            vocabulary=vocabulary,
            topology=manifest.topology,
            objects=manifest.objects,
            frame_objects=manifest.frame_objects,
            backends={"renderer": "none", "encoder": "names"},
            seconds={"capture": 1.25, "labels": 0.5},
            counts={"frames": 4, "views": 2, "elements": len(label), "masks": 7},
            warnings=("'wings' is not known to this encoder",),
        )
    )
    StageStore(JobFolder(folder)).mark_done("labels", "a key")
    return labels
