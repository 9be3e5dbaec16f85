# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a script with a folder of unpacked packages: `python -I -S THIS FOLDER SCRIPT ARGUMENTS`.

`-I -S` leaves only the standard library on the import path, so neither the user's packages nor
Blender's own mix with those in the folder.
"""

from __future__ import annotations

import runpy
import sys

if __name__ == "__main__":
    folder, script = sys.argv[1:3]
    sys.path.insert(0, folder)
    sys.argv[:] = sys.argv[2:]
    runpy.run_path(script, run_name="__main__")
