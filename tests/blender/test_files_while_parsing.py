# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are saved and opened while a job runs: its labels come to their own scene or wait."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from tests.blender.cli_character import add_character
from tests.blender.side_bar import finish, labelled, set_up_small_run

pytest_plugins = ("tests.blender.side_bar_fixtures",)


def shown_runs(pump) -> list[tuple[str, bool]]:
    """Folder of each run in the list of results, and whether it is finished."""
    pump.interface().dirty = True
    pump.interface().refresh(bpy.context)
    return [(run.folder, run.finished) for run in pump.interface().runs]


def test_a_file_saved_under_another_name_gets_the_labels_and_later_words(pump, begin, tmp_path):
    job, interface = begin(), pump.interface()
    (tmp_path / "elsewhere").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "elsewhere" / "renamed.blend"))
    finish(pump)
    assert interface.state.jobs[-1].applied and not interface.notes and labelled()
    assert shown_runs(pump) == [(job.folder, True)]
    bpy.context.scene.parts4d.parts[0].name = "face"
    finish(pump)
    assert "face" in labelled()[0]["parts4d"]


def test_a_file_that_was_never_saved_gets_the_labels_when_it_is_saved_meanwhile(
    pump, begin, tmp_path
):
    bpy.ops.wm.read_homefile(use_empty=True)
    add_character()
    set_up_small_run("head, shirt")
    pump.interface().refresh(bpy.context)
    job = begin()
    assert Path(job.folder).parent == tmp_path / "data" / "jobs"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "first.blend"))
    finish(pump)
    assert pump.interface().state.jobs[-1].applied and labelled()
    assert shown_runs(pump) == [(job.folder, True)]


def test_labels_wait_for_their_own_file_when_another_is_opened(pump, begin, tmp_path):
    job, interface = begin(), pump.interface()
    bpy.ops.wm.read_homefile(use_empty=True)
    add_character()  # the same name and the same faces: still another file
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "other.blend"))
    finish(pump)
    assert interface.state.jobs[-1].phase == "finished"
    assert "another file" in interface.notes[job.number] and not labelled()
    assert shown_runs(pump) == []

    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    assert not labelled()
    assert shown_runs(pump) == [(job.folder, True)]
    bpy.ops.parts4d.apply_labels(directory=interface.runs[0].folder)
    assert labelled() and not interface.notes


def test_a_run_that_still_goes_on_is_offered_when_its_file_is_opened_again(pump, begin, tmp_path):
    job = begin()
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    assert [folder for folder, _ in shown_runs(pump)] == [job.folder]
    finish(pump)
    assert shown_runs(pump) == [(job.folder, True)]


def test_a_file_opened_again_is_not_called_another_one(pump, begin, tmp_path):
    job, interface = begin(), pump.interface()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    finish(pump)
    assert "opened again" in interface.notes[job.number] and not labelled()
    assert shown_runs(pump) == [(job.folder, True)]


def test_a_file_that_cannot_be_opened_leaves_the_job_its_own(pump, begin, tmp_path):
    begin()
    (tmp_path / "broken.blend").write_bytes(b"no scene")
    with pytest.raises(RuntimeError):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "broken.blend"))
    finish(pump)
    assert pump.interface().state.jobs[-1].applied and labelled()


@pytest.mark.parametrize("names", [("hero", "HERO"), ("he/ro", "he_ro")])
def test_characters_whose_names_make_one_file_name_have_folders_of_their_own(pump, begin, names):
    bpy.data.objects["hero"].name = names[0]
    add_character(names[1]).location.x = 3
    bpy.ops.wm.save_mainfile()
    interface = pump.interface()

    def choose(name: str) -> None:
        bpy.context.view_layer.objects.active = bpy.data.objects[name]
        interface.refresh(bpy.context)

    for name in names:
        choose(name)
        begin()  # the second while the first runs
    finish(pump)
    jobs = interface.state.jobs
    assert [(j.character, j.applied) for j in jobs] == [(name, True) for name in names]
    assert len({Path(job.folder).name.casefold() for job in jobs}) == 2
    for job in jobs:
        choose(job.character)
        assert shown_runs(pump) == [(job.folder, True)]
