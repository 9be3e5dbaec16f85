# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a run will take, roughly: as earlier runs of the character, else as was measured."""

from __future__ import annotations

from collections.abc import Sequence

from ..job.presets import PRESET_TABLE
from .found_runs import Run

# Presets that depend on the graphics card have no number of their own.
_MEASURED = {p.name: p.seconds for p in PRESET_TABLE if p.seconds is not None}
_START = 4.0  # seconds for the processes to start and the file to be read


def seconds_of(preset: str, images: int, runs: Sequence[Run]) -> float | None:
    """Estimated seconds for so many `images`, views times frames; None where it would be a guess.

    The latest finished run of the same preset sets the pace. One that was continued counts only
    what it did then, so no run makes the estimate less than a quarter of what was measured.
    """
    paces = [run.seconds / run.images for run in runs if run.preset == preset and run.images]
    pace = paces[0] if paces else _MEASURED.get(preset)
    if pace is None:
        return None
    pace = max(pace, _MEASURED.get(preset, 0.0) / 4)
    return _START * (not paces) + pace * images
