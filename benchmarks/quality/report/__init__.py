# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a run: `report.html` in one file, and its tables as `report.md`."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from core.errors import Parts4DError
from core.files.atomic import write_text

from ..records import (
    AblationResults,
    DamageResults,
    Results,
    WordResults,
    read_record,
    write_record,
)
from .aggregates import Run
from .contents import contents
from .html import html
from .markdown import markdown
from .targets import targets

T = TypeVar("T")


def write_report(out: Path) -> Path:
    """Writes the report on `out`/results.json beside it; returns the path of the HTML file.

    `damage.json`, `ablations.json`, `words.json` and `pictures/` are shown where they are there;
    one that cannot be read becomes a note. What was aimed at, and what was measured of it, is also
    written to `targets.json`. Raises JobError or InputError for results that cannot be read,
    JobError when the report cannot be written.
    """
    results = read_record(Results, out / "results.json")
    notes: list[str] = []
    damage = _optional(DamageResults, out / "damage.json", notes)
    study = _optional(AblationResults, out / "ablations.json", notes)
    words = _optional(WordResults, out / "words.json", notes)
    write_record(out / "targets.json", targets(Run(results), words))
    document = contents(results, damage, study, out / "pictures", tuple(notes), words)
    write_text(out / "report.md", markdown(document))
    write_text(out / "report.html", html(document))
    return out / "report.html"


def _optional(cls: type[T], path: Path, notes: list[str]) -> T | None:
    if not path.exists():
        return None
    try:
        return read_record(cls, path)
    except Parts4DError as error:
        notes.append(f"{path.name} is left out: {error.message}")
        return None
