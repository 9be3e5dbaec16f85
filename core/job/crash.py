# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a program ended that did not say so itself, in a sentence with a remedy."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from pathlib import Path

from ..errors import ErrorKind, JobError

# What torch, CUDA, the loader and Python print -> what happened, what to do. They have no other way
# to say it: their exit status is the same for all.
_CAUSES = (
    (
        ErrorKind.OUT_OF_MEMORY,
        r"CUDA out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|MPS backend out of memory",
        "The graphics memory ran out",
        "Close other programs, choose a smaller model or the CPU",
    ),
    (
        ErrorKind.GRAPHICS,
        r"CUDA driver version is insufficient|NVIDIA driver on your system is too old",
        "The graphics driver is older than PyTorch needs",
        "Update the driver or choose the CPU",
    ),
    (
        ErrorKind.GRAPHICS,
        r"no kernel image is available",
        "The graphics card is older than this PyTorch supports",
        "Choose the CPU, or install the environment for another backend",
    ),
    (
        ErrorKind.GRAPHICS,
        r"(CUDA|HIP) error[^\n]*|CUDNN_STATUS_\w+|cuDNN error[^\n]*|Xid[^\n]*",
        "The graphics driver failed",
        "Restart the computer or update the driver if it happens again, or choose the CPU",
    ),
    (
        ErrorKind.ENVIRONMENT,
        r"operator torchvision::\w+ does not exist|undefined symbol[^\n]*|GLIBC_[^\n]* not found",
        "The libraries of the environment do not fit together",
        "Install the environment again",
    ),
    (
        ErrorKind.ENVIRONMENT,
        r"ModuleNotFoundError: No module named '(?!core\b)[^\n]*"
        r"|ImportError: (?!.*'core[.'])[^\n]*",
        "The worker's environment is not complete",
        "Install the environment again",
    ),
    (
        ErrorKind.OUT_OF_MEMORY,
        r"MemoryError|std::bad_alloc|DefaultCPUAllocator: (can't|not enough)[^\n]*",
        "There was not enough memory",
        "Close other programs, lower the resolution or choose a smaller model",
    ),
)


def crash(name: str, status: int, log: Path, last_lines: Iterable[str] = ()) -> JobError:
    """The likely cause of an exit status that the child `name` did not choose itself."""
    name = f"The program '{name}'"
    if status in (-9, 137):
        return JobError(
            f"{name} was killed by the system, most likely because memory ran out",
            "Close other programs, lower the resolution or the number of processes, and run "
            "again to continue",
            ErrorKind.OUT_OF_MEMORY,
            str(log),
        )
    if cause := likely_cause("\n".join(last_lines)):
        remedy = f"{cause.remedy}, then run again to continue"
        return JobError(cause.message, remedy, cause.kind, str(log))
    what = f"ended with status {status}"
    if status in (-4, -6, -7, -8, -11, 132, 134, 135, 136, 139):
        number = -status if status < 0 else status - 128
        what = f"crashed ({signal.Signals(number).name})"
    elif status in (0xC0000005, 0xC0000409, -1073741819, -1073740791):
        what = f"crashed (Windows error {status & 0xFFFFFFFF:#x})"
    elif status in (-15, 143):
        what = "was terminated"
    return JobError(f"{name} {what}", "Run again to continue", ErrorKind.CRASHED, str(log))


def likely_cause(said: str) -> JobError | None:
    """What the last words of a program mean; None when they are of no known kind."""
    for kind, pattern, message, remedy in _CAUSES:
        if found := re.search(pattern, said):
            quoted = found.group(0).strip()[:120].rstrip(".")
            return JobError(f"{message} ({quoted})", remedy, kind)
    return None
