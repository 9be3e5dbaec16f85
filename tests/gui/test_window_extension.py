# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, installed, enabled and disabled in a Blender with a window."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Window


def test_the_zip_installs_and_its_tab_shows(window: Window, archive: Path) -> None:
    outcome = window.run("extension.install", archive=archive, readable=[archive.parent])
    installed = outcome.one("installed")
    assert installed["result"] == ["FINISHED"] and installed["enabled"]
    assert installed["loaded"] == [True, True]
    assert installed["warnings"] == {} and installed["sources"] == []
    tab = outcome.one("tab")
    assert tab["shown"] == "Parts4D" and tab["width"] > 150
    assert (outcome.folder / "tab.png").stat().st_size > 10_000


def test_enabling_and_disabling_leaves_no_trace(installed: Window) -> None:
    outcome = installed.run("extension.enable_and_disable", times=3)
    first = outcome.one("at first")["traces"]
    assert "timer" in first and "Scene.parts4d" in first and len(first) > 10
    assert [event["traces"] for event in outcome.all("disabled")] == [[]] * 3
    assert [event["traces"] for event in outcome.all("enabled")] == [first] * 3
