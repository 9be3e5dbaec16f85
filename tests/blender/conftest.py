# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender as started for each file; the small figure of boxes, as a file and as a job."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import JobError
from core.files.lock import FolderLock


@pytest.fixture(autouse=True, scope="module")
def fresh_blender() -> Iterator[None]:
    """What the files before it made is gone: several share a process."""
    if bpy := sys.modules.get("bpy"):
        bpy.ops.wm.read_factory_settings()
    yield


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all test processes of this Blender, when the runner started them."""
    if folder := os.environ.get("PARTS4D_TEST_SHARED"):
        return Path(folder) / Path(sys.prefix).name
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def hero(shared: Path) -> Path:
    """A .blend with the figure and nothing else. Tests only read it."""
    from tests.blender import cli_character

    path = shared / "hero.blend"
    with _alone_in(shared):
        return path if path.exists() else cli_character.build(path)


@pytest.fixture(scope="session")
def finished_hero(hero: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job folder of it, parsed undisturbed. Tests only read it."""
    from tests.blender.cli_character import PARTS
    from tests.blender.command_line import SMALL, parts4d

    made = shared / "job"
    with _alone_in(shared):
        if not (made / "result.json").exists():
            done = parts4d("parse", hero, "--parts", PARTS, "--job", made, *SMALL, "--no-apply")
            assert done.status == 0, done.stderr
    # A copy, for commands lock the job that they read.
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("finished") / "job"))


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Waits until no other process is in here."""
    lock = FolderLock(folder / "lock")
    deadline = time.monotonic() + 300
    while True:
        try:
            lock.__enter__()
            break
        except JobError:
            assert time.monotonic() < deadline, "waited too long for another process"
            time.sleep(0.1)
    try:
        yield
    finally:
        lock.__exit__()
