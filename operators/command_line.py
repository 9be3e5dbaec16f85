# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b FILE.blend --command parts4d ...`."""

from __future__ import annotations


def run(argv: list[str]) -> int:
    """Exit status of the command; libraries are loaded only when it is called."""
    from ..core.cli.main import main
    from ..vendor_setup import worker_python

    return main(argv, worker_python)
