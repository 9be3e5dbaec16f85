# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line parses from a folder of any name, what lies in one."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

pytest.importorskip("bpy")

from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, label_bytes
from tests.checkout import copy_checkout


def test_a_parse_with_spaces_and_umlauts_in_every_path(hero, finished_hero, tmp_path):
    checkout = copy_checkout(tmp_path)
    folder = checkout.parent
    shutil.copy(hero, folder / "Müller läuft.blend")
    command = ["parse", "Müller läuft.blend", "--parts", PARTS, "--job", "Läufe 1", *SMALL]
    done = subprocess.run(
        [sys.executable, str(checkout), *command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert label_bytes(folder / "Läufe 1") == label_bytes(finished_hero)
    assert (folder / "Müller läuft_parts.blend").stat().st_size > 0
