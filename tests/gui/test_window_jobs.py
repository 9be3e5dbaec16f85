# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs are cancelled, killed, outlive their file, and wait; labels are corrected by hand."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Window

MESHES = 9  # of the demo character
HERO = ["body", "shirt", "shoes"]
TWIN = [f"{name}.001" for name in HERO]


def test_a_job_is_cancelled_in_the_middle_and_run_again_without_looking_at_the_scene(
    installed: Window, demo: Path
) -> None:
    outcome = installed.run("jobs.cancel_and_run_again", blend=demo, writable=[demo.parent])
    cancelled, finished = outcome.one("cancelled"), outcome.one("finished")
    assert cancelled["labelled"] == [] and cancelled["children"] == []
    assert not cancelled["finished"]
    assert outcome.one("seen") | {"thumbnail": True, "looks": 0} == outcome.one("seen")
    assert finished["phase"] == "finished" and len(finished["labelled"]) == MESHES


def test_labels_wait_for_their_own_file(installed: Window, pair: Path, hero: Path) -> None:
    outcome = installed.run("jobs.other_file", blend=pair, other=hero, writable=[pair.parent])
    other = outcome.one("other")
    assert other["phase"] == "finished" and other["labelled"] == []
    assert "another file" in other["note"]
    assert outcome.one("back")["labelled"] == HERO


def test_a_killed_worker_is_explained_and_the_next_run_goes_on(
    installed: Window, demo: Path
) -> None:
    outcome = installed.run("jobs.worker_killed", blend=demo, writable=[demo.parent])
    killed = outcome.one("killed")
    assert killed["phase"] == "failed" and "memory ran out" in killed["error"]
    assert len(outcome.one("again")["labelled"]) == MESHES


def test_words_change_and_a_correction_stays(installed: Window, hero: Path) -> None:
    outcome = installed.run("jobs.words_and_corrections", blend=hero, writable=[hero.parent])
    assert outcome.one("renamed")["relabel"] == [False, True]
    selected = outcome.one("selected")
    assert selected["mode"] == "EDIT_MESH" and selected["faces"] > 0
    corrected, kept = outcome.one("corrected")["labels"], outcome.one("kept")["labels"]
    assert "0" not in corrected and corrected["2"] >= selected["faces"]
    assert kept["2"] == corrected["2"] and "0" not in kept


def test_a_second_character_waits_for_the_first_and_can_be_cancelled(
    installed: Window, pair: Path
) -> None:
    outcome = installed.run("waiting.two_characters", blend=pair, writable=[pair.parent])
    assert not outcome.one("pressed twice")["possible"]
    waiting = {"hero": "running", "twin": "queued"}
    assert outcome.one("queued")["phases"] == waiting
    assert outcome.one("cancelled")["phases"] == {"hero": "running", "twin": "cancelled"}
    assert outcome.one("queued again")["phases"] == waiting
    turn = outcome.one("its turn")
    assert turn["phases"] == {"hero": "finished", "twin": "running"}
    assert turn["labelled"] == HERO
    assert outcome.one("finished")["labelled"] == sorted([*HERO, *TWIN])


def test_blender_saves_by_itself_while_a_job_runs(installed: Window, hero: Path) -> None:
    outcome = installed.run("waiting.auto_save", blend=hero, writable=[hero.parent])
    assert outcome.one("saved")["phase"] == "running"
    assert outcome.one("holds")["objects"] == sorted(["hero", *HERO])
    assert outcome.one("finished")["labelled"] == HERO
