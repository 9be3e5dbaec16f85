# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender says of a render that failed, as an error for the user."""

from __future__ import annotations

from pathlib import Path

from ..errors import ErrorKind, JobError
from ..files.disk import is_full
from .compat import reason_in


def failed_render(path: Path, error: RuntimeError | OSError, remedy: str) -> JobError:
    """The error for a picture that could not be made at `path`."""
    kind = ErrorKind.DISK_FULL if is_full(path.parent, str(error)) else ErrorKind.JOB_FOLDER
    return JobError(f"{path} could not be rendered ({reason_in(error)})", remedy, kind)
