# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import build_zip

from core.errors import InputError
from core.installing.environments import PINS
from tests.unit.installing.tiny_packages import make_wheel


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    tool = build_zip.blender_ext(Path(sys.prefix))
    build_zip.validate(Path(sys.executable), tool, build_zip.REPOSITORY)
    return build_zip.build(Path(sys.executable), tool, tmp_path_factory.mktemp("dist"))


def test_blender_accepts_the_zip(archive):
    build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), archive)


def test_the_zip_holds_the_extension_and_nothing_else(archive):
    names = zipfile.ZipFile(archive).namelist()
    assert {"blender_manifest.toml", "__init__.py", "LICENSE", "vendor_setup.py"} <= {*names}
    sources = [*PINS.glob("*.txt"), *PINS.parent.glob("*.py")]
    assert {p.relative_to(build_zip.REPOSITORY).as_posix() for p in sources} <= {*names}
    tops = {name.split("/")[0] for name in names if "/" in name}
    assert tops <= {"core", "operators", "panels"}
    bad = (".pyc", ".blend", ".zip", ".whl", ".in")
    assert not [n for n in names if n.endswith(bad) or "/." in n]
    assert not {"Makefile", "pyproject.toml"} & {*names}
    assert archive.stat().st_size < 20 * 2**20


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> list[Path]:
    return [made_wheel(tmp_path_factory.mktemp("wheels"))]


def made_wheel(folder: Path) -> Path:
    make_wheel(folder, "1.0")
    return next(folder.iterdir())


@pytest.mark.parametrize("blender", build_zip.RANGES, ids=lambda found: found.name)
@pytest.mark.parametrize("platform", build_zip.PLATFORMS)
def test_a_platforms_zip_holds_wheels_that_blender_does_not_install(
    archive, wheels, platform, blender
):
    made = build_zip.add_wheels(archive, wheels, platform, blender)
    build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), made)
    assert platform in made.name and blender.name in made.name
    with zipfile.ZipFile(made) as found:
        manifest = tomllib.loads(found.read("blender_manifest.toml").decode())
        assert set(found.namelist()) == {
            *zipfile.ZipFile(archive).namelist(), "wheels/tiny-1.0-py3-none-any.whl"
        }  # fmt: skip
    assert manifest["platforms"] == [platform] and "wheels" not in manifest
    assert manifest["blender_version_min"] == blender.first
    assert manifest.get("blender_version_max", "") == blender.below


def test_a_zip_that_becomes_too_large_is_an_error(archive, wheels, monkeypatch):
    monkeypatch.setattr(build_zip, "LIMIT", 1000)
    with pytest.raises(InputError, match="more than 0"):
        build_zip.add_wheels(archive, wheels, "linux-x64", build_zip.RANGES[0])


def test_every_range_of_blender_versions_continues_the_one_before():
    first, second = build_zip.RANGES
    assert first.below == second.first and first.python < second.python


def test_what_blender_refuses_is_a_sentence(tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('schema_version = "1.0.0"\nid = "x y"\n')
    with pytest.raises(InputError, match="Blender refuses the extension"):
        build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), tmp_path)


def test_a_folder_without_blender_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no Blender"):
        build_zip.blender_ext(tmp_path)
