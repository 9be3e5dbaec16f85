# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender is quit, is killed, or loses the extension in the middle of a job."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Outcome, Window

MESHES = ["body", "shirt", "shoes"]


def test_quitting_in_the_middle_leaves_nothing_behind_and_the_run_goes_on(
    installed: Window, hero: Path
) -> None:
    outcome = installed.run("interruptions.quit_while_it_runs", blend=hero, writable=[hero.parent])
    assert outcome.one("running")["children"]
    _is_continued(installed, hero)  # Blender did not wait for the end


def test_a_killed_blender_leaves_nothing_behind_and_the_run_goes_on(
    installed: Window, hero: Path
) -> None:
    outcome = installed.run(
        "interruptions.killed_while_it_runs", blend=hero, writable=[hero.parent], check=False
    )
    assert outcome.problems == ["exit status 137"]  # 128 + SIGKILL; nothing runs on
    assert outcome.one("running")["children"]
    _is_continued(installed, hero)


def test_the_extension_is_disabled_in_the_middle_and_goes_on_when_enabled(
    installed: Window, hero: Path
) -> None:
    outcome = installed.run(
        "interruptions.disable_while_it_runs", blend=hero, writable=[hero.parent]
    )
    assert outcome.one("running")["children"]
    disabled = outcome.one("disabled")
    assert disabled["traces"] == []
    assert outcome.one("used")["lights"] == 1 and outcome.one("undone")["lights"] == 0
    assert outcome.one("enabled")["traces_are_back"]
    _has_gone_on(outcome)


def _is_continued(installed: Window, hero: Path) -> None:
    """In another Blender."""
    _has_gone_on(installed.run("interruptions.find_and_go_on", blend=hero, writable=[hero.parent]))


def _has_gone_on(outcome: Outcome) -> None:
    offered, resumed = outcome.one("offered"), outcome.one("resumed")
    assert not offered["finished"] and offered["captured"]
    assert resumed["phase"] == "finished" and resumed["labelled"] == MESHES
    assert sorted(resumed["kept"]) == offered["captured"]
    assert resumed["parts"][:3] == ["head", "arms", "shirt"]  # though the file was not saved
