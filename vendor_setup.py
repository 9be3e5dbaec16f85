# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's Python and the models: found, installed, checked, removed.

    python vendor_setup.py status
    python vendor_setup.py install [full | embedded]
    python vendor_setup.py fetch MODEL ...
    python vendor_setup.py --help

Nothing is ever installed into Blender's own Python. Everything lies in the data folder of the
operating system, shared by all Blender versions (PARTS4D_DATA names another one), and is made from
pinned, hash-checked packages.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or not __package__:
    from core.installing.environments import embedded_python, full_python, worker_python
else:  # inside the extension
    from .core.installing.environments import embedded_python, full_python, worker_python

__all__ = ["embedded_python", "full_python", "worker_python"]

if __name__ == "__main__":
    from core.installing.commands import main

    raise SystemExit(main(sys.argv[1:]))
