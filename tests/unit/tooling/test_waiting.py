# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests begin while environments are made, each as soon as its own is there."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

from waiting import Waiting
from watched import Task

LINT, OLD, NEW = Task("lint", ()), Task("old: 1", (), "blender 4.2"), Task("new: 1", (), "unit")


def test_what_can_run_does_not_wait_for_what_cannot():
    making: Future[Any] = Future()
    waiting = Waiting([OLD, LINT, NEW], {"blender 4.2": making})
    assert [waiting.take(), waiting.take()] == [LINT, NEW]
    threading.Timer(0.3, making.set_result, ("made",)).start()
    assert waiting.take() == OLD
    assert waiting.take() is None and waiting.error is None


def test_an_environment_that_cannot_be_made_ends_everything():
    making: Future[Any] = Future()
    making.set_exception(OSError("no network"))
    waiting = Waiting([LINT, OLD, NEW], {"blender 4.2": making})
    assert waiting.take() == LINT
    with pytest.raises(OSError, match="no network"):
        while waiting.take():
            pass
        assert waiting.error is not None
        raise waiting.error


def test_every_task_is_handed_out_once_to_several_threads():
    tasks = [Task(str(number), ()) for number in range(200)]
    waiting, taken = Waiting(tasks, {}), []

    def work() -> None:
        while (task := waiting.take()) is not None:
            taken.append(task)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(t.name for t in taken) == sorted(t.name for t in tasks)
