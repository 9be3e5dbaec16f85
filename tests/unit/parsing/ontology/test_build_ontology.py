# SPDX-License-Identifier: GPL-3.0-or-later
"""The extraction from WordNet keeps what a character wears and drops what misleads."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

CLOTHING, SHIRT, SLEEVE, LEG, ARTERY = "03051540", "04000001", "04000002", "05000001", "05000002"
NOUNS = f"""\
  1 This software and database is being provided to you.
  2 WordNet 3.0 Copyright 2006 by Princeton University.
{CLOTHING} 06 n 02 clothing 0 wearable 0 001 ~ {SHIRT} n 0000 | a covering
{SHIRT} 06 n 02 work_shirt 0 fly 0 002 @ {CLOTHING} n 0000 %p {SLEEVE} n 0000 | worn on the trunk
{SLEEVE} 06 n 01 sleeve 0 000 | of a shirt
{LEG} 08 n 01 leg 0 001 %p {ARTERY} n 0000 | a limb
{ARTERY} 08 n 01 femoral_artery 0 000 | inside the leg
"""


@pytest.fixture
def tool(repository: Path, monkeypatch: pytest.MonkeyPatch):
    path = repository / "tools" / "build_ontology.py"
    spec = importlib.util.spec_from_file_location("build_ontology", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "build_ontology", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOTS", {CLOTHING: "clothing", LEG: "leg"})
    return module


def test_trees_are_written_as_sorted_lines_with_relations(tool, tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    lines = tool.rows(tool.read_nouns(tmp_path / "data.noun"))
    assert lines == [
        "clothing\tclothing|wearable\t\t",
        "leg\tleg\t\t",
        "sleeve\tsleeve\t\twork shirt",
        "work shirt\twork shirt\tclothing\t",
    ]


def test_the_licence_notice_is_taken_from_the_file(tool, tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS)
    assert tool.licence(tmp_path / "data.noun").splitlines()[1].startswith("WordNet 3.0 Copyright")


def test_another_wordnet_is_refused(tool, tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(NOUNS.replace("02 clothing", "02 kitchenware"))
    with pytest.raises(SystemExit, match=r"not WordNet 3\.0"):
        tool.rows(tool.read_nouns(tmp_path / "data.noun"))


def test_the_shipped_files_are_small_and_carry_the_notice(repository: Path) -> None:
    data = repository / "core" / "parsing" / "ontology" / "data"
    assert "Princeton University" in (data / "wordnet_license.txt").read_text("utf-8")
    assert sum(file.stat().st_size for file in data.iterdir()) < 400_000
