# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file of text may hold, and what a run says of it."""

from __future__ import annotations

import errno
import os
from io import BufferedReader
from pathlib import Path

import pytest

from core.errors import ErrorKind, JobError
from core.files.reading import MAX_DEPTH, open_file, parse_json, read_note, read_object

NO_OBJECTS = {
    "missing": None,
    "empty": b"",
    "truncated": b"{",
    "a list": b"[1]",
    "not UTF-8": b"\xff",
    "nested without an end": b"[" * 10**5,
    "nested deeply": b'{"a": ' * 500 + b"1" + b"}" * 500,
    "not a number": b'{"a": NaN}',
    "infinite": b'{"a": -Infinity}',
    "larger than all numbers": b'{"a": 1e999}',
    "longer than all numbers": b'{"a": ' + b"9" * 5000 + b"}",
    "a key twice": b'{"a": 1, "a": 2}',
    "half a character": b'{"a": "\\ud800"}',
    "half a character as a key": b'{"\\udc00": 1}',
}


@pytest.mark.parametrize("content", NO_OBJECTS.values(), ids=NO_OBJECTS.keys())
def test_what_is_no_object_is_damaged_for_a_run_and_an_empty_note(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "facts.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JobError, match=r"facts\.json is missing or damaged\. Look again") as caught:
        read_object(path, "Look again")
    assert caught.value.kind is ErrorKind.JOB_FOLDER
    assert read_note(path) == {}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "with a byte order mark"])
def test_an_object_is_read(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "facts.json"
    path.write_bytes(mark + '{"key": ["\u00fc", 1e3, "\U0001f600"]}'.encode())
    assert read_object(path) == read_note(path) == {"key": ["\u00fc", 1000.0, "\U0001f600"]}


def test_nesting_is_allowed_to_a_depth() -> None:
    assert parse_json("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> BufferedReader:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("core.files.reading.open_file", refuse)  # root may read all
    path = tmp_path / "facts.json"
    with pytest.raises(JobError, match=r"cannot be read \(Permission denied\)\. Correct its perm"):
        read_object(path)
    assert read_note(path) == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    os.mkfifo(path)
    with pytest.raises(JobError, match="missing or damaged"):
        read_object(path)
    with pytest.raises(OSError, match="Invalid argument"):
        open_file(path)


def test_a_folder_in_place_of_a_file_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="missing or damaged"):
        read_object(tmp_path)
