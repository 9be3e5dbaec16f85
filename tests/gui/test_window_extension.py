# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, installed, enabled and disabled, and its tab in all its states."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from window_blender import WindowBlender

from tests.gui.window import Window

MESHES = 9  # of the demo character


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


def test_a_new_user_without_network_parses_the_demo_character(
    window: Window, blender: WindowBlender, archive: Path, demo: Path
) -> None:
    if blender.root is None:
        pytest.skip("an installed Blender is not shut in")
    assert any(name.startswith("wheels/") for name in zipfile.ZipFile(archive).namelist())
    outcome = window.run(
        "offline.install_and_parse",
        archive=archive,
        blend=demo,
        readable=[archive.parent],
        writable=[demo.parent],
    )
    network = outcome.one("network")
    assert network["interfaces"] == [] and network["error"] == "ENETUNREACH"
    parsed = outcome.one("parsed")
    assert len(parsed["labelled"]) == MESHES
    assert parsed["looked_at"] > 1000 and parsed["changed"] == []
    unpacked = list((window.resources / "parts4d").glob("embedded-*/parts4d.json"))
    assert len(unpacked) == 1 and str(unpacked[0].parent) in parsed["worker"]


def test_the_tab_and_the_preferences_draw_in_every_state(installed: Window, hero: Path) -> None:
    outcome = installed.run("panel_states.all_states", blend=hero, writable=[hero.parent])
    pictures = sorted(path.name for path in outcome.folder.glob("*.png"))
    assert len(pictures) == 17
    assert all((outcome.folder / name).stat().st_size > 10_000 for name in pictures)
