# SPDX-License-Identifier: GPL-3.0-or-later
"""`parse` from a .blend to a labelled .blend, its report and its contact sheet."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.job.capture_files import CaptureFiles
from core.job.label_files import LabelFiles
from tests.blender import cli_character
from tests.blender.cli_character import PART_NAMES, PARTS
from tests.blender.command_line import (
    REPOSITORY,
    SMALL,
    STAGES,
    Finished,
    label_bytes,
    marks,
    parts4d,
)


@dataclass(frozen=True)
class Parsed:
    """One ordinary run, with the .blend and the job folder given relative to the folder."""

    folder: Path
    run: Finished
    input_hash: str

    @property
    def job(self) -> Path:
        return self.folder / "job"


@pytest.fixture(scope="module")
def parsed(hero: Path, tmp_path_factory: pytest.TempPathFactory) -> Parsed:
    folder = tmp_path_factory.mktemp("parsed")
    shutil.copyfile(hero, folder / "hero.blend")
    before = _hash(folder / "hero.blend")
    run = parts4d(*_arguments(), "--job", "job", "--output", "out/labelled.blend", cwd=folder)
    assert run.status == 0, run.stderr
    return Parsed(folder, run, before)


def _arguments() -> list[str]:
    return ["parse", "hero.blend", "--parts", PARTS, *SMALL]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_face_that_a_camera_sees_gets_its_part_in_every_frame(parsed):
    files, labels = CaptureFiles(parsed.job / "capture"), LabelFiles(parsed.job)
    truth = cli_character.truth()
    assert labels.read_result().objects[-1].name == "shoes"
    for frame in range(1, 5):
        images = [files.view(frame, view).element for view in range(4)]
        seen = np.unique(np.concatenate([image[image >= 0] for image in images]))
        seen = seen[truth[seen] >= 0]
        assert len(seen) > 200
        label, confidence = labels.read_frame(frame)
        # All but a few: sight has seen people, no blocks.
        assert (label[seen] == truth[seen]).mean() > 0.95
        assert (confidence[seen] > 0).mean() > 0.99  # a face of a pixel or two may lie in no mask


def test_the_saved_file_carries_attributes_groups_and_the_vocabulary(parsed):
    bpy.ops.wm.open_mainfile(filepath=str(parsed.folder / "out" / "labelled.blend"))
    truth, start = cli_character.truth(), 0
    for name in ("body", "shirt", "shoes"):
        ob = bpy.data.objects[name]
        label = ob.data.attributes["parts_label"]
        assert (label.domain, label.data_type) == ("FACE", "INT")
        values = np.empty(len(label.data), np.int32)
        label.data.foreach_get("value", values)
        own = truth[start : start + len(values)]
        start += len(values)
        assert (values[own >= 0] == own[own >= 0]).mean() > 0.9

        color = ob.data.color_attributes["parts"]
        assert (color.domain, color.data_type) == ("CORNER", "BYTE_COLOR")
        vocabulary = json.loads(ob["parts4d"])["vocabulary"]
        assert [part["name"] for part in vocabulary] == list(PART_NAMES)
        wanted = vocabulary[values[-1]]["color"]
        assert np.allclose(color.data[-1].color_srgb[:3], wanted, atol=1 / 255)

        groups = {g.name for g in ob.vertex_groups}
        assert {f"part:{PART_NAMES[i]}" for i in own if i >= 0} <= groups
    body = bpy.data.objects["body"]
    head = body.vertex_groups["part:head"].index
    assert any(g.group == head and g.weight == 1 for g in body.data.vertices[0].groups)
    assert body.modifiers["Armature"].object.name == "hero"


def test_the_input_is_not_touched(parsed):
    assert _hash(parsed.folder / "hero.blend") == parsed.input_hash
    assert sorted(p.name for p in parsed.folder.iterdir()) == ["hero.blend", "job", "out"]


def test_the_report_tells_what_was_done_with_what(parsed):
    text = (parsed.job / "report.txt").read_text("utf-8")
    # The terminal says where everything lies; the report may be given away with the job.
    for path in (parsed.job, parsed.job / "sheet.png", parsed.folder / "out" / "labelled.blend"):
        assert str(path) in parsed.run.stdout
    said = parsed.run.stdout.replace(f"{parsed.job}/", "").replace(str(parsed.job), "job")
    assert text == said.replace(f"{parsed.folder / 'out'}/", "")
    for word in ("hero", "4 frames", "486 faces", "structure", "correspondence", "names", *STAGES):
        assert word in text
    result = json.loads((parsed.job / "result.json").read_text("utf-8"))
    assert [part["name"] for part in result["vocabulary"]] == list(PART_NAMES)
    assert result["backends"]["encoder"] == "sight"
    assert set(result["seconds"]) == set(STAGES)
    assert result["counts"]["elements"] == 486


def test_the_contact_sheet_is_a_picture_in_the_colours_of_the_parts(parsed):
    image = bpy.data.images.load(str(parsed.job / "sheet.png"))
    width, height = image.size
    assert width > 500 and height > 500
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rgb = np.round(pixels.reshape(-1, 4)[:, :3] * 255).astype(np.int32)
    packed = np.unique(rgb @ np.array([1 << 16, 1 << 8, 1]))
    assert len(packed) > 50
    colors = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], 1)
    for part in LabelFiles(parsed.job).read_result().vocabulary:
        assert (np.abs(colors - np.array(part.color) * 255).max(1) <= 1).any(), part.name


def test_progress_goes_to_stderr(parsed):
    for stage in STAGES:
        assert stage in parsed.run.stderr
    assert "Error" not in parsed.run.stderr
    assert parsed.run.stdout.startswith("Character  hero")


def test_a_second_run_keeps_every_stage_and_every_byte(parsed):
    labels, before = label_bytes(parsed.job), marks(parsed.job)
    run = parts4d(*_arguments(), "--job", "job", "--output", "again.blend", cwd=parsed.folder)
    (parsed.folder / "again.blend").unlink()
    assert run.status == 0
    assert run.kept_stages() == list(STAGES)
    assert label_bytes(parsed.job) == labels
    assert marks(parsed.job) == before


def test_json_is_all_of_stdout_and_quiet_says_nothing_of_progress(parsed, tmp_path):
    quiet = ["--json", "--quiet", "--no-sheet", "--job", "job", "--output", tmp_path / "o.blend"]
    run = parts4d(*_arguments(), *quiet, cwd=parsed.folder)
    assert run.status == 0
    assert run.document["character"] == "hero"
    assert run.document["blend"] == str(tmp_path / "o.blend")
    assert run.document["job"] == str(parsed.job)
    shares = run.document["share_of_elements"]
    assert set(shares) == {*PART_NAMES, "unlabelled"} and sum(shares.values()) < 1.01
    assert "sheet" not in run.document
    assert run.kept_stages() == [] and "capture" not in run.stderr


def test_another_folder_gives_the_same_labels_also_with_one_capture_process(
    parsed, finished_hero, tmp_path
):
    assert label_bytes(finished_hero) == label_bytes(parsed.job)
    run = parts4d(
        *_arguments(), "--processes", 1, "--job", tmp_path / "job", "--no-apply", "--no-sheet",
        cwd=parsed.folder,
    )  # fmt: skip
    assert run.status == 0
    assert label_bytes(tmp_path / "job") == label_bytes(parsed.job)
    assert not list(tmp_path.glob("*.blend"))


def test_without_places_the_job_and_the_file_lie_beside_the_input(hero, tmp_path):
    shutil.copyfile(hero, tmp_path / "hero.blend")
    one_frame = ["--frames", "2", "--views", "2", "--resolution", "64", "--no-sheet"]
    run = parts4d("parse", "hero.blend", "--parts", "head", *one_frame, cwd=tmp_path)
    assert run.status == 0, run.stderr
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["hero.blend", "hero_hero.parts4d", "hero_parts.blend"]
    assert LabelFiles(tmp_path / "hero_hero.parts4d").read_result().frames == (2,)


@pytest.mark.slow
def test_the_demo_character_is_labelled(tmp_path):
    blend = tmp_path / "demo.blend"
    subprocess.run(
        [sys.executable, "-m", "demo", str(blend), "--frames", "2"],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    run = parts4d(
        "parse", blend, "--parts", "hair; jacket; trousers | jeans; shoes", "--frames", "1-2",
        "--views", 4, "--resolution", 128, "--job", tmp_path / "job", "--json", "--quiet",
    )  # fmt: skip
    assert run.status == 0, run.stderr
    shares = run.document["share_of_elements"]
    assert all(shares[part] > 0.01 for part in ("hair", "jacket", "trousers", "shoes"))
    assert Path(run.document["blend"]).is_file()
