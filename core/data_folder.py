# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Parts4D keeps what is shared by all Blender versions: environments and checkpoints."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PARTS4D_DATA"  # environment variable that names another folder

_chosen = ""  # by the user of a window
_given: str | None = None  # what the variable was before that


def data_folder() -> Path:
    """PARTS4D_DATA, else `parts4d` where the operating system wants the data of programs."""
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).absolute()
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "parts4d"


def choose_data_folder(path: str) -> None:
    """From now on `data_folder` is `path`, also in child programs; empty: what it was before."""
    global _chosen, _given
    if not _chosen:
        _given = os.environ.get(VARIABLE)
    _chosen = path
    if value := path or _given:
        os.environ[VARIABLE] = value
    else:
        os.environ.pop(VARIABLE, None)
