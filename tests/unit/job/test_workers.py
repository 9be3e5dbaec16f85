# SPDX-License-Identifier: GPL-3.0-or-later
"""The real worker, staying warm: job after job in one process."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import CancelledError, InputError, JobError
from core.files.lock import FolderLock
from core.job import workers
from core.job.folder import JobFolder
from core.job.messages import Message
from core.job.run_job import run_job
from core.job.spec import Part
from core.job.spec_files import save_spec
from core.job.workers import OneShotWorker, WarmWorker
from tests.unit.parsing.doll_job import write_doll_job

MAIN = Path(workers.__file__).parents[1] / "worker" / "main.py"
posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture
def warm():
    worker = WarmWorker([sys.executable, "-I", "-u", str(MAIN)])
    yield worker
    worker.close()


def run(folder: JobFolder, worker, **options):
    def no_capture(*_):
        raise AssertionError("the capture is done")

    return run_job(folder, no_capture, worker, **options)


def label_bytes(folder: JobFolder) -> list[bytes]:
    return [p.read_bytes() for p in sorted(folder.labels.glob("*.npz"))]


@pytest.mark.slow
def test_many_jobs_run_in_one_process_with_the_results_of_one_each(tmp_path, warm):
    first, second = (write_doll_job(tmp_path / name) for name in "ab")
    assert warm.pid is None
    events: list[Message] = []
    run(first, warm, on_event=events.append)
    pid = warm.pid
    run(second, warm)
    assert warm.pid == pid is not None
    assert {e.type for e in events} == {"stage", "progress", "result"}
    alone = write_doll_job(tmp_path / "c")
    run(alone, OneShotWorker(lambda job: [sys.executable, str(MAIN), str(job)]))
    assert label_bytes(first) == label_bytes(second) == label_bytes(alone)
    assert f"'job': '{second.path.name}'" in (second.logs / "worker.log").read_text("utf-8")


def test_an_error_or_a_cancel_ends_the_job_and_not_the_process(tmp_path, warm):
    folder = write_doll_job(tmp_path / "a", words=("qqqq",))
    with pytest.raises(InputError, match="None of the part names"):
        run(folder, warm)
    pid = warm.pid
    with pytest.raises(CancelledError):
        run(write_doll_job(tmp_path / "b"), warm, should_cancel=lambda: True)
    save_spec(folder.spec_path, replace(folder.load_spec(), parts=(Part("head"),)))
    assert run(folder, warm).counts["labelled"] > 0
    assert warm.pid == pid is not None


@posix
def test_a_worker_killed_between_jobs_is_started_anew(tmp_path, warm):
    run(write_doll_job(tmp_path / "a"), warm)
    before = warm.pid
    os.kill(before, signal.SIGKILL)
    assert run(write_doll_job(tmp_path / "b"), warm).counts["labelled"] > 0
    assert warm.pid not in (None, before)


@posix
def test_a_worker_killed_in_a_job_says_why_and_the_next_run_goes_on(tmp_path, warm):
    folder = write_doll_job(tmp_path / "a")

    def kill(message: Message) -> None:
        if message.stage == "masklets" and message.state == "started":
            os.kill(warm.pid, signal.SIGKILL)

    with pytest.raises(JobError, match="killed by the system"):
        run(folder, warm, on_event=kill)
    states: list[tuple[str, str]] = []
    run(folder, warm, on_event=lambda m: states.append((m.stage, m.state)))
    assert ("proposals", "skipped") in states


@posix
def test_a_worker_that_hangs_is_ended_with_a_sentence(tmp_path, warm, monkeypatch):
    monkeypatch.setattr(workers, "SILENCE", 0.5)
    folder = write_doll_job(tmp_path / "a")

    def stop(message: Message) -> None:
        if message.state == "started" and warm.pid:
            os.kill(warm.pid, signal.SIGSTOP)

    with pytest.raises(JobError, match="stopped answering"):
        run(folder, warm, on_event=stop)


@posix
def test_a_folder_that_another_worker_still_writes_is_left_alone(tmp_path, warm):
    folder = write_doll_job(tmp_path / "a")
    with FolderLock(folder.path / "worker.lock"), pytest.raises(JobError, match="already running"):
        run(folder, warm)


@pytest.mark.slow
def test_an_idle_worker_leaves_by_itself(tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(MAIN.parents[2])!r})\n"
        "from core.job.child_side import run_child\n"
        "from core.worker.serve import serve\n"
        "run_child(lambda channel: serve(channel, idle=0.2))"
    )
    worker = WarmWorker([sys.executable, "-c", code])
    try:
        for name in "ab":  # asked again after it has left
            run(write_doll_job(tmp_path / name), worker)
            deadline = time.monotonic() + 10
            while worker.pid is not None:
                assert time.monotonic() < deadline
                time.sleep(0.05)
    finally:
        worker.close()


def test_a_worker_of_another_version_is_refused(tmp_path):
    code = 'import sys; print(\'{"type": "hello", "protocol": 999}\', flush=True); sys.stdin.read()'
    worker = WarmWorker([sys.executable, "-c", code])
    try:
        with pytest.raises(JobError, match="another version"):
            run(write_doll_job(tmp_path / "a"), worker)
    finally:
        worker.close()
