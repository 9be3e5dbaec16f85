# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the environments of development: Blender as a Python module, and the tools of the tests.

    python tools/setup_env.py             the main one
    python tools/setup_env.py --all       every Blender version for which there is a Python here
    python tools/setup_env.py 4.2 5.0     these
    python tools/setup_env.py --print-python

One that is ready costs nothing; one that was interrupted or whose requirements changed is repaired.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tools")]

from pythons import find_python
from system_libraries import ensure_bpy_imports

from core.errors import Parts4DError
from vendor_environment import Environment
from vendor_pip import MissingEnvironment

PYTHON_OF = {"4.2": "3.11", "4.5": "3.11", "5.0": "3.11", "5.2": "3.13"}  # Blender -> Python
MAIN_VERSIONS = ("5.0", "5.2")  # the first for which there is a Python
SPACE = 1500 * 2**20  # bytes of one environment
# Elsewhere where several checkouts share them.
DEFAULT_ROOT = Path(os.environ.get("PARTS4D_ENVIRONMENTS", REPOSITORY / ".venv")).absolute()


def environment(blender: str, root: Path = DEFAULT_ROOT) -> Environment:
    """The environment of a Blender version. Raises MissingEnvironment without a fitting Python."""
    if blender not in PYTHON_OF:
        raise MissingEnvironment(
            f"There is no environment for Blender {blender}", f"Known are {', '.join(PYTHON_OF)}"
        )
    version = PYTHON_OF[blender]
    python = find_python(version)
    if python is None:
        raise MissingEnvironment(
            f"Blender {blender} needs Python {version}, which was not found",
            f"Install Python {version}, so that python{version} is on the PATH",
        )
    requirements = REPOSITORY / "requirements" / f"bpy-{blender}.txt"
    modules = ("numpy", "scipy", "cv2", "pytest", "hypothesis")
    return Environment(root / f"bpy-{blender}", requirements, modules, python, version, SPACE)


def available(root: Path = DEFAULT_ROOT) -> list[str]:
    """Blender versions for which there is a Python, the main one first."""
    pythons = {version: find_python(version) for version in set(PYTHON_OF.values())}
    found = [b for b, version in PYTHON_OF.items() if pythons[version]]
    if not any(v in found for v in MAIN_VERSIONS):
        raise MissingEnvironment(
            "Neither Python 3.11 nor Python 3.13 was found",
            "Install one of them; Blender as a Python module exists for no other",
        )
    main = next(v for v in MAIN_VERSIONS if v in found)
    others = [v for v in found if v != main]
    if main != "5.2":  # 5.2 is the stand-in where there is only Python 3.13
        others = [v for v in others if v != "5.2"]
    return [main, *others]


def set_up(
    blender: str, root: Path = DEFAULT_ROOT, report: Callable[[str], None] = print
) -> Environment:
    """The environment, ready to use. Raises MissingEnvironment with what to do."""
    made = environment(blender, root)
    if made.state() != "ready":
        report(f"Blender {blender}: an environment of 1.3 GB in {made.path} ({made.state()})")
        made.install(lambda line: report(f"  {line}"), in_place=True)
    loads = made.path / "bpy-loads"
    if not loads.exists():
        ensure_bpy_imports(made.python, report)
        loads.touch()
        report(f"Blender {blender}: ready")
    return made


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("blender", nargs="*", help=f"versions: {', '.join(PYTHON_OF)}")
    parser.add_argument("--all", action="store_true", help="all that can be made here")
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="default: .venv")
    parser.add_argument(
        "--print-python", action="store_true", help="make it and print only its Python's path"
    )
    chosen = parser.parse_args(arguments)
    try:
        versions = chosen.blender or available()[: None if chosen.all else 1]
        root = chosen.root.absolute()
        for version in versions:
            made = set_up(version, root, report=lambda line: print(line, file=sys.stderr))
            if chosen.print_python:
                print(made.python)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
