# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures for how long Blender's window stood still."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass

import bpy

INTERVAL = 0.01  # seconds
KEPT = 20  # gaps of a phase
_STEPS = 2000  # of the scenario that are remembered


@dataclass(frozen=True)
class Gap:
    """A time in which Blender's loop did not come round."""

    phase: str
    start: float  # seconds since the probe started
    seconds: float
    own: float  # seconds of it that the scenario itself took

    @property
    def others(self) -> float:
        """Seconds that Blender, or the extension, took."""
        return self.seconds - self.own


class FrameProbe:
    """A timer that asks to be called every 10 ms and notes when it was not.

    Blender handles events, timers and drawing in one thread, so what delays this timer is felt by
    the user. Software rendering and a busy machine delay it too.
    """

    def __init__(self) -> None:
        self._gaps: dict[str, list[Gap]] = {}
        self._phase = ""
        self._began = self._last = 0.0
        self._steps: deque[tuple[float, float]] = deque(maxlen=_STEPS)
        self._timer = self._tick  # the same object each time, for Blender knows it by identity

    def start(self, phase: str) -> None:
        """Measures anew from now on; `phase` names what happens meanwhile."""
        self._phase = phase
        self._gaps[phase] = []
        self._last = time.perf_counter()
        if not bpy.app.timers.is_registered(self._timer):
            self._began = self._last
            bpy.app.timers.register(self._timer, first_interval=INTERVAL, persistent=True)

    def stop(self) -> None:
        if bpy.app.timers.is_registered(self._timer):
            bpy.app.timers.unregister(self._timer)

    def largest(self, phase: str) -> Gap:
        """The longest time in a phase that the scenario itself is not to blame for."""
        return max(self._gaps[phase], key=lambda gap: gap.others, default=Gap(phase, 0.0, 0.0, 0.0))

    def facts(self, phase: str) -> dict[str, object]:
        """The largest gap of a phase, for a report."""
        gap = self.largest(phase)
        return {**asdict(gap), "others": gap.others}

    def own_step(self, start: float, end: float) -> None:
        """Notes that the scenario ran from `start` to `end`, in time.perf_counter()."""
        self._steps.append((start, end))

    def _tick(self) -> float:
        now = time.perf_counter()
        own = 0.0
        for start, end in reversed(self._steps):
            if end < self._last:
                break
            own += end - max(self._last, start)
        gap = Gap(self._phase, self._last - self._began, now - self._last, own)
        gaps = self._gaps[self._phase]
        gaps.append(gap)
        if len(gaps) > 2 * KEPT:
            self._gaps[self._phase] = sorted(gaps, key=lambda g: -g.others)[:KEPT]
        self._last = now
        return INTERVAL
