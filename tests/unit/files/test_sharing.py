# SPDX-License-Identifier: GPL-3.0-or-later
"""What is shared says nothing about the user's home folder, name and computer."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from core.files import sharing
from core.files.lock import FolderLock
from core.files.sharing import shareable
from core.job.messages import EventLog, Message


@pytest.fixture(autouse=True)
def jane(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sharing, "_user", lambda: "jane")
    return home


def test_paths_beside_the_job_become_relative_and_others_begin_with_the_home_folder(
    jane: Path,
) -> None:
    job = jane / "project" / "hero.parts4d"
    said = f"{job}, {job}/logs/a.log, {jane}/models/x, {jane}bel/y, /media/jane/disk, jane"
    assert shareable(said, job) == (
        f"hero.parts4d, hero.parts4d/logs/a.log, ~/models/x, {jane}bel/y, /media/user/disk, jane"
    )


def test_a_lock_does_not_hold_the_name_of_the_computer(
    jane: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "annas-laptop")
    sharing.computer_id.cache_clear()
    with FolderLock(jane / "job.lock"):
        assert "annas-laptop" not in (jane / "job.lock").read_text()
    sharing.computer_id.cache_clear()


def test_the_record_of_a_run_does_not_hold_the_home_folder(jane: Path) -> None:
    job = jane / "project" / "job"
    job.mkdir(parents=True)
    log = str(job / "logs" / "worker.log")
    EventLog(job / "events.jsonl").append(Message("error", message=f"{jane}/x", log=log))
    text = (job / "events.jsonl").read_text("utf-8")
    assert str(jane) not in text and "job/logs/worker.log" in text
