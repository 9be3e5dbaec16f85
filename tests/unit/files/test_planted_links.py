# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that somebody laid where a file of ours is going to be."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from core.errors import JobError
from core.files.atomic import write_text
from core.job.folder import JobFolder
from tests.unit.parsing.doll_job import write_doll_job

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links")


@pytest.fixture
def precious(tmp_path: Path) -> Path:
    path = tmp_path / "precious"
    path.write_text("mine")
    return path


def test_nothing_is_written_through_a_link_in_the_place_of_a_temporary_file(tmp_path, precious):
    path = tmp_path / "result.json"
    (tmp_path / f".{path.name}.{os.getpid()}.tmp").symlink_to(precious)
    write_text(path, "ours")
    assert path.read_text() == "ours" and precious.read_text() == "mine"


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path, precious):
    path = tmp_path / "result.json"
    path.symlink_to(precious)
    write_text(path, "ours")
    assert not path.is_symlink() and precious.read_text() == "mine"


@pytest.mark.parametrize("name", ["logs", "labels", "capture", "blendcache_snapshot"])
def test_a_job_folder_with_a_link_in_the_place_of_a_folder_is_refused(tmp_path, name):
    folder = write_doll_job(tmp_path / "job")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shutil.rmtree(folder.path / name, ignore_errors=True)
    (folder.path / name).symlink_to(theirs, target_is_directory=True)
    with pytest.raises(JobError, match=f"{name} is a link"), folder.held():
        pass
    with pytest.raises(JobError, match=f"{name} is a link"):
        JobFolder.open(folder.path)
    assert not list(theirs.iterdir())
