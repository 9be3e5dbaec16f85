# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes to others with a job or a report: without the home folder and the computer's name."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import socket
from functools import cache
from pathlib import Path


@cache
def computer_id() -> str:
    """Tells this computer from others without its name."""
    return hashlib.sha256(f"parts4d {socket.gethostname()}".encode()).hexdigest()[:12]


def shareable(text: str, job: Path | None = None) -> str:
    """`text` with paths in the folder that `job` lies in made relative to that folder, the home
    folder as ~, and other folders that are called after the user without the name."""
    parent = str(job.parent) + os.sep if job is not None and len(job.parts) > 2 else ""
    for start in filter(None, (parent, _escaped(parent))):
        text = text.replace(start, "")
    home = home_folder()
    if home is not None:
        for path in (str(home), _escaped(str(home))):
            text = re.sub(re.escape(path) + r"(?![\w.-])", "~", text)
    if user := _user():
        text = re.sub(rf"(?<=[/\\]){re.escape(user)}(?=[/\\])", "user", text)
    return text


def home_folder() -> Path | None:
    """The user's; None for a user without one, as in some containers."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home if home != Path(home.anchor) else None


def _escaped(path: str) -> str:
    """As it is written in JSON and in Python."""
    return path.replace("\\", "\\\\")


@cache
def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
