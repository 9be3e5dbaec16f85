# SPDX-License-Identifier: GPL-3.0-or-later
"""The small figure of boxes, as a file and as a finished job; built once per process."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def hero(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A .blend with the figure and nothing else. Tests only read it."""
    from tests.blender import cli_character

    return cli_character.build(tmp_path_factory.mktemp("hero") / "hero.blend")


@pytest.fixture(scope="session")
def finished_hero(hero: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job folder of it, parsed undisturbed. Tests only read it."""
    from tests.blender.cli_character import PARTS
    from tests.blender.command_line import SMALL, parts4d

    job = tmp_path_factory.mktemp("finished") / "job"
    done = parts4d("parse", hero, "--parts", PARTS, "--job", job, *SMALL, "--no-apply")
    assert done.status == 0, done.stderr
    return job
