# SPDX-License-Identifier: GPL-3.0-or-later
"""A job is cancelled, killed, outlives its file, and is corrected by hand."""

from __future__ import annotations

from pathlib import Path

from tests.gui.window import Window

MESHES = 9  # of the demo character


def test_a_job_is_cancelled_and_run_again_while_the_window_moves(
    installed: Window, demo: Path
) -> None:
    outcome = installed.run("jobs.cancel_and_run_again", blend=demo, writable=[demo.parent])
    cancelled, finished = outcome.one("cancelled"), outcome.one("finished")
    assert cancelled["seconds"] < 10 and cancelled["labelled"] == []
    assert outcome.one("seen")["thumbnail"]
    assert finished["phase"] == "finished" and len(finished["labelled"]) == MESHES
    # Milliseconds on a machine of one's own; other programs share this one.
    assert finished["longest_tick"] < 0.5


def test_labels_wait_for_their_own_file(installed: Window, demo: Path, hero: Path) -> None:
    outcome = installed.run(
        "jobs.other_file", blend=demo, other=hero, writable=[demo.parent], readable=[hero.parent]
    )
    other = outcome.one("other")
    assert other["phase"] == "finished" and other["labelled"] == []
    assert "another file" in other["note"]
    assert len(outcome.one("back")["labelled"]) == MESHES


def test_a_killed_worker_is_explained_and_the_next_run_goes_on(
    installed: Window, demo: Path
) -> None:
    outcome = installed.run("jobs.worker_killed", blend=demo, writable=[demo.parent])
    killed = outcome.one("killed")
    assert killed["phase"] == "failed" and "memory ran out" in killed["error"]
    assert len(outcome.one("again")["labelled"]) == MESHES


def test_words_change_and_a_correction_stays(installed: Window, hero: Path) -> None:
    outcome = installed.run("jobs.words_and_corrections", blend=hero, writable=[hero.parent])
    selected = outcome.one("selected")
    assert selected["mode"] == "EDIT_MESH" and selected["faces"] > 0
    corrected, kept = outcome.one("corrected")["labels"], outcome.one("kept")["labels"]
    assert "0" not in corrected and corrected["2"] >= selected["faces"]
    assert kept["2"] == corrected["2"] and "0" not in kept
