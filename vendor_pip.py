# SPDX-License-Identifier: GPL-3.0-or-later
"""Running pip and other Pythons, and what their failures mean."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING or not __package__:
    from core.errors import Parts4DError
else:  # inside the extension
    from .core.errors import Parts4DError

Report = Callable[[str], None]


class MissingEnvironment(Parts4DError):
    """No Python with the parsing libraries was found, or it could not be installed."""

    code = "environment"


def run_tool(
    command: Sequence[str], report: Report | None = None, pass_fds: Sequence[int] = ()
) -> list[str]:
    """Runs a program and returns its output. Raises MissingEnvironment with a likely cause."""
    lines: list[str] = []
    dropped = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_REQUIRE_VIRTUALENV")
    try:
        with subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={k: v for k, v in os.environ.items() if k not in dropped},
            pass_fds=tuple(pass_fds),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            assert process.stdout is not None
            for raw in process.stdout:
                lines.append(raw.decode("utf-8", "replace").rstrip())
                if report is not None and lines[-1].startswith(("Downloading", "Installing")):
                    report(lines[-1][:100])
    except OSError as error:
        raise MissingEnvironment(
            f"{command[0]} could not be started ({error.strerror})", "Check that it exists"
        ) from error
    if process.returncode:
        raise explain_failure(lines)
    return lines


# What pip, venv and the dynamic linker say -> what happened, what to do.
_CAUSES = (
    (("No space left", "Errno 28"), "The disk is full", "Free some space and try again"),
    (
        ("HASHES FROM THE REQUIREMENTS FILE", "Hashes are required"),
        "A downloaded package is not the one that was expected",
        "Try again; if it stays, tell the maintainers",
    ),
    (
        ("CERTIFICATE_VERIFY_FAILED", "SSLError"),
        "The secure connection was refused",
        "Set SSL_CERT_FILE to the certificates of your network",
    ),
    (
        (
            "NewConnectionError",
            "Temporary failure in name",
            "ConnectTimeout",
            "ProxyError",
            "Network is unreachable",
            "getaddrinfo failed",
            "Read timed out",
            "Max retries",
        ),
        "The package server could not be reached",
        "Check the network, or set HTTPS_PROXY",
    ),
    (
        ("No matching distribution", "is not a supported wheel", "Could not find a version"),
        "There is no package for this Python or system, or the package server is not reachable",
        "Check the network, and use Python 3.11 or 3.13",
    ),
    (("No module named pip",), "This Python has no pip", "Install python3-venv or python3-pip"),
    (("Permission denied", "Access is denied"), "A file is not writable", "Check the permissions"),
)


def explain_failure(lines: Sequence[str]) -> MissingEnvironment:
    """The sentence for a failed installation, from what the tool printed."""
    text = "\n".join(lines)
    for signs, message, remedy in _CAUSES:
        if any(sign in text for sign in signs):
            return MissingEnvironment(message, remedy)
    last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
    return MissingEnvironment(f"The installation failed: {last[:300]}".rstrip("."), "Try again")


def pinned(requirements: Path) -> list[str]:
    """`name==version` of every line, in lower case."""
    lines = requirements.read_text("utf-8").splitlines()
    return [line.split()[0].lower() for line in lines if "==" in line and line[0] not in "# "]


@functools.cache
def has_modules(python: str, modules: tuple[str, ...]) -> bool:
    """Whether a Python starts and can import them."""
    command = [python, "-I", "-c", f"import {', '.join(modules)}"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
