# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide for contributors names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`([\w.]+/[\w./]*|[\w.]+\.(?:md|py|toml))`", TEXT)))
LINKED = sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT)))
PLACEHOLDER = re.compile(r"NAME|^build/|^(embedded|models)/$|^pipeline\.py$")
FOUND = [path for path in NAMED + LINKED if not PLACEHOLDER.search(path)]


@pytest.mark.parametrize("path", FOUND)
def test_a_file_that_the_guide_names_exists(path):
    folder = REPOSITORY / "operators" if path == "__init__.py" else REPOSITORY
    assert (folder / path).exists()


def test_the_guide_has_the_four_recipes():
    recipes = re.findall(r"^### A new (.+)$", TEXT, re.MULTILINE)
    assert recipes == ["encoder", "file format", "render pass", "button"]
    assert len(FOUND) > 30
