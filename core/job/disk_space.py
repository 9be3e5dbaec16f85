# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a run will fit on the disk, asked before it starts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from ..errors import ErrorKind, JobError
from .folder import JobFolder
from .spec import JobSpec

_CAPTURE_BYTES_PER_PIXEL = 2.0  # of the full image: cropped and deflated, on the safe side
_PARSING_SHARE = 0.25  # of the capture: masks, embeddings, labels
_RESERVE = 32 * 2**20


def check_free_space(spec: JobSpec, folder: JobFolder, pending: Sequence[str]) -> None:
    """Raises JobError when the disk has less room than the pending stages are likely to take."""
    if not pending:
        return
    needed = needed_bytes(spec, pending)
    if "capture" in pending:
        needed -= min(_size(folder), needed // 2)  # frames kept from an interrupted run
    free = shutil.disk_usage(folder.path).free
    if free < needed + _RESERVE:
        raise JobError(
            f"The job needs about {_readable(needed + _RESERVE)} but {folder.path} has "
            f"{_readable(free)} left",
            "Free some space, choose another job folder, or use fewer frames or views",
            ErrorKind.DISK_FULL,
        )


def needed_bytes(spec: JobSpec, pending: Sequence[str]) -> int:
    """A generous estimate."""
    pixels = image_count(spec) * spec.capture.resolution**2
    capture = pixels * _CAPTURE_BYTES_PER_PIXEL
    share = ("capture" in pending) + _PARSING_SHARE * any(s != "capture" for s in pending)
    return int(capture * share)


def image_count(spec: JobSpec) -> int:
    """Frames times views."""
    return spec.frames.count * spec.capture.view_count


def _size(folder: JobFolder) -> int:
    try:
        return sum(p.stat().st_size for p in folder.capture.glob("*.npz"))
    except OSError:
        return 0


def _readable(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
