# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the environments of development: Blender as a Python module, and the tools of the tests.

    python tools/setup_env.py             the main one
    python tools/setup_env.py --all       every Blender version for which there is a Python here
    python tools/setup_env.py 4.2 5.0     these
    python tools/setup_env.py embedded    the packages that the extension brings, for unit tests
    python tools/setup_env.py models      PyTorch and the packages of the models, for their tests
    python tools/setup_env.py --print-python

One that is ready costs nothing; one that was interrupted or whose requirements changed is repaired.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tools")]

from pythons import find_python
from system_libraries import ensure_bpy_imports

from core.errors import Parts4DError
from core.installing.environment import Environment
from core.installing.environments import FULL_MODULES, MODULES, PINS, full_environment
from core.installing.failures import MissingEnvironment
from core.installing.installer import Installer
from core.installing.pins import PinFile

PYTHON_OF = {"4.2": "3.11", "4.5": "3.11", "5.0": "3.11", "5.2": "3.13"}  # Blender -> Python
USERS_PYTHON = "3.11" if find_python("3.11") else "3.13"
MAIN_VERSIONS = ("5.0", "5.2")  # the first for which there is a Python
REQUIREMENTS = REPOSITORY / "requirements"
SPACE = 1500 * 2**20  # bytes of one environment
LINTED = ("5.0", "5.2")  # have the tools of lint
# What users get, and the tests' tools: without PyTorch, and with it as vendor_setup.py makes it.
EMBEDDED = "embedded"
MODELS = "models"
# Elsewhere where several checkouts share them.
DEFAULT_ROOT = Path(os.environ.get("PARTS4D_ENVIRONMENTS", REPOSITORY / ".venv")).absolute()


def environment(blender: str, root: Path = DEFAULT_ROOT) -> Environment:
    """The environment of a Blender version, or one that users get.

    Raises MissingEnvironment for an unknown one.
    """
    needed: tuple[str, ...] = (*MODULES, "onnxruntime", "pytest", "hypothesis")
    if blender == EMBEDDED:
        both = (PinFile(PINS / "embedded.txt"), PinFile(REQUIREMENTS / "embedded.txt"))
        return Environment(root / EMBEDDED, both, needed, SPACE // 2)
    if blender == MODELS:  # on the CPU: its self-test leaves a graphics card alone
        full = full_environment("cpu", USERS_PYTHON)
        tools = PinFile(REQUIREMENTS / "models.txt")
        modules = (*FULL_MODULES, "pytest", "hypothesis")
        return replace(full, path=root / MODELS, pins=(*full.pins, tools), modules=modules)
    if blender not in PYTHON_OF:
        raise MissingEnvironment(
            f"There is no environment for Blender {blender}", f"Known are {', '.join(PYTHON_OF)}"
        )
    pins = (PinFile(REQUIREMENTS / f"bpy-{blender}.txt"),)
    return Environment(root / f"bpy-{blender}", pins, needed, SPACE)


def installer(blender: str) -> Installer:
    """What makes its environment. Raises MissingEnvironment without a fitting Python."""
    version = PYTHON_OF.get(blender, USERS_PYTHON)
    python = find_python(version)
    if python is None:
        raise MissingEnvironment(
            f"{_title(blender)} needs Python {version}, which was not found",
            f"Install Python {version}, so that python{version} is on the PATH",
        )
    return Installer(python, version)


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
    return [main, *(v for v in found if v != main)]


def set_up(
    blender: str, root: Path = DEFAULT_ROOT, report: Callable[[str], None] = print
) -> Environment:
    """The environment, ready to use. Raises MissingEnvironment with what to do."""
    made = environment(blender, root)
    if made.state() != "ready":
        size = _SIZES.get(blender, "1.3 GB")
        report(f"{_title(blender)}: an environment of {size} in {made.path} ({made.state()})")
        in_place = blender != EMBEDDED  # which holds nothing but what is pinned
        made.install(installer(blender), lambda p: report(f"  {p.message}"), in_place=in_place)
    loads = made.path / "bpy-loads"
    if not loads.exists() and blender in PYTHON_OF:
        ensure_bpy_imports(made.python, report)
        loads.touch()
        report(f"Blender {blender}: ready")
    return made


_SIZES = {EMBEDDED: "0.5 GB", MODELS: "5.7 GB"}


def _title(name: str) -> str:
    titles = {EMBEDDED: "The extension's packages", MODELS: "The models"}
    return titles.get(name, f"Blender {name}")


def main(arguments: Sequence[str]) -> int:
    """The program. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("blender", nargs="*", help=f"of {', '.join(PYTHON_OF)}, embedded, models")
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
