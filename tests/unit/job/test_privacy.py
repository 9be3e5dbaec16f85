# SPDX-License-Identifier: GPL-3.0-or-later
"""A job folder may be given away: it does not say whose it was and where it lay."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import sys
import zipfile
from pathlib import Path

import pytest

from core.errors import JobError
from core.files.lock import FolderLock
from core.job import locations, workers
from core.job.folder import JobFolder
from core.job.locations import describe_job, find_job, name_of_job
from core.job.messages import EventLog, Message
from core.job.run_job import run_job
from core.job.workers import OneShotWorker
from tests.unit.parsing.doll_job import write_doll_job

MAIN = Path(workers.__file__).parents[1] / "worker" / "main.py"


def texts_of(folder: Path) -> dict[str, bytes]:
    """What lies in every file but the logs, unpacked."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.parent.name == "logs":
            continue
        found[path.name] = path.read_bytes()
        if path.suffix == ".npz":
            with zipfile.ZipFile(path) as archive:
                found[path.name] = b"".join(archive.read(name) for name in archive.namelist())
    return found


def test_nothing_in_a_parsed_job_says_where_it_lay_or_whose_it_was(home):
    folder = write_doll_job(home / "films" / "job")
    command = [sys.executable, "-I", "-u", str(MAIN)]
    run_job(folder, lambda *_: [], OneShotWorker(lambda path: [*command, str(path)]))
    texts = texts_of(folder.path)
    assert {"job.lock", "events.jsonl", "result.json", "capture.json", "job.json"} <= set(texts)
    for secret in (str(home), home.name, socket.gethostname()):
        holders = [n for n, t in texts.items() if secret.encode() in t]
        assert holders == [], secret
    if (user := getpass.getuser()) not in ("root", "user"):
        assert not [n for n, t in texts.items() if user.encode() in t]


def test_a_failure_is_recorded_without_the_folder(home):
    folder = JobFolder(home / "films" / "job")
    folder.path.mkdir(parents=True)
    error = f"{folder.path / 'labels'} is missing; see {home / 'notes.txt'}"
    EventLog(folder.events).append(Message("error", message=error))
    text = folder.events.read_text()
    assert f"job{os.sep}labels is missing; see ~{os.sep}notes.txt" in text.replace("\\\\", "\\")


def test_a_busy_folder_names_the_process_but_not_the_machine(tmp_path):
    with FolderLock(tmp_path / "job.lock"):
        with pytest.raises(JobError, match=f"as process {os.getpid()}"):
            FolderLock(tmp_path / "job.lock").__enter__()
        holder = (tmp_path / "job.lock").read_text()
    assert socket.gethostname() not in holder


def finished(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "result.json").touch()
    return path


def test_a_job_near_the_file_is_found_after_both_have_moved(home, monkeypatch):
    job = finished(home / "films" / "jobs" / "hero")
    document = describe_job(job, str(home / "films" / "shots" / "a.blend"))
    assert document["job"] == "//../jobs/hero" and home.name not in str(document)
    shutil.move(home / "films", home / "moved")
    monkeypatch.setattr(locations, "data_folder", lambda: home / "another machine")
    blend = str(home / "moved" / "shots" / "a.blend")
    assert find_job(document, blend) == home / "moved" / "jobs" / "hero"


def test_a_job_elsewhere_is_found_on_this_machine_only(home, tmp_path, monkeypatch):
    job = finished(tmp_path / "scratch" / "hero")
    document = describe_job(job, str(home / "films" / "a.blend"))
    assert document["job"] == "" and "scratch" not in str(document)
    assert find_job(document, str(home / "films" / "a.blend")) == job
    monkeypatch.setattr(locations, "data_folder", lambda: home / "another machine")
    assert find_job(document, str(home / "films" / "a.blend")) is None
    assert name_of_job(document) == "" and name_of_job({"job": "//../jobs/hero"}) == "hero"


def test_the_way_to_a_job_is_never_a_place_on_another_computer(home, monkeypatch):
    asked: list[str] = []
    real = Path.is_file

    def watching(path: Path) -> bool:
        asked.append(str(path))
        return real(path)

    monkeypatch.setattr(Path, "is_file", watching)
    assert find_job({"job": "//server/share", "job_id": "../../x"}, str(home / "a.blend")) is None
    assert asked and not [path for path in asked if path.startswith(("//", "\\\\"))]
    assert find_job({"job": "//server/share"}, "") is None


def test_a_user_without_a_home_may_label(tmp_path, monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    job = finished(tmp_path / "films" / "hero")
    document = describe_job(job, str(tmp_path / "films" / "a.blend"))
    assert find_job(document, str(tmp_path / "films" / "a.blend")) == job
    EventLog(tmp_path / "events.jsonl").append(Message("warning", message="all is well"))
    assert "all is well" in (tmp_path / "events.jsonl").read_text()


def test_documents_of_earlier_versions_are_understood(home):
    job = finished(home / "job")
    assert find_job({"job": str(job)}, "") == job
    assert find_job({"job": str(home / "gone")}, "") is None
    assert find_job({}, "") is None


def test_a_list_that_cannot_be_written_is_no_failure(home):
    (home / "data").write_text("a file in the place of the folder")
    job = finished(home / "films" / "hero")
    document = describe_job(job, str(home / "films" / "a.blend"))
    assert find_job(document, str(home / "films" / "a.blend")) == job
