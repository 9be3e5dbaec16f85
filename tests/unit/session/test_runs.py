# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os

from core.job.folder import JobFolder
from core.job.spec import JobSpec, ParsingSettings, Part
from core.session.found_runs import run_folder, runs_of
from tests.unit.cli.finished_doll import write_finished_doll


def make(path, character="Hero", preset="embedded", finished=False):
    JobFolder.create(
        path, JobSpec(character, "", (Part("hat"),), parsing=ParsingSettings(preset=preset))
    )
    if finished:
        write_finished_doll(path)


def test_runs_lie_beside_the_file_or_among_our_data(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    saved = run_folder("/films/hero.blend", "The Hero", "draft", "x")
    assert saved.as_posix() == "/films/hero_The_Hero_draft.parts4d"
    assert run_folder("", "Hero", "draft", "untitled-7").parent == tmp_path / "data" / "jobs"


def test_the_latest_run_comes_first_and_what_is_not_finished_says_so(tmp_path):
    blend = str(tmp_path / "hero.blend")
    for preset, finished, when in (("embedded", True, 100), ("draft", False, 200)):
        path = run_folder(blend, "Hero", preset, "")
        make(path, preset=preset, finished=finished)
        os.utime(path / ("result.json" if finished else "job.json"), (when, when))
    make(run_folder(blend, "Hero_2", "draft", ""), character="Hero_2")
    (tmp_path / "hero_Hero_odd.parts4d").mkdir()
    runs = runs_of(blend, "Hero", "")
    assert [(r.preset, r.finished) for r in runs] == [("draft", False), ("embedded", True)]
    assert [p.name for p in runs[1].parts] == ["head", "shirt", "trousers"]
    assert runs_of(str(tmp_path / "nowhere" / "x.blend"), "Hero", "") == ()


def test_a_run_begun_under_another_name_of_the_file_is_listed_once(tmp_path):
    before, after = str(tmp_path / "before.blend"), str(tmp_path / "after.blend")
    path = run_folder(before, "Hero", "embedded", "")
    make(path, finished=True)
    assert runs_of(after, "Hero", "") == ()
    assert [r.folder for r in runs_of(after, "Hero", "", [str(path)])] == [str(path)]
    assert [r.folder for r in runs_of(before, "Hero", "", [str(path)])] == [str(path)]
    assert runs_of(after, "Villain", "", [str(path)]) == (), "another character's"
