# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of job folders: one for each character, whatever is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.job.folder import JobFolder
from core.job.run_folders import run_folder
from core.job.spec import JobSpec, Part


def make(path: Path, character: str) -> Path:
    JobFolder.create(path, JobSpec(character, "", (Part("hat"),)))
    return path


def test_a_folder_is_called_after_scene_character_and_preset(tmp_path):
    assert run_folder(tmp_path, "my film", "The Hero/1", "draft").name == (
        "my film_The_Hero_1_draft.parts4d"
    )
    assert run_folder(tmp_path, "film", "Hero").name == "film_Hero.parts4d"


@pytest.mark.parametrize(("first", "second"), [("A/B", "A_B"), ("Hero", "hero"), ("é", "É")])
def test_the_folder_of_another_character_is_left_to_it(tmp_path, first, second):
    ours = make(run_folder(tmp_path, "film", first), first)
    theirs = run_folder(tmp_path, "film", second)
    assert theirs.stem.endswith("_2"), "also where the system would tell the names apart"
    make(theirs, second)
    assert run_folder(tmp_path, "film", first) == ours
    assert run_folder(tmp_path, "film", second) == theirs
    assert run_folder(tmp_path, "film", second.swapcase() + "?").name not in (
        ours.name,
        theirs.name,
    )


def test_a_number_follows_the_last_that_is_taken(tmp_path):
    for character in ("a/", "a?", "a!"):
        make(run_folder(tmp_path, "film", character), character)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["film_a_.parts4d", "film_a__2.parts4d", "film_a__3.parts4d"]


def test_a_scene_and_a_character_that_read_like_others_together_do_not_share_a_folder(tmp_path):
    make(run_folder(tmp_path, "film", "a_b"), "a_b")
    assert run_folder(tmp_path, "film_a", "b").name == "film_a_b_2.parts4d"


def test_a_folder_that_is_no_job_or_damaged_is_not_gone_around(tmp_path):
    """Whoever uses it mends it or says what is wrong with it."""
    path = run_folder(tmp_path, "film", "Hero")
    path.mkdir()
    assert run_folder(tmp_path, "film", "Hero") == path
    (path / "job.json").write_text("{")
    assert run_folder(tmp_path, "film", "Hero") == path
