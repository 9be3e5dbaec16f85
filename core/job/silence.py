# SPDX-License-Identifier: GPL-3.0-or-later
"""How long another program has shown no life."""

from __future__ import annotations

import time

_STEP = 1.0  # seconds that count at most between two looks


class Silence:
    """Seconds of silence, as far as this process ran meanwhile: it may have been stopped itself.

    Ask often; what lies between two looks counts as one second at most.
    """

    def __init__(self) -> None:
        self._looked = time.monotonic()
        self._sign: object = None
        self._seconds = 0.0

    def since(self, sign: object) -> float:
        """Seconds since the last sign of life, which changes with each."""
        now = time.monotonic()
        silent = self._seconds + min(now - self._looked, _STEP)
        self._seconds = silent if sign == self._sign else 0.0
        self._sign, self._looked = sign, now
        return self._seconds
