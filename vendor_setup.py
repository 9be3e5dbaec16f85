# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's Python: found, or installed into an environment of its own.

    python vendor_setup.py install | status | verify | remove

Nothing is ever installed into Blender's own Python. The environment lies in the data folder of the
operating system, shared by all Blender versions, and is made from pinned, hash-checked packages.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or not __package__:
    from core.errors import Parts4DError
    from vendor_environment import Environment
    from vendor_pip import MissingEnvironment, has_modules
else:  # inside the extension
    from .core.errors import Parts4DError
    from .vendor_environment import Environment
    from .vendor_pip import MissingEnvironment, has_modules

MODULES = ("numpy", "scipy", "cv2")
REQUIREMENTS = Path(__file__).with_name("vendor_requirements.txt")

_FLAGS = ("-I", "-u", "-X", "faulthandler")  # -I: no PYTHON* variable, no user packages


def embedded_python() -> list[str]:
    """The command, to be followed by a script, of a Python that has numpy, scipy and cv2.

    In this order: the environment variable PARTS4D_PYTHON, this Python itself, the environment
    made by `install`. Raises MissingEnvironment.
    """
    chosen = os.environ.get("PARTS4D_PYTHON")
    if chosen:
        if not has_modules(chosen, MODULES):
            raise MissingEnvironment(
                f"PARTS4D_PYTHON is {chosen}, which is no Python with {', '.join(MODULES)}",
                "Correct the variable or unset it",
            )
        return [chosen, *_FLAGS]
    if _runs_here():
        return [sys.executable, *_FLAGS]
    environment = embedded_environment()
    state = environment.state()
    if state != "ready":
        raise MissingEnvironment(
            f"The parsing libraries are {state}",
            f"Install them: {sys.executable} {Path(__file__)} install",
        )
    return [str(environment.python), *_FLAGS]


def data_folder() -> Path:
    """Where the operating system wants the data of programs."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return base / "parts4d"


def embedded_environment() -> Environment:
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Environment(
        data_folder() / f"embedded-python{version}", REQUIREMENTS, MODULES, sys.executable, version
    )


def _runs_here() -> bool:
    """Whether this very Python, started on its own, has the modules.

    Asked without starting it where possible. Inside Blender modules may come from other
    extensions; those do not count, for a process of its own would not see them.
    """
    if "python" not in Path(sys.executable or "").name.lower():
        return False
    for name in MODULES:
        try:
            found = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return False
        if found is None or not found.origin:
            return False
        if not Path(found.origin).is_relative_to(sys.prefix):
            return has_modules(sys.executable, MODULES)
    return True


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    environment = embedded_environment()
    actions: dict[str, Callable[[], object]] = {
        "install": environment.install,
        "status": lambda: print(f"{environment.path}: {environment.state()}"),
        "verify": environment.verify,
        "remove": environment.remove,
    }
    if len(arguments) != 1 or arguments[0] not in actions:
        print(f"usage: vendor_setup.py {' | '.join(actions)}", file=sys.stderr)
        return 2
    try:
        actions[arguments[0]]()
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    if arguments[0] != "status":
        print(f"{arguments[0]}: done")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
