# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the files that stdin names, each ended by NUL: `git ls-files -z | copy_files.py FOLDER`.

Names are relative to the working directory and stay so in FOLDER. A name without a file is left
out: git still knows of what was deleted a moment ago.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """The program. Returns the exit status."""
    target = Path(arguments[0])
    for name in filter(None, sys.stdin.buffer.read().split(b"\0")):
        path = Path(os.fsdecode(name))
        if path.is_file():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
