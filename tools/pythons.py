# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Pythons are on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_python(version: str) -> str | None:
    """The path of a Python of this version ("3.11"), or None.

    Looked for in this order: the running one, `python3.11` on PATH, pyenv's, uv's.
    """
    for candidate in _candidates(version):
        if _version_of(candidate) == version:
            return candidate
    return None


def _candidates(version: str) -> Iterator[str]:
    # The base of a virtual environment: an environment must not depend on another one.
    yield getattr(sys, "_base_executable", "") or sys.executable
    for name in (f"python{version}", "python3", "python"):
        found = shutil.which(name)
        if found:
            yield found
    for name in ("bin/python3", "python.exe"):
        yield from map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/{name}")))
    if shutil.which("uv"):
        yield _output(["uv", "python", "find", "--system", version])
    if sys.platform == "win32":
        yield _output(["py", f"-{version}", "-c", "import sys; print(sys.executable)"])


def _version_of(python: str) -> str:
    if not python:
        return ""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return _output([python, "-I", "-c", code])


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
