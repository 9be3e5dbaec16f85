# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress of the whole run from the progress of stages and of processes side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from .messages import Message
from .stages import stage_named

_RECORD_INTERVAL = 1.0  # seconds between progress lines in the record


class OverallProgress:
    """Folds messages in; the overall share never goes back.

    `stages` are those that this run computes; finished ones take no time and have no weight.
    `with_models`: whether the run is one in which models take the time.
    """

    def __init__(self, stages: Sequence[str], with_models: bool = False) -> None:
        self._weights = {
            stage.name: stage.model_weight if with_models else stage.weight
            for stage in map(stage_named, stages)
        }
        self._done: dict[str, dict[str, tuple[float, float]]] = {}  # stage -> source -> done, total
        self._overall = 0.0
        self._recorded = -_RECORD_INTERVAL

    def fold(self, message: Message, source: str = "") -> tuple[Message, bool]:
        """The message with `overall`, `source` and sums over sources; is it worth recording?"""
        if message.type == "progress":
            return self._fold_progress(message, source)
        if message.type == "stage" and message.state in ("finished", "skipped"):
            self._done[message.stage] = {"": (1.0, 1.0)}
        if message.type == "result":
            self._overall = 1.0
        return replace(message, source=source, overall=self._update()), True

    def _fold_progress(self, message: Message, source: str) -> tuple[Message, bool]:
        sources = self._done.setdefault(message.stage, {})
        sources[source] = (message.done, message.total)
        done = sum(d for d, _ in sources.values())
        total = sum(t for _, t in sources.values())
        now = time.monotonic()
        is_notable = now - self._recorded >= _RECORD_INTERVAL
        if is_notable:
            self._recorded = now
        overall = self._update()
        return replace(message, source=source, done=done, total=total, overall=overall), is_notable

    def _update(self) -> float:
        whole = sum(self._weights.values())
        if whole > 0:
            share = sum(w * self._share(s) for s, w in self._weights.items()) / whole
            self._overall = max(self._overall, min(share, 1.0))
        return round(self._overall, 4)

    def _share(self, stage: str) -> float:
        sources = self._done.get(stage, {}).values()
        total = sum(t for _, t in sources)
        return sum(d for d, _ in sources) / total if total > 0 else 0.0
