# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the sources in a folder whose name is not easy, as a clone of a user may have it."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
NAME = "Größe mit Leerzeichen"


def copy_checkout(folder: Path) -> Path:
    """The new top folder, below `folder`: without environments and what tools have made."""
    target = folder / NAME / "parts4d"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.zip")
    made = {str(REPOSITORY): {"build", "dist"}}

    def ignore(path: str, names: list[str]) -> set[str]:
        return ignored(path, names) | made.get(path, set())

    shutil.copytree(REPOSITORY, target, ignore=ignore)
    return target
