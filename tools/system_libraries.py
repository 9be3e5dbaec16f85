# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared libraries that `import bpy` needs and a bare Linux does not have."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from core.installing.failures import MissingEnvironment

PACKAGES = (
    "libegl1",
    "libgl1",
    "libice6",
    "libsm6",
    "libx11-6",
    "libxfixes3",
    "libxi6",
    "libxkbcommon0",
    "libxrender1",
    "libxxf86vm1",
)


def ensure_bpy_imports(python: Path, report: Callable[[str], None]) -> None:
    """Installs what is missing when this user may; raises MissingEnvironment with what to type."""
    problem = _import_problem(python)
    if problem is None:
        return
    if "cannot open shared object file" not in problem:
        raise MissingEnvironment(f"Blender cannot be loaded: {problem[-300:]}", "See the message")
    library = problem.rsplit("ImportError: ", 1)[-1].split(":")[0]
    apt = shutil.which("apt-get")
    command = f"apt-get install --no-install-recommends --yes {' '.join(PACKAGES)}"
    if apt is None:
        raise MissingEnvironment(
            f"Blender needs the system library {library}",
            "Install the packages of your system that hold libGL, libEGL, libX11, libXi, "
            "libXrender, libXfixes, libXxf86vm, libSM, libICE and libxkbcommon",
        )
    if os.geteuid() != 0:
        raise MissingEnvironment(
            f"Blender needs the system library {library}", f"Run: sudo {command}"
        )
    report(f"Installing system libraries, for Blender needs {library}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for line in ("apt-get update --quiet", command):
        done = subprocess.run(line.split(), capture_output=True, text=True, env=environment)
    if done.returncode:
        raise MissingEnvironment(
            f"{command} failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}", "Run it by hand"
        )
    problem = _import_problem(python)
    if problem is not None:
        raise MissingEnvironment(f"Blender still cannot be loaded: {problem[-300:]}", "")


def _import_problem(python: Path) -> str | None:
    """What stops `import bpy`, or None. Blender itself may hang at the end, hence os._exit."""
    code = "import os, bpy; os._exit(0)"
    done = subprocess.run(
        [str(python), "-I", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return None if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"
