# SPDX-License-Identifier: GPL-3.0-or-later
"""sha256 of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from .reading import open_file


def file_hash(path: Path) -> str:
    """sha256 of a file in hexadecimal. Raises OSError."""
    with open_file(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
