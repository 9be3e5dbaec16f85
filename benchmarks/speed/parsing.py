# SPDX-License-Identifier: GPL-3.0-or-later
"""Parsing: seconds of every stage after capture, of a new vocabulary, and peak memory.

    python -m benchmarks.speed.parsing [--faces 30000] [--frames 24] [--views 8] [--repeat 3]
    python -m benchmarks.speed.parsing --memory

Runs the real worker on a capture drawn without Blender. `--memory` is the large case, 100 000
faces in 250 frames. Seconds are medians over the repetitions. Targets: 20 s, 1 s, 3 GB.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.speed.synthetic_capture import PARTS, write_captured_job
from core.job.folder import STAGES, JobFolder
from core.job.messages import Message
from core.job.run_job import run_job
from core.job.spec import Part
from core.job.stage_marks import StageStore
from core.job.workers import OneShotWorker
from vendor_setup import embedded_python

WORKER = Path(__file__).resolve().parents[2] / "core" / "worker" / "main.py"
OTHER_PARTS = ("hair", "coat", "trousers", "left hand", "right hand", "shoes", "face")
LARGE = {"faces": 100_000, "frames": 250, "distinct": 10}
TARGETS = {"all stages": 20.0, "new vocabulary": 1.0}
LARGE_TARGETS = {"peak GB": 3.0}

Case = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=30_000)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--distinct", type=int, help="draw so many frames, link the others")
    parser.add_argument("--memory", action="store_true", help="100 000 faces, 250 frames")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--jobs", type=Path, help="keep the job folder here")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(**(LARGE if "--memory" in sys.argv else {}))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parts4d-parsing-") as temporary:
        case = measure_case(arguments.jobs or Path(temporary), arguments)
    targets = LARGE_TARGETS if arguments.memory else TARGETS
    print(json.dumps(case) if arguments.json else report(case, targets), flush=True)


def measure_case(job: Path, arguments: argparse.Namespace) -> Case:
    """Draws a capture and runs the worker on it, each in a process of its own."""
    size = (arguments.faces, arguments.frames, arguments.views)
    started = time.perf_counter()
    elements = in_fresh_process(write_captured_job, job, *size, arguments.distinct)
    drawn = time.perf_counter() - started
    runs, again = [], []
    for _ in range(arguments.repeat):
        in_fresh_process(start_over, job)
        runs.append(in_fresh_process(run_worker, job))
        in_fresh_process(ask_for, job, OTHER_PARTS)
        again.append(in_fresh_process(run_worker, job))
    stages = {s: median(run["stages"][s] for run in runs) for s in runs[0]["stages"]}
    return {
        "faces": elements,
        "frames": arguments.frames,
        "views": arguments.views,
        "drawing": round(drawn, 1),
        "stages": stages,
        "all stages": round(sum(stages.values()), 2),
        "whole process": median(run["seconds"] for run in runs),
        "cpu": median(run["cpu"] for run in runs),
        "new vocabulary": median(run["stages"]["labels"] for run in again),
        "new vocabulary, whole process": median(run["seconds"] for run in again),
        "peak GB": max(run["peak"] for run in runs),
        "new vocabulary, peak GB": max(run["peak"] for run in again),
        "counts": runs[0]["counts"],
        "megabytes": {stage: megabytes(job / stage) for stage in STAGES},
    }


def in_fresh_process(function: Callable[..., Any], *arguments: object) -> Any:
    """What `function` returns in a new Python, so that its memory and children are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def run_worker(job: Path) -> Case:
    """Runs what is not done of the job, as the extension does; what this cost."""
    folder, stages = JobFolder.open(job), {}

    def on_event(message: Message) -> None:
        if message.type == "stage" and message.state == "finished":
            stages[message.stage] = message.seconds

    started = time.perf_counter()
    result = run_job(
        folder,
        no_capture,
        OneShotWorker(lambda path: [*embedded_python(), str(WORKER), str(path)]),
        on_event,
    )
    seconds = time.perf_counter() - started
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "stages": stages,
        "seconds": round(seconds, 2),
        "cpu": round(usage.ru_utime + usage.ru_stime, 2),
        "peak": round(usage.ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20), 3),
        "counts": dict(result.counts),
    }


def no_capture(job: Path, shard: int, shards: int) -> list[str]:
    raise AssertionError(f"the capture of {job} should be done")


def start_over(job: Path) -> None:
    """As if the capture had just ended."""
    ask_for(job, PARTS)
    store = StageStore(JobFolder.open(job))
    for stage in STAGES[1:]:
        store.clear(stage)


def ask_for(job: Path, names: tuple[str, ...]) -> None:
    """Another vocabulary."""
    folder = JobFolder.open(job)
    spec = replace(folder.load_spec(), parts=tuple(Part(name) for name in names))
    JobFolder.create(job, spec)


def megabytes(folder: Path) -> float:
    """Of the files on disk; links to one file count once."""
    files = {(s.st_dev, s.st_ino): s.st_size for s in (p.stat() for p in folder.iterdir())}
    return round(sum(files.values()) / 1e6, 2)


def report(case: Case, targets: dict[str, float]) -> str:
    """A table to read."""
    lines = [f"{case['faces']} faces, {case['frames']} frames, {case['views']} views"]
    lines += [f"drawing the capture took {case['drawing']} s; {case['counts']}", ""]
    lines += [f"{'stage':16}{'s':>8}{'MB':>10}"]
    for stage, size in case["megabytes"].items():
        lines.append(f"{stage:16}{case['stages'].get(stage, 0):8.2f}{size:10.2f}")
    lines.append("")
    for name in case:
        if isinstance(case[name], float) and name != "drawing":
            target = f"  target {targets[name]:g}" if name in targets else ""
            lines.append(f"{name:32}{case[name]:8.2f}{target}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
