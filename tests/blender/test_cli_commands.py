# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes after `parse`: other words, applying, clearing, reporting; and `capture` before it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.job.label_files import LabelFiles
from tests.blender.cli_character import PART_NAMES, PARTS, truth
from tests.blender.command_line import SMALL, STAGES, label_bytes, marks, parts4d
from tests.blender.writeback_scene import differences, file_state, mesh_state

pytestmark = pytest.mark.programs

COMMANDS = ("parse", "capture", "label", "apply", "clear", "report")


@pytest.fixture
def job(finished_hero: Path, tmp_path: Path) -> Path:
    """A copy of the finished job, to be changed."""
    return Path(shutil.copytree(finished_hero, tmp_path / "job"))


def states(blend: Path) -> tuple[dict, dict]:
    """All there is to know of the meshes of a file, and the names of its datablocks."""
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    return {o.name: mesh_state(o) for o in bpy.data.objects if o.type == "MESH"}, file_state()


def test_other_words_on_a_finished_job_recompute_only_the_labels(job):
    before, labels = marks(job), label_bytes(job)
    run = parts4d("label", job, "--parts", "footwear | shoes; limbs | arms | legs", "--json")
    assert run.status == 0, run.stderr
    after = marks(job)
    assert [stage for stage in STAGES if after[stage] != before[stage]] == ["labels"]
    assert run.kept_stages() == list(STAGES[:-1])
    assert [p["name"] for p in run.document["vocabulary"]] == ["footwear", "limbs"]
    label = LabelFiles(job).read_frame(1)[0]
    assert set(label[truth() == PART_NAMES.index("shoes")]) == {0}, "they are named"
    others = label[np.isin(truth(), [PART_NAMES.index(n) for n in ("head", "shirt", "legs")])]
    assert (others == 0).sum() <= 6, "sight, which knows no such blocks, may add a few"
    shares = {name: (label == i).mean() for i, name in enumerate(("footwear", "limbs"))}
    shares["unlabelled"] = (label == -1).mean()
    assert run.document["share_of_elements"] == pytest.approx(shares, abs=1e-4)

    run = parts4d("label", job, "--parts", PARTS)
    assert run.status == 0, run.stderr
    said = run.stdout.replace(f"{job}/", "").replace(str(job), job.name)
    assert (job / "report.txt").read_text() == said
    assert run.stdout.startswith("Character  hero")
    assert label_bytes(job) == labels


def test_a_setting_of_the_labels_can_be_changed_with_the_words(job):
    run = parts4d("label", job, "--parts", "shoes", "--no-distractors", "--json", "--quiet")
    assert run.status == 0, run.stderr
    assert run.document["share_of_elements"] == {"shoes": 1.0, "unlabelled": 0.0}


def test_a_finished_job_is_applied_to_another_copy_of_the_file(hero, finished_hero, tmp_path):
    shutil.copyfile(hero, tmp_path / "copy.blend")
    run = parts4d(
        "apply", finished_hero, "copy.blend", "--in-place", "--colors-on", "vertices",
        "--no-groups", "--overlay", "--json", cwd=tmp_path,
    )  # fmt: skip
    assert run.status == 0, run.stderr
    assert run.document == {"job": str(finished_hero), "blend": str(tmp_path / "copy.blend")}
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "copy.blend"))
    shoes = bpy.data.objects["shoes"]
    label = shoes.data.attributes["parts_label"].data
    assert [value.value for value in label] == truth()[-108:].tolist()
    assert shoes.data.color_attributes["parts"].domain == "POINT"
    assert not [g for g in shoes.vertex_groups if g.name.startswith("part:")]
    assert len(shoes.modifiers) > 1


def test_clearing_leaves_the_file_as_it_was(hero, finished_hero, tmp_path):
    labelled, cleared = tmp_path / "hero_parts.blend", tmp_path / "cleared.blend"
    before = states(hero)
    assert parts4d("apply", finished_hero, hero, "--output", labelled).status == 0
    during = states(labelled)
    assert differences(before[0]["body"], during[0]["body"])
    run = parts4d("clear", labelled, "--output", cleared, "--json")
    assert run.status == 0, run.stderr
    assert set(run.document["objects"]) == {"body", "shirt", "shoes"}
    after = states(cleared)
    for name in before[0]:
        assert not differences(before[0][name], after[0][name])
    assert not differences(before[1], after[1])

    parts4d("clear", cleared).failed(3, "No object here has Parts4D labels")
    parts4d("clear", labelled, "--character", "nobody").failed(3, "nobody", "hero")


