# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the files of a study lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths below the folder of the results."""

    out: Path

    @property
    def results(self) -> Path:
        return self.out / "results.json"

    @property
    def demo(self) -> Path:
        """The demo character, made by script."""
        return self.out / "demo" / "demo.blend"

    def capture(self, case: str) -> Path:
        return self.out / "captures" / case

    def scores(self, case: str, method: str) -> Path:
        return self.out / "scores" / case / f"{method}.json"

    def log(self, case: str, method: str) -> Path:
        return self.out / "scores" / case / f"{method}.log"

    def scratch(self, case: str, method: str) -> Path:
        return self.out / "scratch" / case / method

    def pictures(self, case: str) -> Path:
        return self.out / "pictures" / case
