# SPDX-License-Identifier: GPL-3.0-or-later
"""Part names that the encoder does not know."""

from __future__ import annotations

from pathlib import Path

from core.job.spec import ParsingSettings, Part
from core.parsing.labelling.element_shares import WARNED, known_parts
from core.parsing.run import Run


def test_thousands_of_unknown_parts_are_a_few_warnings_and_a_number(tmp_path: Path) -> None:
    warnings: list[str] = []
    parts = [Part("jacket"), *(Part(f"flurbl {i}") for i in range(5000))]
    run = Run(tmp_path, ParsingSettings(), parts, on_warning=warnings.append)
    known = known_parts(run, {part.name: ("gauntlet",) for part in parts[1:]})
    assert known.sum() == 1
    assert len(warnings) == WARNED + 1
    assert "'flurbl 0'" in warnings[0] and "gauntlet" in warnings[0]
    assert warnings[-1] == "4988 more part names are not known and get no labels"
