# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations say all that the interface says, and keep what is filled in later."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tools"))

import messages

FIELD = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("file", sorted(messages.LANGUAGES.glob("*.toml")), ids=lambda f: f.stem)
def test_a_translation_is_complete_and_has_nothing_left_over(file):
    translated = set(tomllib.loads(file.read_text("utf-8")))
    found = set(messages.interface_messages())
    assert found - translated == set() and translated - found == set()


@pytest.mark.parametrize("file", sorted(messages.LANGUAGES.glob("*.toml")), ids=lambda f: f.stem)
def test_what_is_filled_in_stays(file):
    for english, text in tomllib.loads(file.read_text("utf-8")).items():
        assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(text)), english
        assert text.strip()


def test_labels_descriptions_and_choices_are_found():
    found = set(messages.interface_messages())
    assert {"Parse", "What is looked for, for example jacket or left shoe", "Serpentine"} <= found
    assert "CHECKMARK" not in found
