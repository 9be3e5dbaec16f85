# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways of fusing that are compared: the default, and what one change makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fusion:
    """Settings that differ from the spec's, and whether masks are validated (eq. 4, 5)."""

    name: str
    changes: dict[str, Any] = field(default_factory=dict)  # of ParsingSettings
    validated: bool = True


PAPER = {
    "memory_scale": 1.0,
    "specificity": 0.0,
    "threshold": 0.0,
    "distractors": False,
    "smoothing": 0.0,
    "persistence": 0.0,
}

FUSIONS = (
    Fusion("default"),
    Fusion("plain mean of a masklet", {"memory_scale": 0.0}),
    Fusion("beta 1", {"memory_scale": 1.0}),
    Fusion("beta 5", {"memory_scale": 5.0}),
    Fusion("beta 50", {"memory_scale": 50.0}),
    Fusion("without eq. 7", {"equalise": False}),
    Fusion("specificity 0.5", {"specificity": 0.5}),
    Fusion("specificity 0", {"specificity": 0.0}),
    Fusion("without validation", validated=False),
    Fusion("without distractors", {"distractors": False}),
    Fusion("without distractors and threshold", {"distractors": False, "threshold": 0.0}),
    Fusion("threshold 0.4", {"threshold": 0.4}),
    Fusion("each frame by itself", {"persistence": 0.0}),
    Fusion("each frame, without smoothing", {"persistence": 0.0, "smoothing": 0.0}),
    Fusion("without smoothing", {"smoothing": 0.0}),
    Fusion("smoothing 0.1", {"smoothing": 0.1}),
    Fusion("smoothing 0.4", {"smoothing": 0.4}),
    Fusion("beta 5, without smoothing", {"memory_scale": 5.0, "smoothing": 0.0}),
    Fusion("beta 5, without eq. 7", {"memory_scale": 5.0, "equalise": False}),
    Fusion("as printed", PAPER),
)
