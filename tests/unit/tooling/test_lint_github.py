# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import lint_github
from setup_env import REPOSITORY

PYTHON = Path("/env/bin/python")


@pytest.mark.parametrize("pattern", lint_github.SCHEMAS)
def test_every_schema_has_a_file_that_is_checked(pattern):
    schema = lint_github.SCHEMAS[pattern]
    command = lint_github.lint_commands(PYTHON)[schema]
    files = [Path(word) for word in command if Path(word).is_file()]
    assert files and set(files) == set(REPOSITORY.glob(pattern))


def test_no_file_that_github_reads_is_left_out():
    checked = {Path(word) for c in lint_github.lint_commands(PYTHON).values() for word in c}
    read = {*(REPOSITORY / ".github").rglob("*.yml"), REPOSITORY / "CITATION.cff"}
    assert read - checked == set()


def test_only_programs_of_the_environment_are_run():
    for command in lint_github.lint_commands(PYTHON).values():
        assert Path(command[0]).parent == PYTHON.parent
