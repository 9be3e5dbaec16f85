# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of an installation, from what its tool prints and what grows on the disk."""

from __future__ import annotations

import re
from pathlib import Path

from ..checkpoints.transfer_progress import Progress, Report
from .folders import folder_size

_TOLD = (  # how the lines of pip and uv begin that are worth telling
    *("Collecting", "Downloading", "Downloaded", "Using cached", "Building", "Built"),
    *("Prepared", "Installing", "Installed"),
)


class Watch:
    """Turns what pip and uv print, and what grows on the disk, into progress.

    pip's downloads grow in the environment's own folder. uv's grow elsewhere, several at a time;
    it says how large each is, and when it is there.
    """

    def __init__(self, path: Path, size: int, report: Report, title: str) -> None:
        self.path = path  # of the environment
        self.size = size  # bytes it has in the end, 0 = not known
        self.report = report
        self.message = title
        self.downloads: dict[str, int] = {}  # uv's: package -> bytes
        self.arrived: set[str] = set()

    def line(self, line: str) -> None:
        """Something the tool printed."""
        line = line.strip()
        if not line.startswith(_TOLD):
            return
        if found := re.fullmatch(r"Downloading ([\w-]+) \(([\d.]+)([KMG])iB\)", line):
            self.downloads[found[1]] = int(float(found[2]) * 2 ** (10 * " KMG".index(found[3])))
        elif found := re.fullmatch(r"Downloaded ([\w-]+)", line):
            self.arrived.add(found[1])
        self.message = re.sub(r"\S*/", "", line)[:100]  # without the folders of a path
        self.tick()

    def tick(self) -> None:
        """Reports how far it is."""
        if pending := [name for name in self.downloads if name not in self.arrived]:
            message = f"Downloading {', '.join(pending)}"[:100]
            done = sum(self.downloads[name] for name in self.arrived & self.downloads.keys())
            self.report(Progress(message, done, sum(self.downloads.values())))
        else:
            done = min(folder_size(self.path), self.size) if self.size else 0
            self.report(Progress(self.message, done, self.size))
