# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders come from other people too: nothing is written through a link in the place of a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.checkpoints.claim import claim
from core.errors import JobError, Parts4DError
from core.files.lock import FolderLock
from core.files.own_files import open_own
from core.files.sharing import computer_id
from core.job.messages import EventLog, Message

NOTES = "my notes"


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text(NOTES, "utf-8")
    return path


@pytest.fixture
def link(tmp_path: Path, notes: Path) -> Path:
    path = tmp_path / "job" / "link"
    path.parent.mkdir()
    try:
        path.symlink_to(notes)
    except OSError:
        pytest.skip("links may not be made here")
    return path


def test_a_file_of_our_own_is_made_and_opened_again(tmp_path: Path) -> None:
    for text in (b"one", b"two"):
        file = open_own(tmp_path / "own", os.O_WRONLY | os.O_APPEND)
        os.write(file, text)
        os.close(file)
    assert (tmp_path / "own").read_bytes() == b"onetwo"


def test_a_link_as_the_lock_is_refused_in_a_sentence(notes: Path, link: Path) -> None:
    with pytest.raises(JobError, match=r"is a link.*Remove the link"):
        FolderLock(link).__enter__()
    assert notes.read_text("utf-8") == NOTES


def test_a_link_as_the_record_is_left_alone(notes: Path, link: Path) -> None:
    EventLog(link).append(Message("log", message="more"))
    assert notes.read_text("utf-8") == NOTES


def test_a_link_as_the_lock_of_a_model_is_refused(notes: Path, link: Path) -> None:
    with pytest.raises(Parts4DError, match="it is a link"), claim(link, "The model"):
        pass
    assert notes.read_text("utf-8") == NOTES


def test_a_dangling_link_makes_no_file(tmp_path: Path, link: Path, notes: Path) -> None:
    notes.unlink()
    EventLog(link).append(Message("log"))
    with pytest.raises(JobError):
        FolderLock(link).__enter__()
    assert not notes.exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is no file"):
        open_own(tmp_path / "pipe", os.O_RDWR)


@pytest.mark.parametrize(
    "holder", [{"pid": 10**30}, {"pid": -(10**30)}, {"pid": True}, {"pid": 1, "host": ["x"]}]
)
def test_a_holder_that_cannot_be_is_waited_for_no_longer_than_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, holder: dict[str, object]
) -> None:
    monkeypatch.setattr("core.files.lock.ORPHAN_PATIENCE", 0.1)
    path = tmp_path / "job.lock"
    with FolderLock(path):
        path.write_text(json.dumps({"host": computer_id(), **holder}), "utf-8")
        with pytest.raises(JobError, match="already running"):
            FolderLock(path).__enter__()
