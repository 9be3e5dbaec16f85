# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared libraries that `import bpy` needs and a bare Linux does not have.

    sudo python tools/system_libraries.py     installs them, where there is apt-get

setup_env.py does so itself when it runs as root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.errors import Parts4DError
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
_COMMAND = f"apt-get install --no-install-recommends --yes {' '.join(PACKAGES)}"


def ensure_bpy_imports(python: Path, report: Callable[[str], None]) -> None:
    """Installs what is missing when this user may; raises MissingEnvironment with what to type."""
    problem = _import_problem(python)
    if problem is None:
        return
    if "cannot open shared object file" not in problem:
        raise MissingEnvironment(f"Blender cannot be loaded: {problem[-300:]}", "See the message")
    library = problem.rsplit("ImportError: ", 1)[-1].split(":")[0]
    if shutil.which("apt-get") is None:
        raise MissingEnvironment(
            f"Blender needs the system library {library}",
            "Install the packages of your system that hold libGL, libEGL, libX11, libXi, "
            "libXrender, libXfixes, libXxf86vm, libSM, libICE and libxkbcommon",
        )
    if os.geteuid() != 0:
        raise MissingEnvironment(
            f"Blender needs the system library {library}", f"Run: sudo {_COMMAND}"
        )
    report(f"Installing system libraries, for Blender needs {library}")
    install_libraries()
    problem = _import_problem(python)
    if problem is not None:
        raise MissingEnvironment(f"Blender still cannot be loaded: {problem[-300:]}", "")


def install_libraries() -> None:
    """Installs PACKAGES, as root. Raises MissingEnvironment with what apt-get says."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for line in ("apt-get update --quiet", _COMMAND):
        done = subprocess.run(line.split(), capture_output=True, text=True, env=environment)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise MissingEnvironment(f"{_COMMAND} failed: {said}", "Run it by hand")


def _import_problem(python: Path) -> str | None:
    """What stops `import bpy`, or None. Blender itself may hang at the end, hence os._exit."""
    code = "import os, bpy; os._exit(0)"
    done = subprocess.run(
        [str(python), "-I", "-c", code], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return None if done.returncode == 0 else done.stderr.strip() or f"status {done.returncode}"


def main() -> int:
    """The program. Returns the exit status."""
    try:
        install_libraries()
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
