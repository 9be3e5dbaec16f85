# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from core.errors import ErrorKind, JobError
from core.files.reading import read_note, read_object


@pytest.mark.parametrize("content", [None, b"", b"{", b"[1]", b"\xff", b"[" * 10**5])
def test_what_is_no_object_is_damaged_for_a_run_and_an_empty_note(tmp_path, content):
    path = tmp_path / "facts.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(JobError, match=r"facts\.json is missing or damaged\. Look again") as caught:
        read_object(path, "Look again")
    assert caught.value.kind is ErrorKind.JOB_FOLDER
    assert read_note(path) == {}


def test_an_object_is_read(tmp_path):
    path = tmp_path / "facts.json"
    path.write_text('{"key": ["\u00fc"]}', "utf-8")
    assert read_object(path) == read_note(path) == {"key": ["\u00fc"]}
