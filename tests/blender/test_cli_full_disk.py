# SPDX-License-Identifier: GPL-3.0-or-later
"""A full disk costs the stage that was running: the same command finishes once there is room."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("bpy")

from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, end, label_bytes, parts4d, start, wait_until

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"),
        reason="only the administrator of a Linux can mount a small disk",
    ),
]

JOB = 5


class Disk:
    """A disk in memory, of a size that can be changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.job = path / "job"

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)

    def fill(self) -> None:
        """Leave no room at all."""
        block = 1 << 20
        with open(self.path / "filler", "ab", buffering=0) as stream:
            while block:
                try:
                    stream.write(bytes(block))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    block //= 16


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    yield Disk(folder)
    if os.path.ismount(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def arguments(hero: Path, job: Path) -> list[object]:
    return [
        "parse",
        hero,
        "--parts",
        PARTS,
        "--job",
        job,
        *SMALL,
        "--processes",
        1,
        "--no-apply",
        "--no-sheet",
    ]


def test_a_disk_too_small_for_the_scene_is_named(hero, finished_hero, disk):
    disk.mount("size=64k")
    parts4d(*arguments(hero, disk.job)).failed(JOB, "space", "Free some space")
    disk.remount("size=200m")
    assert parts4d(*arguments(hero, disk.job)).status == 0
    assert label_bytes(disk.job) == label_bytes(finished_hero)


def test_a_disk_that_is_sure_to_be_too_small_is_refused_before_the_work(hero, disk):
    disk.mount("size=10m")
    parts4d(*arguments(hero, disk.job)).failed(JOB, "needs about", "left", "Free some space")
    assert not (disk.job / "capture").exists()


@pytest.mark.parametrize("moment", ["capture/facts.npz", "capture/done.json", "labels"])
def test_a_disk_that_fills_up_meanwhile(hero, finished_hero, disk, moment):
    disk.mount("size=64m")
    process = start(*arguments(hero, disk.job))
    wait_until(lambda: (disk.job / moment).exists() or process.poll() is not None)
    disk.fill()
    end(process).failed(JOB, "space")
    parts4d(*arguments(hero, disk.job)).failed(JOB, "space")
    disk.remount("size=200m")
    assert parts4d(*arguments(hero, disk.job)).status == 0
    assert label_bytes(disk.job) == label_bytes(finished_hero)


@pytest.mark.parametrize("files", [16, 24, 40])
def test_a_disk_that_takes_no_more_files(hero, finished_hero, disk, files):
    disk.mount(f"size=64m,nr_inodes={files}")
    parts4d(*arguments(hero, disk.job)).failed(JOB, "space")
    disk.remount("nr_inodes=0")
    assert parts4d(*arguments(hero, disk.job)).status == 0
    assert label_bytes(disk.job) == label_bytes(finished_hero)