def test_a_character_can_be_cleared_while_another_keeps_its_labels(hero, finished_hero, tmp_path):
    labelled, cleared = tmp_path / "labelled.blend", tmp_path / "cleared.blend"
    assert parts4d("apply", finished_hero, hero, "--output", labelled).status == 0
    run = parts4d("clear", labelled, "--character", "shoes", "--output", cleared)
    assert run.status == 0, run.stderr
    assert run.stdout == f"Cleared shoes; saved {cleared}\n"
    bpy.ops.wm.open_mainfile(filepath=str(cleared))
    assert [o.name for o in bpy.data.objects if "parts4d" in o] == ["body", "shirt"]


def test_a_report_is_read_from_the_job_and_the_sheet_drawn_where_asked(job, tmp_path):
    run = parts4d("report", "job", "--sheet", "pictures/sheet.png", cwd=tmp_path)
    assert run.status == 0, run.stderr
    assert f"Sheet      {tmp_path / 'pictures' / 'sheet.png'}" in run.stdout
    drawn = (tmp_path / "pictures" / "sheet.png").read_bytes()
    assert drawn == (job / "sheet.png").read_bytes()
    assert run.stdout.startswith((job / "report.txt").read_text()[:200])

    document = parts4d("report", job, "--json").document
    assert document["job"] == str(job)
    assert document["counts"]["elements"] == 486


def test_a_capture_is_reused_by_the_parse_that_follows(hero, job, tmp_path):
    place = ("--job", tmp_path / "job2")
    run = parts4d("capture", hero, *place, *SMALL, "--processes", 1, "--json")
    assert run.status == 0, run.stderr
    assert run.document == {"job": str(tmp_path / "job2")}
    before = marks(tmp_path / "job2")
    assert set(before) == {"capture"}
    parts4d("report", tmp_path / "job2").failed(5, "has no result yet", "Run parse first")
    parts4d("apply", tmp_path / "job2", hero).failed(5, "has no result yet")

    run = parts4d(
        "parse",
        hero,
        "--parts",
        PARTS,
        *place,
        *SMALL,
        "--processes",
        1,
        "--no-apply",
        "--no-sheet",
    )
    assert run.status == 0, run.stderr
    assert run.kept_stages() == ["capture"]
    assert marks(tmp_path / "job2")["capture"] == before["capture"]
    assert label_bytes(tmp_path / "job2") == label_bytes(job)


def test_other_cameras_or_frames_in_the_same_folder_are_captured_anew(hero, job):
    few = ("--views", 2, "--resolution", 64, "--frames", "1-4/2")
    run = parts4d("parse", hero, "--parts", PARTS, "--job", job, *few, "--no-apply", "--no-sheet")
    assert run.status == 0, run.stderr
    assert run.kept_stages() == []
    assert LabelFiles(job).read_result().frames == (1, 3)
    assert sorted(p.name for p in (job / "labels").glob("*.npz")) == [
        "frame_0001.npz",
        "frame_0003.npz",
    ]


def test_a_changed_scene_in_the_same_folder_is_captured_anew(hero, job, tmp_path):
    bpy.ops.wm.open_mainfile(filepath=str(hero))
    bpy.data.objects["shoes"].data.materials[0].name = "rubber"
    changed = tmp_path / "changed.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(changed))
    run = parts4d(
        "parse",
        changed,
        "--parts",
        PARTS,
        "--job",
        job,
        *SMALL,
        "--processes",
        1,
        "--no-apply",
        "--no-sheet",
    )
    assert run.status == 0, run.stderr
    assert run.kept_stages() == []
    assert (
        "rubber" in json.loads((job / "capture" / "capture.json").read_text())["names"]["materials"]
    )


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_given(name):
    run = parts4d(*filter(None, [name]), "--help")
    assert run.status == 0
    assert run.stdout.startswith(f"usage: parts4d {name}".rstrip())
    assert not run.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["parse", "x.blend"], "required: --parts"),
        (["parse", "x.blend", "--parts", "head", "--frames", "now"], "'now' is no frame range"),
        (["parse", "x.blend", "--parts", "head", "--views", "many"], "invalid int value: 'many'"),
        (["label", "job"], "required: --parts"),
        (["report", "job", "--colour"], "unrecognized arguments: --colour"),
    ],
)
def test_wrong_usage_is_explained_with_status_2(arguments, words):
    run = parts4d(*arguments)
    assert run.status == 2
    assert not run.stdout
    assert run.stderr.startswith("usage: parts4d")
    assert "Traceback" not in run.stderr
    assert words in run.stderr.splitlines()[-1]
