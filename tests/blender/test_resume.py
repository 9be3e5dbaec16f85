# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a run, the next one goes on from there and comes to the very same labels."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("bpy")

from tests.blender.cli_character import PARTS
from tests.blender.command_line import (
    SMALL,
    Finished,
    end,
    label_bytes,
    marks,
    parts4d,
    processes_of,
    start,
    wait_until,
)
from tests.events import read_events

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
]

CANCELLED, JOB = 4, 5

# When, counted from what can be seen in the job folder.
MOMENTS: dict[str, Callable[[Path], bool]] = {
    "the folder is made": lambda job: (job / "job.json").exists(),
    "the scene is written": lambda job: (job / "snapshot.json").exists(),
    "a frame is captured": lambda job: any((job / "capture").glob("frame_*.npz")),
    "all is captured": lambda job: (job / "capture" / "done.json").exists(),
    "masks are followed": lambda job: (job / "masklets").exists(),
    "masks are embedded": lambda job: any((job / "embeddings").glob("*.npz")),
    "labels are written": lambda job: any((job / "labels").glob("frame_*.npz")),
}


def arguments(hero: Path, job: Path) -> list[object]:
    return [
        "parse", hero, "--parts", PARTS, "--job", job, *SMALL, "--processes", 2,
        "--no-apply", "--no-sheet",
    ]  # fmt: skip


def running(hero: Path, job: Path, moment: str, *more: object) -> subprocess.Popen[str]:
    """A run that has come to the moment."""
    process = start(*arguments(hero, job), *more)
    wait_until(lambda: MOMENTS[moment](job) or process.poll() is not None)
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def no_process_is_left(job: Path) -> None:
    wait_until(lambda: not processes_of(job), 5.0)


def finish(hero: Path, job: Path) -> Finished:
    run = parts4d(*arguments(hero, job))
    assert run.status == 0, run.stderr
    return run


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_killed_again_and_again_comes_to_the_same_labels(hero, finished_hero, tmp_path, seed):
    chance, job = random.Random(seed), tmp_path / "job"
    for moment in sorted(chance.sample(list(MOMENTS), 4), key=list(MOMENTS).index):
        process = running(hero, job, moment)
        time.sleep(chance.uniform(0, 0.2))
        kill(process)  # the parent only: its children have to notice
        if chance.random() < 0.5:  # the next run may also begin while they still end
            no_process_is_left(job)
    finish(hero, job)
    no_process_is_left(job)
    assert label_bytes(job) == label_bytes(finished_hero)
    assert not [p for p in job.rglob(".*") if p.is_file()], "nothing temporary is left"


@pytest.mark.parametrize("moment", ["a frame is captured", "masks are embedded"])
def test_when_everything_dies_at_once_only_the_running_stage_is_done_again(
    hero, finished_hero, tmp_path, moment
):
    job = tmp_path / "job"
    process = running(hero, job, moment)
    for pid in [process.pid, *processes_of(job)]:
        os.kill(pid, signal.SIGKILL)
    process.communicate()
    no_process_is_left(job)
    before, frames = marks(job), sorted((job / "capture").glob("frame_*.npz"))
    times = [p.stat().st_mtime_ns for p in frames]
    run = finish(hero, job)
    assert run.kept_stages() == list(before)
    assert [p.stat().st_mtime_ns for p in frames] == times, "whole frames are not captured again"
    assert label_bytes(job) == label_bytes(finished_hero)


@pytest.mark.parametrize(
    ("program", "moment", "name"),
    [
        ("capture_main.py", "a frame is captured", "capture-"),
        ("worker/main.py", "masks are followed", "worker"),
    ],
)
def test_a_child_that_is_killed_is_reported_and_the_next_run_goes_on(
    hero, finished_hero, tmp_path, program, moment, name
):
    job = tmp_path / "job"
    process = running(hero, job, moment)
    children = [p for p, a in processes_of(job).items() if any(x.endswith(program) for x in a)]
    os.kill(children[0], signal.SIGKILL)
    error = end(process).failed(JOB, name, "killed", "run again to continue")
    assert str(job / "logs" / name) in error
    no_process_is_left(job)
    assert read_events(job / "events.jsonl")[-1].type == "error"
    finish(hero, job)
    assert label_bytes(job) == label_bytes(finished_hero)


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, "a frame is captured"), (signal.SIGTERM, "masks are followed")],
)
def test_cancel_ends_the_run_in_the_middle_of_a_stage_and_can_be_continued(
    hero, finished_hero, tmp_path, number, moment
):
    job = tmp_path / "job"
    process = running(hero, job, moment)
    finished = set(marks(job))
    os.killpg(process.pid, number)  # as a terminal does
    run = end(process)
    assert len(set(marks(job)) - finished) <= 1, "at most the stage that was nearly done"
    assert "labels" not in marks(job)
    assert run.failed(CANCELLED) == "Error: Cancelled. Run again to continue."
    no_process_is_left(job)
    assert read_events(job / "events.jsonl")[-1].type == "cancelled"
    before = marks(job)
    run = finish(hero, job)
    assert run.kept_stages() == list(before)
    assert label_bytes(job) == label_bytes(finished_hero)


def test_cancel_before_the_work_begins_is_heard_too(hero, tmp_path):
    job = tmp_path / "job"
    process = running(hero, job, "the folder is made", "--json")
    os.kill(process.pid, signal.SIGINT)
    run = end(process)
    assert run.status == CANCELLED
    assert json.loads(run.stdout)["error"]["code"] == "cancelled"
    assert "Traceback" not in run.stderr
    no_process_is_left(job)


def test_a_second_interrupt_does_not_wait(hero, tmp_path):
    job = tmp_path / "job"
    process = running(hero, job, "a frame is captured")
    child = next(iter(p for p in processes_of(job) if p != process.pid))
    os.kill(child, signal.SIGSTOP)  # a child that cannot hear
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    end(process).failed(CANCELLED)
    no_process_is_left(job)


def test_a_folder_takes_one_run_at_a_time(hero, finished_hero, tmp_path):
    job = tmp_path / "job"
    process = running(hero, job, "a frame is captured")
    os.kill(process.pid, signal.SIGSTOP)  # so that it surely still runs
    try:
        for second in (arguments(hero, job), ["label", job, "--parts", "head"]):
            parts4d(*second).failed(JOB, f"already running as process {process.pid}", "Wait for it")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert end(process).status == 0
    assert label_bytes(job) == label_bytes(finished_hero)
