# SPDX-License-Identifier: GPL-3.0-or-later
"""Format, lint, imports and types: `python tools/lint.py`; settings are in pyproject.toml."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

from setup_env import REPOSITORY, available, set_up

from core.errors import Parts4DError

# As its own program does, which every system has in another place.
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command as command; command()"


def lint_commands(python: Path) -> dict[str, list[str]]:
    """Name -> command line."""
    return {
        "format": [str(python), "-m", "ruff", "format", "--check", "--diff", "."],
        "lint": [str(python), "-m", "ruff", "check", "."],
        "imports": [str(python), "-c", _LINT_IMPORTS, "--no-cache"],
        "types": [str(python), str(REPOSITORY / "tools" / "check_types.py")],
    }


def run_commands(commands: Callable[[Path], Mapping[str, Sequence[str]]]) -> int:
    """Runs what `commands` makes of the main environment's Python. Returns the worst status."""
    try:
        python = set_up(available()[0]).python
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return max(subprocess.call(c, cwd=REPOSITORY) for c in commands(python).values())


if __name__ == "__main__":
    raise SystemExit(run_commands(lint_commands))
