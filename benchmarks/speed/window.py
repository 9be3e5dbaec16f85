# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user waits for in a real window: Cancel, other words, and the main thread.

    python -m benchmarks.speed.window

Needs what the window tests need (tools/window_blender.py makes it on Linux): the same Blender, with
the extension's own zip installed, parses the demo character. Prints one JSON object, in seconds:

    cancel  from Cancel until the run has ended
    words   from the last letter of another word until its labels are on the mesh
    tick    the longest time that the extension's own timer took while a job ran
    gap     the longest time that Blender's window stood still meanwhile, drawing included
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))  # as tests/gui/conftest.py does

from tests.gui.window import Window

KINDS = ("cancel", "words", "tick", "gap")
PATIENCE = 900.0  # seconds


class Measured:
    """A pytest plugin: the window tests' fixtures make Blender, zip and character."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @pytest.fixture
    def measured(self) -> dict[str, float]:
        return self.seconds


def measure_window(installed: Window, demo: Path, measured: dict[str, float]) -> None:
    """Collected and run by pytest."""
    outcome = installed.run(
        "measuring.waiting_times", blend=demo, writable=[demo.parent], timeout=PATIENCE
    )
    measured |= {kind: round(outcome.one(kind)["seconds"], 4) for kind in KINDS}


def main() -> int:
    """Prints the JSON object; the exit status."""
    plugin = Measured()
    options = ["-o", "python_files=window.py", "-o", "python_functions=measure_*", "-q"]
    options += ["--rootdir", str(REPOSITORY), "-p", "tests.gui.conftest"]
    status = pytest.main([*options, str(Path(__file__))], plugins=[plugin])
    if plugin.seconds:
        print(json.dumps(plugin.seconds))
    return int(status) or (not plugin.seconds)


if __name__ == "__main__":
    sys.exit(main())
