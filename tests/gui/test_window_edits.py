# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels never land on a mesh they were not made for, and are a step that undo knows."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Window

MESHES = ["body", "shirt", "shoes"]


def test_labels_wait_for_a_deleted_character_to_come_back(installed: Window, hero: Path) -> None:
    outcome = installed.run("edits.deleted", blend=hero, writable=[hero.parent])
    for event in ("deleted", "in vain"):
        report = outcome.one(event)
        assert report["phase"] == "finished" and report["labelled"] == []
        assert "is no longer there" in report["note"]
    applied = outcome.one("applied")
    assert applied["labelled"] == MESHES and applied["note"] == ""


def test_labels_are_not_put_on_edited_faces(installed: Window, hero: Path) -> None:
    outcome = installed.run("edits.edited", blend=hero, writable=[hero.parent])
    for event in ("in Edit Mode", "in vain"):
        report = outcome.one(event)
        assert report["phase"] == "finished" and report["labelled"] == []
        assert "edited meanwhile" in report["note"]


def test_undo_while_a_job_runs_leads_no_labels_astray(installed: Window, hero: Path) -> None:
    outcome = installed.run("edits.undone", blend=hero, writable=[hero.parent])
    assert outcome.one("moved back")["x"] == 0
    assert outcome.one("movement undone")["labelled"] == MESHES
    faces = outcome.one("faces undone")
    assert faces["labelled"] == [] and "edited meanwhile" in faces["note"]
    redone = outcome.one("faces redone")
    assert redone["labelled"] == MESHES and redone["note"] == ""


def test_undo_and_redo_take_labels_corrections_and_removal_back_and_forth(
    installed: Window, hero: Path
) -> None:
    outcome = installed.run("edits.undo_and_redo", blend=hero, writable=[hero.parent])
    applied, without, again = outcome.one("applying")["labels"]
    assert applied["objects"] == MESHES and applied["body"]
    assert without == {"objects": [], "body": {}} and again == applied
    corrected, uncorrected, again = outcome.one("correcting")["labels"]
    assert uncorrected == applied and corrected["body"] != applied["body"] and again == corrected
    cleared, back, again = outcome.one("clearing")["labels"]
    assert cleared == without and back == corrected and again == cleared
