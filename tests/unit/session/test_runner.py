# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs run in a thread with the real worker; what happened is asked for."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ErrorKind, InputError, JobError
from core.job import workers
from core.job.spec import Part
from core.job.spec_files import save_spec
from core.job.workers import WarmWorker
from core.session.events import Ended, Told
from core.session.runner import Runner
from tests.unit.parsing.doll_job import write_doll_job

MAIN = Path(workers.__file__).parents[1] / "worker" / "main.py"


def no_capture(*_):
    raise AssertionError("the capture is done")


@pytest.fixture
def runner():
    worker = WarmWorker([sys.executable, "-I", "-u", str(MAIN)])
    runner = Runner(no_capture, lambda folder: worker)
    yield runner
    runner.close()
    worker.close()


def until_ended(runner: Runner, seconds: float = 30) -> tuple[list[Told], Ended]:
    told: list[Told] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in runner.events():
            if isinstance(event, Ended):
                return told, event
            told.append(event)
        time.sleep(0.01)
    raise AssertionError("the job did not end")


def test_a_job_tells_what_it_does_and_ends_well(tmp_path, runner):
    folder = write_doll_job(tmp_path / "a")
    runner.start(1, folder.path)
    assert runner.busy
    told, ended = until_ended(runner)
    assert ended == Ended(1)
    assert {t.number for t in told} == {1} and told[-1].message.overall == 1.0
    assert (folder.path / "result.json").is_file()


def test_other_words_are_written_when_their_turn_comes(tmp_path, runner):
    folder = write_doll_job(tmp_path / "a")
    runner.start(1, folder.path)
    until_ended(runner)

    def other_words(folder):
        save_spec(folder.spec_path, replace(folder.load_spec(), parts=(Part("hat"), Part("head"))))

    runner.start(2, folder.path, other_words)
    told, ended = until_ended(runner)
    assert ended == Ended(2)
    finished = [t.message.stage for t in told if t.message.state == "finished"]
    assert finished == ["labels"]


def test_a_job_that_another_program_changed_while_it_waited_is_not_run(tmp_path, runner):
    folder = write_doll_job(tmp_path / "a")
    prepared = folder.fingerprint()
    folder.take(replace(folder.load_spec(), parts=(Part("hat"),)))
    runner.start(1, folder.path, lambda folder: folder.require(prepared))
    failure = until_ended(runner)[1].failure
    assert failure is not None and "changed by another program" in failure.message


def test_a_job_is_locked_while_it_is_prepared(tmp_path, runner):
    folder = write_doll_job(tmp_path / "a")
    kinds = []

    def prepare(_):
        try:
            folder.take(folder.load_spec())
        except JobError as error:
            kinds.append(error.kind)

    runner.start(1, folder.path, prepare)
    until_ended(runner)
    assert kinds == [ErrorKind.BUSY]


def test_a_stopped_job_ends_as_cancelled(tmp_path, runner):
    runner.start(1, write_doll_job(tmp_path / "a").path)
    runner.stop()
    failure = until_ended(runner)[1].failure
    assert failure is not None and failure.kind is ErrorKind.CANCELLED


def test_a_job_that_cannot_start_ends_with_a_sentence(tmp_path):
    def no_environment(folder):
        raise InputError("There is no environment", "Install it")

    runner = Runner(no_capture, no_environment)
    runner.start(1, write_doll_job(tmp_path / "a").path)
    ended = until_ended(runner)[1]
    assert ended.failure == InputError("There is no environment", "Install it").failure
    runner.start(2, tmp_path / "nowhere")
    failure = until_ended(runner)[1].failure
    assert failure is not None and failure.kind is ErrorKind.JOB_FOLDER
