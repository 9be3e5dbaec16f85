# SPDX-License-Identifier: GPL-3.0-or-later
"""Characters in files of other programs, as Blender's own exporters write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.job.capture_files import CaptureFiles
from core.job.label_files import LabelFiles
from core.scene.character import find_character
from core.scene.files.opening import open_sources
from core.scene.motion import describe, frame_range
from tests.blender.capture_scenes import captured
from tests.blender.cli_character import CUTS, FRAMES, OBJECTS, PART_NAMES, PARTS, truth
from tests.blender.command_line import SMALL, parts4d

EXPORTERS: dict[str, Callable[[str], object]] = {
    ".glb": lambda path: bpy.ops.export_scene.gltf(filepath=path, export_format="GLB"),
    ".gltf": lambda path: bpy.ops.export_scene.gltf(filepath=path, export_format="GLTF_SEPARATE"),
    ".fbx": lambda path: bpy.ops.export_scene.fbx(filepath=path, add_leaf_bones=False),
    ".obj": lambda path: bpy.ops.wm.obj_export(filepath=path),
    ".ply": lambda path: bpy.ops.wm.ply_export(filepath=path),
    ".stl": lambda path: bpy.ops.wm.stl_export(filepath=path),
}
RIGGED = (".glb", ".gltf", ".fbx")
QUADS = len(truth())


@pytest.fixture
def exported(hero: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The figure of boxes as a file of some kind; what is open afterwards is empty."""

    def write(suffix: str) -> Path:
        bpy.ops.wm.open_mainfile(filepath=str(hero))
        path = tmp_path / f"figure{suffix}"
        EXPORTERS[suffix](str(path))
        bpy.ops.wm.read_factory_settings(use_empty=True)
        return path

    return write


@pytest.mark.parametrize("suffix", EXPORTERS)
def test_a_figure_stands_upright_with_all_its_faces(exported, suffix, tmp_path):
    character = find_character(open_sources([exported(suffix)]))
    files = captured(tmp_path / "job", name=character.name, azimuths=2)
    facts = files.facts(1)
    triangles = suffix in (".glb", ".gltf", ".stl")
    assert facts.count == QUADS * (2 if triangles else 1)
    low, high = facts.centroid.min(axis=0), facts.centroid.max(axis=0)
    # Middles of the outermost squares: soles and crown, finger tips, toes and the back of the head.
    assert low[2] == pytest.approx(0, abs=1e-3) and high[2] == pytest.approx(1.8, abs=1e-3)
    assert (low[0], high[0]) == pytest.approx((-0.8, 0.8), abs=1e-3)
    assert low[1] == pytest.approx(-0.22, abs=1e-3) and high[1] < 0.13
    assert all(files.view(1, view).silhouette.mean() > 0.05 for view in (0, 1))


@pytest.mark.parametrize("suffix", RIGGED)
def test_bones_materials_and_animation_come_along(exported, suffix, tmp_path):
    open_sources([exported(suffix)])
    character = find_character(None)
    assert character.kind == "rigged"
    assert sorted(o.name for o in character.sources) == sorted(OBJECTS), "and no bones' shapes"
    assert frame_range(character)[1] - frame_range(character)[0] == FRAMES[1] - FRAMES[0]
    files = captured(tmp_path / "job", frame_range(character), name=character.name, azimuths=1)
    names, facts = files.manifest.names, files.facts(files.manifest.frames[0])
    assert {"head", "spine", "upper_arm.L", "thigh.R"} <= set(names.bones)
    assert set(names.materials) == {"skin", "cotton", "leather"}
    moved = {names.bones[b] for b in np.unique(facts.bone[facts.bone >= 0])}
    assert moved == {box.bone for boxes in OBJECTS.values() for box in boxes}
    assert _silhouettes_differ(files)


@pytest.mark.parametrize("name", ["figure", "shirt"])
def test_several_meshes_without_a_rig_are_one_character_named_after_the_file(exported, name):
    path = exported(".obj")
    character = find_character(open_sources([path.rename(path.with_stem(name))]))
    assert sorted(o.name for o in character.sources) == sorted(OBJECTS)
    assert character.name == ("figure" if name == "figure" else "shirt objects")
    assert [o.name for o in find_character("shirt").sources] == ["shirt"], "also one by one"


@pytest.mark.parametrize("suffix", [".ply", ".stl"])
def test_a_file_without_objects_is_one_mesh_named_after_it(exported, suffix):
    open_sources([exported(suffix)])
    character = find_character(None)
    assert character.name == "figure" and character.kind == "mesh"
    assert describe(character).endswith(f"{character.faces} faces, frame 1")


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".obj"])
def test_an_imported_character_is_parsed_as_the_blend_is(exported, suffix, tmp_path):
    path = exported(suffix)
    job = tmp_path / "job"
    run = parts4d("parse", path, "--parts", PARTS, "--job", job, *SMALL, "--no-sheet")
    assert run.status == 0, run.stderr
    files = CaptureFiles(job / "capture")
    label = LabelFiles(job).read_frame(files.manifest.frames[0])[0]
    start = dict(zip(sorted(OBJECTS), np.cumsum([0, *_squares()])[:-1], strict=True))
    squares = dict(zip(sorted(OBJECTS), _squares(), strict=True))
    wanted = np.concatenate([
        np.repeat(truth()[start[o.name] :][: squares[o.name]], o.element_count // squares[o.name])
        for o in files.manifest.objects
    ])  # fmt: skip
    shown = wanted >= 0
    right = label[shown] == wanted[shown]
    shares = {n: right[wanted[shown] == i].mean() for i, n in enumerate(PART_NAMES)}
    if suffix in RIGGED:
        assert right.mean() > 0.97, shares
    else:  # nothing tells the limbs of these boxes but bones
        assert shares["shirt"] == shares["shoes"] == 1
    assert (tmp_path / "figure_parts.blend").exists()


def _squares() -> list[int]:
    """How many each object has, by name."""
    return [len(OBJECTS[name]) * 6 * CUTS * CUTS for name in sorted(OBJECTS)]


def _silhouettes_differ(files: CaptureFiles) -> bool:
    first, last = (files.view(t, 0) for t in (files.manifest.frames[0], files.manifest.frames[-1]))
    return not np.array_equal(first.uncrop(first.element, -1), last.uncrop(last.element, -1))


@pytest.mark.parametrize("suffix", [".blend", ".glb"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("x" * 1000, "cannot be read"), ("caf\udce9", "is not UTF-8"), ("gone", "does not exist")],
)
def test_a_path_that_cannot_be_opened_is_a_sentence(tmp_path, suffix, name, said):
    with pytest.raises(InputError, match=said):
        open_sources([tmp_path / f"{name}{suffix}"])
