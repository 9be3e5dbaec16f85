# SPDX-License-Identifier: GPL-3.0-or-later
"""When the user last typed part names: the labels follow once it is quiet."""

from __future__ import annotations

import time

SETTLE = 0.3  # seconds without typing after which changed words are parsed

_changed_at: float | None = None


def words_changed() -> None:
    """The user typed."""
    global _changed_at
    _changed_at = time.monotonic()


def is_typing() -> bool:
    """Whether words changed that have not been parsed yet."""
    return _changed_at is not None


def is_over() -> bool:
    """Whether words changed and it has been quiet for long enough to parse them."""
    return _changed_at is not None and time.monotonic() - _changed_at > SETTLE


def forget() -> None:
    """The words are being parsed, or there is nothing to parse any more."""
    global _changed_at
    _changed_at = None
