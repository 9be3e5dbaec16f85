# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of pinned packages: exact versions, and the sha256 of their files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PinFile:
    """A requirements file of exact versions."""

    path: Path
    index: str = ""  # a package index asked besides the usual one
    sources: bool = False  # its packages are built here, with what was installed before

    @property
    def hashed(self) -> bool:
        """Whether every package in it is named with its hashes, and so with all it depends on."""
        return "--hash=" in self.path.read_text("utf-8")


def list_pins(requirements: Path) -> list[str]:
    """`name==version` of every line, in lower case; markers are left out."""
    lines = requirements.read_text("utf-8").splitlines()
    return [line.split()[0].lower() for line in lines if "==" in line and line[0] not in "# "]


def pinned_hashes(requirements: Path) -> dict[str, set[str]]:
    """`name==version` -> the sha256 of its files."""
    found: dict[str, set[str]] = {}
    pin = ""
    for line in requirements.read_text("utf-8").splitlines():
        if "==" in line and line[0] not in "# ":
            pin = line.split()[0].lower()
            found.setdefault(pin, set())
        found.setdefault(pin, set()).update(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
    found.pop("", None)
    return found


def digest_of(pins: Sequence[PinFile]) -> str:
    """sha256 of the pins: an environment made from other ones is outdated."""
    digest = hashlib.sha256()
    for pin_file in pins:
        digest.update(pin_file.path.read_bytes())
    return digest.hexdigest()
