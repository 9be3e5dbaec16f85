# SPDX-License-Identifier: GPL-3.0-or-later
"""What the implementations chosen in the settings are, read, and go by."""

from __future__ import annotations

from collections.abc import Sequence

from .implementations import SEAMS, Implementation, find_implementation, readers_of
from .spec import EvidenceName, ParsingSettings


def choose(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> tuple[Implementation, ...]:
    """What stands at these seams; a name that there is none of is left out."""
    rows = (find_implementation(seam, getattr(settings, seam)) for seam in seams)
    return tuple(row for row in rows if row is not None)


def counts(settings: ParsingSettings, setting: str) -> bool:
    """Whether a setting makes a difference: some do only with implementations that read them."""
    readers = readers_of(setting)
    return not readers or any(row in readers for row in choose(settings))


def goes_by(settings: ParsingSettings, evidence: EvidenceName) -> bool:
    """Whether this evidence may be used: it can be switched off where the setting counts."""
    return evidence in settings.evidence or not counts(settings, "evidence")


def uses_sight(settings: ParsingSettings) -> bool:
    """Whether a run with these settings looks at its views with the vision model."""
    return goes_by(settings, "sight") and any(row.looks for row in choose(settings))


def needs_torch(settings: ParsingSettings, seams: Sequence[str] = SEAMS) -> bool:
    """Whether what stands at these seams needs the full environment."""
    return any(row.needs_torch for row in choose(settings, seams))
