# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers as people read them: three digits, and no zero or one that is none."""

from __future__ import annotations

import math

NOT_AVAILABLE = "n/a"


def share(value: float) -> str:
    """A score or share in 0..1 with three decimals."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    if 0 < value < 0.0005:
        return "<0.001"
    if 0.9995 <= value < 1:
        return ">0.999"
    return f"{value:.3f}"


def difference(value: float) -> str:
    """A difference of two shares, with its sign."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    text = f"{abs(value):.3f}"
    return text if float(text) == 0 else f"{'+' if value > 0 else '−'}{text}"


def quantity(value: float) -> str:
    """Seconds, gigabytes, ratios, 0 or more: three significant digits, never an exponent."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    if value <= 0:
        return "0"
    if value < 0.0005:
        return "<0.001"
    return f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"


def percent(value: float) -> str:
    """A share in 0..1 as a percentage."""
    return f"{quantity(100 * value)} %" if math.isfinite(value) else NOT_AVAILABLE


def pluralise(number: int, one: str, many: str = "") -> str:
    """`1 case`, `2 cases`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """`42 s`, `3 min`, `1 h 20 min`."""
    if not math.isfinite(seconds):
        return NOT_AVAILABLE
    if seconds < 120:
        return f"{quantity(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
