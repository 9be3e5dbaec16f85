# SPDX-License-Identifier: GPL-3.0-or-later
"""glibc told to keep large blocks: training allocates the same ones in every step.

By default each goes back to the system at once and its pages are faulted in again, which takes
longer than the sums themselves.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence

_SETTINGS = {
    "MALLOC_MMAP_THRESHOLD_": str(2**25),  # the most glibc accepts
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**28),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
_STARTED = "PARTS4D_TRAINING_ALLOCATION"


def start_again_keeping_memory(arguments: Sequence[str]) -> None:
    """Replaces this process by itself with these settings, once, where there is glibc.

    They are read when a process starts. `arguments` are those of `python -m training`.
    """
    if platform.libc_ver()[0] != "glibc" or _STARTED in os.environ:
        return
    environment = {**_SETTINGS, **os.environ, _STARTED: "1"}
    os.execve(sys.executable, [sys.executable, "-m", "training", *arguments], environment)
