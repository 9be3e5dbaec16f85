# SPDX-License-Identifier: GPL-3.0-or-later
"""Types: `python tools/check_types.py`, in an environment with mypy; pyproject.toml has settings.

Operators and panels import from the top folder (`from ..core`), which is a package only inside
Blender, under whatever name the checkout has. A link gives it one here: build/types/parts4d.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGE = REPOSITORY / "build" / "types" / "parts4d"


def link_package(link: Path = PACKAGE, target: Path = REPOSITORY) -> None:
    """Makes `link` lead to `target`, unless it does.

    Relative, so that it still does when the checkout is moved. Raises OSError where links may not
    be made, as on a Windows without developer mode.
    """
    if link.exists() and link.samefile(target):
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)


def main() -> int:
    """The program. Returns mypy's exit status."""
    try:
        link_package()
    except OSError as error:
        print(f"{PACKAGE} cannot be made a link ({error.strerror})", file=sys.stderr)
        return 3
    return subprocess.call([sys.executable, "-m", "mypy", *sys.argv[1:]], cwd=REPOSITORY)


if __name__ == "__main__":
    raise SystemExit(main())
