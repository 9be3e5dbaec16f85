# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input gets one sentence that names what is wrong and what to do, and its own exit status."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from tests.blender import cli_character
from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, label_bytes, parts4d

pytestmark = pytest.mark.programs

INPUT, JOB = 3, 5
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def job(finished_hero: Path, tmp_path: Path) -> Path:
    """A copy of the finished job, to be damaged."""
    return Path(shutil.copytree(finished_hero, tmp_path / "job"))


@pytest.fixture
def parse(hero: Path, tmp_path: Path) -> Callable:
    """`parse(...)` of the figure into a new job folder; keyword arguments change the command."""

    def run(*more: object, scene: Path | None = None, parts: str = PARTS, job: Path | None = None):
        place = (
            "--job",
            job or tmp_path / "job",
            *SMALL,
            "--processes",
            1,
            "--no-apply",
            "--no-sheet",
        )
        return parts4d("parse", scene or hero, "--parts", parts, *place, *more)

    return run


def scene_file(path: Path, change: Callable[[], None]) -> Path:
    """A .blend that begins empty and is then changed."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    change()
    return cli_character.save(path)


def mesh_object(name: str, vertices: list, faces: list) -> Any:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices, [], faces)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


SQUARE = ([(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)], [(0, 1, 2, 3)])


class TestTheScene:
    def test_an_unknown_character(self, parse):
        parse("--character", "villain").failed(INPUT, "'villain'", "Name one of: hero")

    def test_a_missing_file(self, parse, tmp_path):
        parse(scene=tmp_path / "no.blend").failed(INPUT, "no.blend does not exist")

    def test_a_folder_in_place_of_a_file(self, parse, tmp_path):
        parse(scene=tmp_path).failed(INPUT, tmp_path.name)

    def test_a_file_that_is_no_blend(self, parse, tmp_path):
        path = tmp_path / "noise.blend"
        path.write_bytes(np.random.default_rng(0).bytes(5000))
        parse(scene=path).failed(INPUT, "noise.blend cannot be read")

    def test_an_empty_file(self, parse, tmp_path):
        (tmp_path / "empty.blend").touch()
        parse(scene=tmp_path / "empty.blend").failed(INPUT, "empty.blend cannot be read")

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_a_truncated_blend(self, parse, hero, tmp_path, share):
        content = hero.read_bytes()
        path = tmp_path / "half.blend"
        path.write_bytes(content[: int(len(content) * share)])
        parse(scene=path).failed(INPUT, "half.blend")

    def test_a_file_of_an_unknown_kind(self, parse, tmp_path):
        (tmp_path / "notes.txt").write_text("head")
        parse(scene=tmp_path / "notes.txt").failed(INPUT, "notes.txt", ".blend", ".glb")

    @pytest.mark.parametrize("kind", ["glb", "fbx", "obj", "ply", "stl"])
    def test_a_damaged_file_of_a_known_kind(self, parse, tmp_path, kind):
        path = tmp_path / f"broken.{kind}"
        path.write_bytes(b"\x93broken")
        words = "no mesh" if kind == "obj" else path.name  # of .obj unknown lines are left out
        parse(scene=path).failed(INPUT, words)

    def test_a_scene_without_a_mesh(self, parse, tmp_path):
        path = scene_file(
            tmp_path / "bare.blend",
            lambda: bpy.context.scene.collection.objects.link(bpy.data.objects.new("e", None)),
        )
        parse(scene=path).failed(INPUT, "no mesh")
        parse("--character", "e", scene=path).failed(INPUT, "'e' has no mesh")

    def test_a_mesh_without_faces(self, parse, tmp_path):
        path = scene_file(tmp_path / "dots.blend", lambda: mesh_object("dots", SQUARE[0], []))
        parse("--character", "dots", scene=path).failed(INPUT, "'dots' has no faces")

    def test_a_character_that_is_hidden(self, parse, tmp_path):
        def change() -> None:
            for obj in [cli_character.add_character(), *bpy.data.objects]:
                obj.hide_render = True

        path = scene_file(tmp_path / "hidden.blend", change)
        parse("--character", "hero", scene=path).failed(INPUT, "hidden from render", "camera icon")
        parse(scene=path).failed(INPUT, "no mesh that renders", "camera icon")

    def test_several_characters_are_listed(self, parse, tmp_path):
        def change() -> None:
            mesh_object("left", *SQUARE)
            mesh_object("right", *SQUARE)

        path = scene_file(tmp_path / "two.blend", change)
        parse(scene=path).failed(INPUT, "2 possible characters", "left, right")

    def test_a_vertex_that_is_nowhere(self, parse, tmp_path):
        def change() -> None:
            cli_character.add_character()
            bpy.data.objects["shirt"].data.vertices[3].co.x = float("nan")

        path = scene_file(tmp_path / "nan.blend", change)
        parse(scene=path).failed(INPUT, "Vertex 3 of 'shirt'", "Delete or move")

    def test_a_mesh_of_a_library(self, parse, hero, tmp_path):
        def change() -> None:
            with bpy.data.libraries.load(str(hero), link=True) as (_, wanted):
                wanted.objects = ["shirt"]
            bpy.context.scene.collection.objects.link(wanted.objects[0])

        path = scene_file(tmp_path / "linked.blend", change)
        parse("--character", "shirt", scene=path).failed(INPUT, "'shirt'", "hero.blend", "Local")


class TestTheWords:
    @pytest.mark.parametrize("parts", ["", " ; ,"])
    def test_no_part(self, parse, parts, tmp_path):
        parse(parts=parts).failed(INPUT, "No part names", 'for example "jacket; hair"')
        assert not (tmp_path / "job").exists()

    def test_a_part_twice(self, parse, tmp_path):
        parse(parts="shirt; Shirt").failed(INPUT, "'Shirt' stands for two parts")
        parse(parts="shirt; top | shirt").failed(INPUT, "'shirt' stands for two parts")
        assert not (tmp_path / "job").exists()

    def test_an_unknown_word_is_warned_of_and_labels_nothing(self, job):
        run = parts4d("label", job, "--parts", "shoes; flurbish", "--json")
        assert run.status == 0
        assert [w for w in run.document["warnings"] if "'flurbish' is not known" in w]
        assert run.document["share_of_elements"]["flurbish"] == 0
        assert run.document["share_of_elements"]["shoes"] > 0.2
        run = parts4d("label", job, "--parts", "shoes; flurbishes")
        assert "Warning: 'flurbishes' is not known" in run.stderr

    def test_only_unknown_words(self, job):
        labels = label_bytes(job)
        run = parts4d("label", job, "--parts", "flurbish; zwirb")
        run.failed(INPUT, "None of the part names is known", "synonyms")
        assert parts4d("label", job, "--parts", PARTS).status == 0
        assert label_bytes(job) == labels

    def test_an_error_is_json_where_json_was_asked_for(self, parse):
        run = parse("--json", parts="shirt; shirt")
        assert run.status == INPUT
        error = run.document["error"]
        assert error["code"] == "input" and error["remedy"]
        assert "two parts" in error["message"]


class TestTheSettings:
    @pytest.mark.parametrize(
        ("option", "words"),
        [
            (("--frames", "5-2"), "5 to 2 holds no frame"),
            (("--frames", "1-4/0"), "frames.step"),
            (("--frames", "1-4/-1"), "frames.step"),
            (("--keyframes", "-1"), "frames.keyframes"),
            (("--views", "0"), "capture.azimuths"),
            (("--resolution", "4"), "capture.resolution"),
            (("--elevation", "nan"), "capture.elevation"),
            (("--raised", "95"), "capture.raised[0]"),
            (("--threshold", "2"), "parsing.threshold"),
        ],
    )
    def test_a_value_out_of_range_is_named(self, parse, option, words, tmp_path):
        parse(*option).failed(INPUT, words)
        assert not (tmp_path / "job").exists()

    @pytest.mark.parametrize("seam", ["proposer", "tracker", "encoder"])
    def test_an_unknown_seam_is_named_with_the_known_ones(self, parse, seam, job):
        known = {"proposer": "structure", "tracker": "correspondence", "encoder": "names"}[seam]
        run = parse(f"--{seam}", "oracle", job=job)
        run.failed(INPUT, f"There is no {seam} called 'oracle'", known)


class TestTheJobFolder:
    def test_a_job_of_a_newer_version(self, parse, job):
        document = json.loads((job / "job.json").read_text())
        (job / "job.json").write_text(json.dumps({**document, "schema_version": 99}))
        for run in (parse(job=job), parts4d("label", job, "--parts", "head")):
            run.failed(JOB, "newer version", "schema 99", "Update Parts4D")
        assert json.loads((job / "job.json").read_text())["schema_version"] == 99

    def test_a_folder_with_other_things_in_it(self, parse, tmp_path):
        (tmp_path / "thesis.doc").write_text("years of work")
        parse(job=tmp_path).failed(JOB, "thesis.doc", "Choose an empty or a new folder")
        assert [p.name for p in tmp_path.iterdir()] == ["thesis.doc"]

    def test_a_job_json_of_another_program(self, parse, tmp_path):
        (tmp_path / "job.json").write_text('{"name": "nightly build"}')
        parse(job=tmp_path).failed(JOB, "job.json of another program")
        assert (tmp_path / "job.json").read_text() == '{"name": "nightly build"}'

    def test_a_file_in_place_of_a_folder(self, parse, tmp_path):
        (tmp_path / "file").touch()
        parse(job=tmp_path / "file").failed(JOB, "is a file")
        parse(job=tmp_path / "file" / "job").failed(JOB, "file")

    @pytest.mark.parametrize("command", [("label", "--parts", "head"), ("apply",), ("report",)])
    def test_no_job_at_all(self, command, tmp_path):
        name, *more = command
        parts4d(name, tmp_path / "none", *more).failed(JOB, "is not a job folder")
        assert not (tmp_path / "none").exists()

    @pytest.mark.skipif(IS_ROOT, reason="the administrator may write anywhere")
    def test_a_folder_that_cannot_be_written_to(self, parse, tmp_path):
        (tmp_path / "locked").mkdir(mode=0o555)
        parse(job=tmp_path / "locked" / "job").failed(JOB, "not writable", "another job folder")
        parse(job=tmp_path / "locked").failed(JOB, "not writable", "another job folder")

    def test_a_folder_on_a_read_only_disk(self, parse):
        parse(job=Path("/proc/parts4d/job")).failed(JOB, "/proc/parts4d")

    def test_labels_of_other_meshes_are_not_written(self, job, tmp_path):
        path = scene_file(tmp_path / "other.blend", lambda: mesh_object("shirt", *SQUARE))
        output = tmp_path / "out.blend"
        run = parts4d("apply", job, path, "--output", output)
        run.failed(INPUT)
        assert not output.exists()

    def test_an_output_that_cannot_be_saved(self, job, hero):
        parts4d("apply", job, hero, "--output", "/proc/parts4d.blend").failed(
            INPUT, "/proc/parts4d.blend"
        )
        parts4d("apply", job, hero, "--output", "/proc/none/parts4d.blend").failed(INPUT, "/proc")
