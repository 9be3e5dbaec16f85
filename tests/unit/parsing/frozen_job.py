# SPDX-License-Identifier: GPL-3.0-or-later
"""The frozen job: what every stage leaves of the paper doll, as fingerprints in frozen_job.json.

    python -m tests.unit.parsing.frozen_job

records them anew. That is refused where a stage leaves something else than before while its number
in core/job/stages.py is the same: finished jobs of users would be kept though they are stale.
Whole numbers and words are compared by their sha256, fractions by weighted sums with a tolerance,
for processors and libraries differ in the last digits.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.job.arrays import load_arrays
from core.job.shipped_data import ontology_hash
from core.job.sight_model import VARIABLE
from core.job.spec import ParsingSettings
from core.job.stages import STAGE_TABLE, STAGES
from core.worker.stage_runner import run_stages

from .doll_job import write_doll_job
from .sight.make_tiny import TINY

RECORD = Path(__file__).with_suffix(".json")
FRAMES = (1, 2, 3)
WORDS = ("head", "shirt", "left trousers", "bag")
CASES = {
    "names and bones": (ParsingSettings(evidence=("names", "bones")), False),
    "sight": (ParsingSettings(sight_images=4), False),
    "sight of a sequence": (ParsingSettings(), True),
    "names alone": (ParsingSettings(encoder="names", persistence=0.1), False),
}
TOLERANCE = 5e-3  # of a sum: roots of nearly nothing differ by 3e-4


def compute() -> dict[str, Any]:
    """What would be recorded now. The variable of the vision model must name the tiny one."""
    found = {}
    for case, (settings, sequence) in CASES.items():
        with TemporaryDirectory() as folder:
            job = write_doll_job(Path(folder) / "job", settings, WORDS, FRAMES, sequence)
            run_stages(job, job.load_spec(), lambda message: None, lambda: False)
            found[case] = {stage: fingerprint(job.stage(stage)) for stage in STAGES}
    versions = {stage.name: stage.version for stage in STAGE_TABLE}
    return {"ontology": ontology_hash(), "versions": versions, "cases": found}


def fingerprint(folder: Path) -> dict[str, Any]:
    """Of all arrays in a stage's folder."""
    exact, sums = hashlib.sha256(), {}
    for path in sorted(folder.glob("*.npz")):
        for name, array in sorted(load_arrays(path).items()):
            key = f"{path.stem} {name}"
            exact.update(f"{key} {array.dtype.kind} {array.shape}\n".encode())
            if array.dtype.kind == "f":
                sums[key] = weighted_sums(array)
            else:
                values = array.tolist() if array.dtype.kind == "U" else array.astype(np.int64)
                exact.update(str(values).encode() if isinstance(values, list) else values.tobytes())
    return {"exact": exact.hexdigest(), "sums": sums}


def weighted_sums(array: np.ndarray) -> list[float]:
    """Two numbers that change with the values and with their order."""
    values = array.astype(np.float64).ravel()
    place = np.arange(len(values))
    return [round(float(values @ np.cos(place * step)), 4) for step in (0.1, 1.7)]


def is_alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two fingerprints are those of one output."""
    if one["exact"] != other["exact"] or one["sums"].keys() != other["sums"].keys():
        return False
    return all(
        np.allclose(sums, other["sums"][key], rtol=0, atol=TOLERANCE)
        for key, sums in one["sums"].items()
    )


def complaints(recorded: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """A sentence for each case in which a stage changed without its number.

    Only the first that changed counts: what comes after it is computed anew anyway. Where the
    ontology is another, its hash in the keys does what the number does for code.
    """
    for case, stages in recorded["cases"].items():
        changed = [s for s in stages if not is_alike(stages[s], now["cases"][case][s])]
        if not changed or recorded["ontology"] != now["ontology"]:
            continue
        first = changed[0]
        version = recorded["versions"][first]
        if first != "capture" and now["versions"][first] == version:
            yield (
                f"In the case '{case}' the stage {first} leaves something else than before. If "
                f"that is meant, raise its version in core/job/stages.py from {version} to "
                f"{version + 1} and record the job anew: python -m tests.unit.parsing.frozen_job"
            )


def is_recorded(recorded: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether there is nothing to record."""
    return (
        recorded["versions"] == now["versions"]
        and recorded["cases"].keys() == now["cases"].keys()
        and all(
            is_alike(stages[s], now["cases"][case][s])
            for case, stages in recorded["cases"].items()
            for s in STAGES
        )
    )


def main() -> int:
    os.environ[VARIABLE] = str(TINY)
    now = compute()
    if RECORD.is_file():
        for complaint in complaints(json.loads(RECORD.read_text("utf-8")), now):
            print(complaint, file=sys.stderr)
            return 1
    RECORD.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
