# SPDX-License-Identifier: GPL-3.0-or-later
"""A character is parsed and labelled by clicks and keys."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Window

PARTS = "head, arms, shirt, legs, shoes"
MESHES = ["body", "shirt", "shoes"]


def test_typed_parts_become_labels_that_are_shown_undone_and_applied(
    installed: Window, hero: Path
) -> None:
    outcome = installed.run(
        "parsing.parse_and_show", blend=hero, parts=PARTS, writable=[hero.parent]
    )
    assert outcome.one("typed")["parts"] == PARTS.split(", ")
    assert outcome.one("parsed")["objects"] == MESHES
    found = {e["event"]: (e["overlays"], e["objects"]) for e in outcome.events if "overlays" in e}
    assert found == {
        "shown": (3, MESHES),
        "undone": (0, []),
        "redone": (3, MESHES),
        "hidden": (0, MESHES),
        "cleared": (0, []),
        "applied": (3, MESHES),
    }


def test_the_timer_and_drawing_do_not_look_through_the_scene_until_it_changes(
    installed: Window, demo: Path
) -> None:
    outcome = installed.run("parsing.look_at", blend=demo, character="Rig", readable=[demo.parent])
    idle = outcome.one("idle")
    assert "rigged, 9 meshes, 39.9k faces" in idle["line"]
    assert idle["looks"] == outcome.one("drawn")["looks"] == 0
