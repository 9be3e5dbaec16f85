# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import JobError
from core.files.lock import FolderLock, read_holder

REPOSITORY = Path(__file__).resolve().parents[3]
OWNER = """
import subprocess, sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from core.files.lock import FolderLock
with FolderLock(Path(sys.argv[2])) as lock:
    if sys.argv[3] != "0":
        code = "import sys, time; time.sleep(float(sys.argv[1])); open(sys.argv[2], 'w').close()"
        sleep = [sys.executable, "-c", code, sys.argv[3], sys.argv[2] + ".left"]
        subprocess.Popen(sleep, pass_fds=lock.inheritable, stdout=subprocess.DEVNULL)
    print("locked", flush=True)
    time.sleep(60)
"""


def start_owner(path: Path, child_seconds: float = 0) -> subprocess.Popen[str]:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(REPOSITORY), str(path), str(child_seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None and owner.stdout.readline() == "locked\n"
    return owner


def kill(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def test_a_second_owner_is_refused_by_name_and_the_lock_is_free_after_a_kill(tmp_path):
    path = tmp_path / "job.lock"
    owner = start_owner(path)
    try:
        with pytest.raises(JobError, match=f"process {owner.pid} since 20.*Wait for it"):
            FolderLock(path).__enter__()
    finally:
        kill(owner)
    assert read_holder(path)["pid"] == owner.pid
    with FolderLock(path):
        assert read_holder(path)["pid"] == os.getpid()


@pytest.mark.skipif(os.name != "posix", reason="locks are not inherited on Windows")
def test_the_folder_stays_locked_until_the_children_of_a_killed_owner_are_gone(tmp_path):
    path = tmp_path / "job.lock"
    kill(start_owner(path, child_seconds=2))
    with FolderLock(path):
        assert (tmp_path / "job.lock.left").exists(), "the child's last deed"


@pytest.mark.skipif(os.name != "posix", reason="locks are not inherited on Windows")
def test_waiting_for_orphans_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr("core.files.lock.ORPHAN_PATIENCE", 0.3)
    kill(start_owner(tmp_path / "job.lock", child_seconds=3))
    with pytest.raises(JobError, match="already running"):
        FolderLock(tmp_path / "job.lock").__enter__()


@pytest.mark.parametrize("content", [b"", b"garbage", b"[]", b'{"pid": "x"}', b'{"pid": 1'])
def test_stale_content_is_harmless(tmp_path, content):
    path = tmp_path / "job.lock"
    path.write_bytes(content)
    with FolderLock(path):
        pass
    with FolderLock(path), pytest.raises(JobError, match="already running"):
        FolderLock(path).__enter__()


def test_a_lock_can_be_taken_again_after_it_was_let_go(tmp_path):
    lock = FolderLock(tmp_path / "new" / "job.lock")
    for _ in range(3):
        with lock:
            assert lock.path.exists()
    assert lock.inheritable == ()


def test_an_error_inside_lets_go(tmp_path):
    lock = FolderLock(tmp_path / "job.lock")
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    with FolderLock(lock.path):
        pass
