# SPDX-License-Identifier: GPL-3.0-or-later
"""The paper doll as a case of the benchmark, captured without Blender."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.quality.captured import CapturedCase, CaptureOptions, capture_key
from benchmarks.quality.cases import Case
from core.files.atomic import write_json
from core.job.arrays import save_arrays
from tests.unit.parsing.doll_job import FRAMES, WORDS, write_doll_job
from tests.unit.parsing.paper_doll import truth


def doll(path: Path, sequence: bool = False) -> CapturedCase:
    """The doll with its truth, captured into `path`/job."""
    folder = write_doll_job(path / "job", sequence=sequence)
    label = truth().astype(np.int16)
    case = Case("doll", "doll", "character", path / "doll.blend")
    return CapturedCase(case, folder.path, WORDS, dict.fromkeys(FRAMES, label))


def finished_capture(characters: Path, captures: Path, name: str, options: CaptureOptions) -> Case:
    """`characters`/NAME/NAME.blend, and in `captures` what a program would have made of it."""
    blend = characters / name / f"{name}.blend"
    blend.parent.mkdir(parents=True)
    blend.write_bytes(f"the scene of {name}".encode())
    case = Case(name, name.split("_")[0], "character", blend)
    write_doll_job(captures / name / "job")
    save_arrays(captures / name / "truth.npz", {"all": truth().astype(np.int16)})
    document = {"key": capture_key(case, options), "names": list(WORDS)}
    write_json(captures / name / "case.json", document)
    return case
