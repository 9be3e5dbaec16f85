# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import CancelledError, InputError, JobError
from core.job.folder import STAGES, JobFolder
from core.job.messages import Message
from core.job.run_job import run_job
from core.job.spec import FrameSelection, Part
from core.job.workers import OneShotWorker
from tests.events import read_events

TOYS = Path(__file__).with_name("toys.py")
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


def run_toys(folder: JobFolder, toy, worker="worker", capture="capture", **options):
    return run_job(
        folder,
        lambda path, i, n: toy(capture, path, f"{i}/{n}"),
        OneShotWorker(lambda path: toy(worker, path)),
        **options,
    )


def label_bytes(folder: JobFolder) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.labels.glob("*.npz"))}


def test_a_run_goes_through_all_stages_and_returns_the_result(folder, toy):
    events: list[Message] = []
    result = run_toys(folder, toy, on_event=events.append)
    assert result.frames == (1, 2, 3, 4, 5, 6)
    finished = [e.stage for e in events if e.type == "stage" and e.state == "finished"]
    assert finished == list(STAGES)
    overall = [e.overall for e in events if e.type == "progress"]
    assert overall == sorted(overall)
    assert events[-1].type == "result" and events[-1].overall == 1.0 and events[-1].seconds > 0
    assert [e.type for e in read_events(folder.events)][-1] == "result"


def test_a_second_run_starts_no_process(folder, toy):
    run_toys(folder, toy)

    def fail(*_):
        raise AssertionError("started a process")

    assert run_job(folder, fail, OneShotWorker(fail)).character == "Robot"


def test_other_part_names_run_only_the_last_stage(folder, toy, spec):
    run_toys(folder, toy)
    before = label_bytes(folder)
    JobFolder.create(folder.path, replace(spec, parts=(*spec.parts, Part("hair"))))
    events: list[Message] = []
    run_toys(folder, toy, on_event=events.append)
    assert [e.stage for e in events if e.state == "finished"] == ["labels"]
    assert label_bytes(folder) != before


@pytest.mark.slow
def test_other_frames_run_everything_and_leave_no_old_file(folder, toy, spec):
    run_toys(folder, toy)
    JobFolder.create(folder.path, replace(spec, frames=FrameSelection(2, 3)))
    assert run_toys(folder, toy).frames == (2, 3)
    assert sorted(label_bytes(folder)) == ["frame_0002.npz", "frame_0003.npz"]
    assert not (folder.capture / "frame_0001.npz").exists()


def test_a_run_until_a_stage_stops_there(folder, toy):
    assert run_toys(folder, toy, stages_until="capture") is None
    assert not folder.proposals.exists()
    assert run_toys(folder, toy, stages_until="masklets") is None
    assert (folder.masklets / "done.json").exists() and not folder.validation.exists()


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["capture", "masklets", "labels"])
def test_a_truncated_stage_file_is_made_anew(folder, toy, stage):
    run_toys(folder, toy)
    expected = label_bytes(folder)
    path = folder.stage(stage) / "frame_0003.npz"
    path.write_bytes(path.read_bytes()[:20])
    run_toys(folder, toy)
    assert label_bytes(folder) == expected


@pytest.mark.slow
def test_a_file_that_rotted_stops_one_run_and_is_made_anew_by_the_next(folder, toy):
    run_toys(folder, toy, stages_until="capture")
    path = folder.capture / "frame_0003.npz"
    good = path.read_bytes()
    path.write_bytes(good[:-60] + bytes(60))  # same size
    with pytest.raises(JobError, match="damaged"):
        run_toys(folder, toy)
    run_toys(folder, toy)
    assert path.read_bytes() == good


def test_an_error_of_a_child_arrives_with_its_class_and_remedy(folder, toy):
    with pytest.raises(InputError, match=r"no faces\. Choose a mesh with faces\."):
        run_toys(folder, toy, capture="wrong")
    last = read_events(folder.events)[-1]
    assert (last.type, last.code) == ("error", "input")


def test_a_child_that_ends_without_output_is_an_error(folder, toy):
    with pytest.raises(JobError, match="capture ended without a result"):
        run_toys(folder, toy, capture="lazy")
    with pytest.raises(JobError, match="without finishing sight"):
        run_toys(folder, toy, worker="lazy")


def test_cancel_ends_the_run_in_the_middle_and_keeps_what_is_finished(folder, toy, monkeypatch):
    monkeypatch.setattr("core.job.process.TERMINATE_AFTER", math.inf)  # it has to hear by itself
    monkeypatch.setattr("core.job.process.KILL_AFTER", math.inf)
    left: list[float] = []  # steps of the worker, not of the capture before it

    def note(message: Message) -> None:
        if message.type == "progress" and message.source == "worker":
            left.append(message.total - message.done)

    with pytest.raises(CancelledError):
        run_toys(folder, toy, worker="wait", on_event=note, should_cancel=lambda: bool(left))
    assert min(left) > 1, "the toy did not come to its last step"
    assert (folder.capture / "done.json").exists()
    assert read_events(folder.events)[-1].type == "cancelled"
    assert run_toys(folder, toy).character == "Robot"


def test_a_full_disk_is_told_before_the_start(folder, toy, spec, monkeypatch):
    monkeypatch.setattr(
        "core.job.disk_space.shutil.disk_usage", lambda _: type("", (), {"free": 1000})
    )
    with pytest.raises(JobError, match="Free some space"):
        run_toys(folder, toy)
    assert not folder.capture.exists()


def test_a_missing_scene_is_named(tmp_path, spec, toy):
    folder = JobFolder.create(tmp_path / "job", spec)
    with pytest.raises(InputError, match=r"/films/robot\.blend is missing"):
        run_toys(folder, toy)


def test_an_exception_in_on_event_leaves_no_child_behind(folder, toy):
    pids: list[Message] = []

    def explode(message: Message) -> None:
        pids.append(message)
        if message.type == "progress":
            raise RuntimeError("drawing failed")

    with pytest.raises(RuntimeError):
        run_toys(folder, toy, capture="wait", on_event=explode)
    with folder.lock():
        pass


@posix
def test_children_of_a_killed_owner_leave_and_the_folder_is_free(folder):
    environment = {**os.environ, "TOY_PAUSE": "600"}  # they would hold the folder until its end
    process = subprocess.Popen(
        [sys.executable, str(TOYS), "run", str(folder.path)], env=environment
    )
    deadline = time.monotonic() + 20
    while not any(e.type == "progress" for e in read_events(folder.events)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(JobError, match=f"already running as process {process.pid} since 20"):
        folder.lock().__enter__()
    process.kill()
    process.wait()
    with folder.lock():
        assert not list(folder.capture.glob("frame_*.npz"))
