# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: each method takes a captured case and words, and gives labels.

A method is made only where it runs: packages that only one of them needs are imported then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol

import numpy as np

from ..captured import CapturedCase
from ..vocabularies import Vocabulary


@dataclass(frozen=True)
class Labelling:
    """What a method made of one case with one vocabulary."""

    label: Mapping[int, np.ndarray]  # frame -> (E,) int16 class, -1 = unlabelled
    evidenced: Mapping[int, np.ndarray]  # frame -> (E,) bool: from evidence, not filled in
    seconds: Mapping[str, float]  # stage -> seconds of the whole sequence, without capture
    peak_gb: float  # of the process that did the work; nan if unknown


class Method(Protocol):
    """A way from captured images and words to labels."""

    name: str  # "openhuman3d"
    title: str  # "OpenHuman3D"

    def unavailable(self) -> str:
        """Why it cannot run here, for example a model that is missing; "" when it can."""
        ...

    def label(
        self, captured: CapturedCase, vocabularies: Sequence[Vocabulary], scratch: Path
    ) -> dict[str, Labelling]:
        """Labels by vocabulary name. `scratch` is a folder of its own for this case and method,
        empty the first time, which the method may keep things in between calls."""
        ...


def _make_by(module: str, *arguments: str) -> Callable[[], Method]:
    """A call of `make(*arguments)` in a module of this package."""

    def make() -> Method:
        method: Method = import_module(f".{module}", __name__).make(*arguments)
        return method

    return make


METHODS: Mapping[str, Callable[[], Method]] = {
    "embedded": _make_by("ours", "embedded"),
    "sight": _make_by("ours", "sight"),
    "sight_bones": _make_by("ours", "sight_bones"),
    "names_bones": _make_by("ours", "names_bones"),
    "draft": _make_by("ours", "draft"),
    "standard": _make_by("ours", "standard"),
    "paper": _make_by("ours", "paper"),
    "paper_embedded": _make_by("ours", "paper_embedded"),
    "openhuman3d": _make_by("openhuman3d"),
    "dress4d": _make_by("dress4d"),
    "find3d": _make_by("find3d"),
    "partslip": _make_by("partslip"),
}
