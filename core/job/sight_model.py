# SPDX-License-Identifier: GPL-3.0-or-later
"""The vision model that Parts4D brings: where its file is, and which one it is."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from ..files.hashing import file_hash

VARIABLE = "PARTS4D_SIGHT_MODEL"  # environment variable that names another file
SHIPPED = Path(__file__).resolve().parents[1] / "parsing" / "sight" / "data" / "sight.onnx"


def sight_model_path() -> Path:
    """The shipped file, or the one that the environment variable names; it may not exist."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen) if chosen else SHIPPED


def sight_model_hash() -> str:
    """sha256 of the file; empty when there is none."""
    path = sight_model_path()
    try:
        status = path.stat()
        return _hash(path, status.st_size, status.st_mtime_ns)
    except OSError:
        return ""


@lru_cache(4)
def _hash(path: Path, size: int, time: int) -> str:
    """Read again only when the file has changed."""
    return file_hash(path)
