# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a run as the tests look at it."""

from __future__ import annotations

from pathlib import Path

from core.job.messages import Message, decode


def read_events(path: Path) -> list[Message]:
    """All whole messages of a record, oldest first; none of a record that is not begun yet."""
    if not path.exists():
        return []
    messages = (decode(line) for line in path.read_bytes().split(b"\n") if line)
    return [m for m in messages if m is not None]
