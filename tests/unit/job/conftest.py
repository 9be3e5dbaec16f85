# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.job.folder import JobFolder
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, Part

TOYS = Path(__file__).with_name("toys.py")


@pytest.fixture
def spec() -> JobSpec:
    return JobSpec(
        character="Robot",
        blend="/films/robot.blend",
        parts=(Part("jacket", ("coat",)), Part("jeans", color=(0.1, 0.2, 0.9))),
        frames=FrameSelection(1, 6),
        capture=CaptureSettings(azimuths=2, resolution=32, processes=2),
    )


@pytest.fixture
def folder(tmp_path: Path, spec: JobSpec) -> JobFolder:
    """A job folder with a scene in it."""
    folder = JobFolder.create(tmp_path / "job", spec)
    folder.snapshot.write_bytes(b"a scene")
    return folder


@pytest.fixture
def toy() -> Callable[..., list[str]]:
    """The command line of a toy program of toys.py."""

    def command(*arguments: object) -> list[str]:
        return [sys.executable, "-u", str(TOYS), *map(str, arguments)]

    return command
