# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources work from a folder of any name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import NAME, copy_checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("clone"))


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_copy_has_spaces_and_umlauts_in_its_path(checkout):
    assert " " in str(checkout) and "ö" in NAME and "ß" in str(checkout)
    assert (checkout / "tests" / "checkout.py").exists() and not (checkout / "build").exists()


def test_the_command_line_helps(checkout):
    assert "parse" in run(checkout.parent, str(checkout), "--help")


@pytest.mark.parametrize("tool", ["build_zip", "run_tests", "setup_env"])
def test_the_tools_help(checkout, tool):
    assert f"usage: {tool}.py" in run(checkout, f"tools/{tool}.py", "--help")


@pytest.mark.slow
def test_its_tests_run(checkout):
    said = run(checkout, "-m", "pytest", "-q", "tests/unit/job/test_vocabulary.py")
    assert " passed" in said and "failed" not in said
