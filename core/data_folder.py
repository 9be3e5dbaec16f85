# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Parts4D keeps what is shared by all Blender versions: environments and checkpoints."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "PARTS4D_DATA"  # environment variable that names another folder


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
