# SPDX-License-Identifier: GPL-3.0-or-later
"""What long operations tell, and how they are asked to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One step of a download or an installation."""

    message: str
    done: int = 0  # bytes
    total: int = 0  # bytes; 0 = not known


Report = Callable[[Progress], None]
Cancelled = Callable[[], bool]


def never() -> bool:
    """Not cancelled."""
    return False


def silent(progress: Progress) -> None:
    """Tells nobody."""


def as_size(size: float) -> str:
    """A number of bytes for people."""
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.0f} MB"
