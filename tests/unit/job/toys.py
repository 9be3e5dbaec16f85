# SPDX-License-Identifier: GPL-3.0-or-later
"""Small child programs: `toys.py NAME ARGUMENTS...`. Some behave, some do not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from core.errors import InputError
from core.job.arrays import load_arrays, save_arrays
from core.job.capture_files import CapturedObject
from core.job.child_side import Channel, run_child
from core.job.folder import STAGES, JobFolder
from core.job.label_files import LabelFiles, LabelledPart, Result
from core.job.run_job import run_job
from core.job.stage_marks import StageStore, stage_keys
from core.job.workers import OneShotWorker

_PICTURE = CapturedObject("picture", "picture", 0, 64 * 64)
PAUSE = float(os.environ.get("TOY_PAUSE", "0.01"))


def capture(channel: Channel, job: str, shard: str) -> None:
    """Writes `capture/frame_*.npz` of its share of the frames; keeps whole ones."""
    index, count = map(int, shard.split("/"))
    folder = JobFolder(job)
    spec = folder.load_spec()
    frames = range(spec.frames.start, spec.frames.end + 1)[index::count]
    for i, frame in enumerate(frames):
        channel.progress("capture", i, len(frames))
        path = folder.capture / f"frame_{frame:04d}.npz"
        if not path.exists():
            time.sleep(PAUSE)
            save_arrays(path, {"image": np.random.default_rng(frame).integers(0, 9, (64, 64))})
    channel.progress("capture", len(frames), len(frames))
    if index == 0:
        (folder.capture / "capture.json").write_text("{}")


def worker(channel: Channel, job: str, *until: str) -> None:
    """Every later stage doubles the stage before; the labels are modulo the parts."""
    folder = JobFolder(job)
    spec = folder.load_spec()
    keys = stage_keys(spec, folder.snapshot_hash(spec))
    store = StageStore(folder)
    last = STAGES.index(until[1]) if until else len(STAGES) - 1
    for before, stage in pairwise(STAGES[: last + 1]):
        if store.is_done(stage, keys[stage]):
            channel.stage(stage, "skipped")
            continue
        start = time.monotonic()
        channel.stage(stage, "started")
        store.prepare(stage, keys[stage])
        files = sorted(folder.stage(before).glob("frame_*.npz"))
        for i, path in enumerate(files):
            channel.progress(stage, i, len(files))
            time.sleep(PAUSE)
            array = load_arrays(path)["image"] * 2 + len(stage)
            if stage == "labels":
                label = (array.ravel() % len(spec.parts)).astype(np.int16)
                LabelFiles(folder.path).write_frame(int(path.stem[6:]), label, np.ones(len(label)))
            else:
                save_arrays(folder.stage(stage) / path.name, {"image": array})
        if stage == "labels":
            write_result(folder)
        seconds = time.monotonic() - start
        store.mark_done(stage, keys[stage], seconds=seconds)
        channel.stage(stage, "finished", seconds)


def write_result(folder: JobFolder) -> None:
    spec = folder.load_spec()
    parts = tuple(LabelledPart(p.name, (0.0, 0.0, 0.0), p.synonyms) for p in spec.parts)
    frames = tuple(range(spec.frames.start, spec.frames.end + 1))
    LabelFiles(folder.path).write_result(
        Result(spec.character, frames, parts, "constant", (_PICTURE,), {}, {}, {}, {})
    )


def lazy(channel: Channel, *_: str) -> None:
    """Ends well without doing anything."""


def crash(channel: Channel, number: str, *_: str) -> None:
    print("about to crash", file=sys.stderr, flush=True)
    os.kill(os.getpid(), int(number))
    time.sleep(10)


def wrong(channel: Channel, *_: str) -> None:
    raise InputError("The mesh 'Robot' has no faces", "Choose a mesh with faces")


def bug(channel: Channel, *_: str) -> None:
    raise ZeroDivisionError("oh no")


def full(channel: Channel, *_: str) -> None:
    raise OSError(28, "No space left on device")


def noisy(channel: Channel, *_: str) -> None:
    """Prints where messages go, from Python, from C and from a grandchild."""
    print("printed")
    os.write(1, b"written to fd 1\n")
    subprocess.run(["echo", "from a grandchild"], check=True)
    channel.warning("ünïcode \u2028 warning")


def wait(channel: Channel, *_: str) -> None:
    """Works until cancelled."""
    for i in range(1000):
        channel.progress("capture", i, 1000)
        time.sleep(0.05)


def deaf(channel: Channel, *_: str) -> None:
    """Does not look at Cancel."""
    channel.log("ready")
    time.sleep(60)


def litter(channel: Channel, folder: str, file: str) -> None:
    """Leaves both where temporary files go."""
    (Path(tempfile.gettempdir()) / folder).mkdir()
    (Path(tempfile.gettempdir()) / file).touch()


def quiet(channel: Channel, seconds: str) -> None:
    """Has nothing to say for a while."""
    time.sleep(float(seconds))


def stubborn(channel: Channel, *_: str) -> None:
    """Does not even react to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    channel.log("ready")
    time.sleep(60)


def environment(channel: Channel, *names: str) -> None:
    for name in names:
        channel.log(f"{name}={os.environ.get(name)}")


def run(job: str) -> None:
    """Not a child: the parent of a toy pipeline, to be killed."""
    me = [sys.executable, __file__]
    run_job(
        JobFolder.open(job),
        lambda path, i, n: [*me, "capture", str(path), f"{i}/{n}"],
        OneShotWorker(lambda path: [*me, "worker", str(path)]),
    )


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(sys.argv[2])
    else:
        run_child(lambda channel: globals()[sys.argv[1]](channel, *sys.argv[2:]))
