# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from core.files.disk import FULL_NUMBERS, is_full


@pytest.mark.parametrize("number", FULL_NUMBERS)
def test_a_report_that_quotes_the_system_tells_of_a_full_disk(tmp_path, number):
    assert is_full(tmp_path, f"Error: Cannot open file hero.blend@ ({os.strerror(number)})")


def test_another_report_does_not_while_there_is_room(tmp_path):
    assert not is_full(tmp_path, f"Error: {os.strerror(errno.EACCES)}, outer space")


def test_without_a_report_what_is_free_is_measured(tmp_path, monkeypatch):
    assert not is_full(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=2**20))
    assert is_full(tmp_path)


def test_a_disk_that_takes_no_more_files_is_full(tmp_path, monkeypatch):
    room = {"f_frsize": 4096, "f_blocks": 2**20, "f_bfree": 2**20, "f_bavail": 2**20}
    usage = SimpleNamespace(**room, f_files=40, f_favail=0)
    monkeypatch.setattr("os.statvfs", lambda folder: usage, raising=False)
    assert is_full(tmp_path)
