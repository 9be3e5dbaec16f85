# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed while it writes a .blend, a command leaves the old file or the new one, and never half."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("bpy")

from tests.blender.folder_watch import FolderWatch
from tests.blender.forked_command import content_of, doing, outcome
from tests.unit.fuzz.attempts import attempt, prepare
from tests.unit.fuzz.kills import Moment, changes_in, run_until, whole

pytestmark = [
    pytest.mark.programs,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="each run is a fork of this process"),
]

KILLS = 10  # of each command that writes
SAVING = 0.02  # seconds, about


class Files:
    """A file with labels and one without, and how long commands take with them."""

    def __init__(self, hero: Path, job: Path, folder: Path) -> None:
        self.job, self.log = job, folder / "log"
        self.plain = Path(shutil.copy(hero, folder / "plain.blend"))
        self.labelled = folder / "labelled.blend"
        self.seconds: dict[str, float] = {}
        self.contents: dict[str, dict[str, str]] = {}
        self._make("apply", job, self.plain, "--output", self.labelled)
        self._make("clear", self.labelled, "--output", folder / "cleared.blend")

    def _make(self, command: str, *arguments: object) -> None:
        """The first time of a command is the slowest, so it is not its time that counts."""
        for _ in range(2):
            started = time.monotonic()
            done = outcome(self.log, command, *arguments, look_at=Path(str(arguments[-1])))
            self.seconds[command] = time.monotonic() - started
        self.contents[command] = json.loads(whole(done))


@pytest.fixture(scope="module")
def files(hero: Path, finished_hero: Path, tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(hero, finished_hero, tmp_path_factory.mktemp("files"))


def test_saving_in_place_there_is_no_moment_without_the_file(files, tmp_path):
    folder, log = tmp_path / "films", tmp_path / "log"
    folder.mkdir()
    scene = Path(shutil.copy(files.plain, folder / "scene.blend"))
    for command in ("apply", "clear"):
        job = [files.job] if command == "apply" else []
        with FolderWatch(folder) as watch:
            whole(outcome(log, command, *job, scene, "--in-place"))
        assert "scene.blend" not in watch.gone, command


@pytest.mark.parametrize("place", ["--in-place", "--output"])
@pytest.mark.parametrize("command", ["apply", "clear"])
def test_killed_while_writing_the_old_or_the_new_file_is_there(files, tmp_path, command, place):
    chance, log = Random(f"{command} {place}"), tmp_path / "log"
    before = files.plain if command == "apply" else files.labelled
    folder = tmp_path / "films"
    folder.mkdir()
    scene, target = folder / "scene.blend", folder / "scene.blend"
    arguments: list[object] = [command, *([files.job] if command == "apply" else []), scene]
    if place == "--output":
        target = folder / "target.blend"
        arguments += ["--output", target]
        shutil.copy(before, target)
    else:
        arguments.append("--in-place")
    old = before.read_bytes()
    changes = int(whole(attempt(lambda: str(changes_in(doing(*arguments))), log)))
    for number in range(KILLS):
        for path in {scene, target}:
            shutil.copy(before, path)
        if number % 2:
            kill_after(chance.uniform(0.2, 1.1) * files.seconds[command], doing(*arguments), log)
        else:  # as it saves, which is the last that it does
            change = max(changes - chance.randrange(4), 1)
            run_until(Moment(change, chance.uniform(0, SAVING)), doing(*arguments), log)
        where = f"kill {number} of {command} {place}"
        assert target.exists(), f"{where}: the file is gone, there are {sorted(names(folder))}"
        if target.read_bytes() != old:
            found = attempt(lambda: json.dumps(content_of(target)), log)
            assert json.loads(whole(found)) == files.contents[command], where
    if target.read_bytes() == old:  # else the last run had saved all before it was killed
        again = outcome(log, *arguments, look_at=target)
        assert json.loads(whole(again)) == files.contents[command]
    left = names(folder) - {"scene.blend", "scene.blend1", "target.blend", "target.blend1"}
    assert not left, f"left behind: {left}"


def kill_after(seconds: float, action: Callable[[], str], log: Path) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            prepare(log)
            action()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}
