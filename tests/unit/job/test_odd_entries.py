# SPDX-License-Identifier: GPL-3.0-or-later
"""Paths and entries of a job folder that cannot be, or are not what they should be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from core.errors import ErrorKind, JobError
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles
from core.job.messages import EventLog, Message
from core.job.spec import JobSpec
from core.job.stage_marks import StageStore

KEY = "k" * 64


def test_a_path_of_a_thousand_characters_is_called_too_long(tmp_path: Path, spec: JobSpec) -> None:
    for ask in (JobFolder.open, lambda path: JobFolder.create(path, spec)):
        with pytest.raises(JobError, match=r"too long.*shorter name") as caught:
            ask(tmp_path / ("x" * 1000))
        assert caught.value.kind is ErrorKind.JOB_FOLDER


@pytest.mark.skipif(os.name != "posix", reason="paths are Unicode here")
def test_a_path_that_is_not_utf_8_is_refused(tmp_path: Path, spec: JobSpec) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    for ask in (JobFolder.open, lambda path: JobFolder.create(path, spec)):
        with pytest.raises(JobError, match=r"is not UTF-8.*Choose another job folder"):
            ask(path)
    assert not path.exists()


def test_a_folder_that_may_not_be_read_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)  # root may read all
    with pytest.raises(JobError, match=r"cannot be read \(Permission denied\)\. Correct its perm"):
        JobFolder.open(tmp_path)


@pytest.mark.parametrize("name", ["job.json", "result.json", "events.jsonl", "snapshot.json"])
def test_an_empty_folder_in_the_place_of_our_file_is_removed(
    tmp_path: Path, spec: JobSpec, name: str
) -> None:
    folder = JobFolder.create(tmp_path / "job", spec)
    (folder.path / name).unlink(missing_ok=True)
    (folder.path / name).mkdir()
    assert JobFolder.create(folder.path, spec).load_spec() == spec
    assert not (folder.path / name).is_dir()


def test_a_folder_with_content_in_the_place_of_our_file_is_named_and_kept(
    tmp_path: Path, spec: JobSpec
) -> None:
    (tmp_path / "job" / "job.json").mkdir(parents=True)
    notes = tmp_path / "job" / "job.json" / "notes.txt"
    notes.write_text("mine")
    with pytest.raises(JobError, match=r"job\.json is a folder, and a file.*Remove or rename it"):
        JobFolder.create(tmp_path / "job", spec)
    assert notes.read_text() == "mine"


def test_a_file_in_the_place_of_a_folder_is_named(folder: JobFolder) -> None:
    folder.capture.write_text("")
    with pytest.raises(JobError, match=r"capture is a file, and a folder belongs there.*Remove"):
        StageStore(folder).prepare("capture", KEY)


def test_empty_folders_in_the_places_of_outputs_are_removed(folder: JobFolder) -> None:
    for name in ("frame_0001.npz", "done.json", "my own"):
        (folder.capture / name).mkdir(parents=True)
    store = StageStore(folder)
    store.prepare("capture", KEY)
    (folder.capture / "frame_0001.npz").write_bytes(b"1")
    store.mark_done("capture", KEY)
    assert store.is_done("capture", KEY)
    assert (folder.capture / "my own").is_dir()


@pytest.mark.parametrize(
    "content",
    ["[" * 10**5, '{"a":' * 300 + "1" + "}" * 300, "", "\x00", '{"key": "K", "seconds": 1e999}'],
)
def test_a_mark_that_is_none_means_that_the_stage_is_computed_again(
    folder: JobFolder, content: str
) -> None:
    folder.capture.mkdir()
    (folder.capture / "done.json").write_text(content)
    store = StageStore(folder)
    assert not store.is_done("capture", KEY)
    store.prepare("capture", KEY)
    store.mark_done("capture", KEY)
    assert store.is_done("capture", KEY)


@pytest.mark.parametrize("name", ["capture/a\0b.npz", "capture/" + "x" * 1000 + ".npz"])
def test_a_mark_that_names_what_no_file_is_called_is_of_an_unfinished_stage(
    folder: JobFolder, name: str
) -> None:
    folder.capture.mkdir()
    mark = {"key": KEY, "seconds": 1.0, "outputs": {name: [1, "0" * 64]}, "models": {}}
    (folder.capture / "done.json").write_text(json.dumps(mark))
    store = StageStore(folder)
    assert not store.is_done("capture", KEY)
    assert store.verify("capture") == []
    store.discard_damaged("capture")
    store.clear("capture")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", ["job.json", "result.json", "events.jsonl", "job.lock"])
def test_a_pipe_in_a_job_folder_is_never_waited_for(folder: JobFolder, name: str) -> None:
    path = folder.path / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    EventLog(folder.events).append(Message("log", message="x"))
    if name == "result.json":
        with pytest.raises(JobError, match=r"missing or damaged"):
            LabelFiles(folder.path).read_result()
    elif name == "job.json":
        with pytest.raises(JobError, match=r"missing or damaged|is not a job folder"):
            folder.load_spec()
    elif name == "job.lock":
        with pytest.raises(JobError, match=r"is no file, and a file belongs there"), folder.lock():
            pass


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_an_output_is_damage(folder: JobFolder) -> None:
    store = StageStore(folder)
    store.prepare("capture", KEY)
    output = folder.capture / "frame_0001.npz"
    output.write_bytes(b"1")
    store.mark_done("capture", KEY)
    output.unlink()
    os.mkfifo(output)
    assert store.verify("capture") == [output]
