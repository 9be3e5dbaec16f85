# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import argparse
import json
import shutil
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import build_zip
import pack_wheels

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
    assert not {"CONTRIBUTING.md", "Makefile", "SECURITY.md", "pyproject.toml"} & {*names}
    assert archive.stat().st_size < 35 * 2**20  # the vision model is up to 25


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


def test_wheels_are_packed_once_and_hold_what_they_held(wheels, tmp_path, monkeypatch):
    monkeypatch.setattr(pack_wheels, "_WORTH_IT", 0)
    packed, listed = pack_wheels.pack_all(wheels, tmp_path)
    with zipfile.ZipFile(wheels[0]) as before, zipfile.ZipFile(packed) as after:
        assert before.namelist() == after.namelist()
        assert all(before.read(name) == after.read(name) for name in before.namelist())
        assert {info.compress_type for info in after.infolist()} == {zipfile.ZIP_LZMA}
    assert json.loads(listed.read_text()) == {packed.name: build_zip.hash_file(packed)}
    made = packed.stat().st_mtime_ns
    assert pack_wheels.pack_all(wheels, tmp_path)[0].stat().st_mtime_ns == made


def listed(index: Path) -> dict[str, dict[str, Any]]:
    """URL of an archive -> what the index says of it."""
    return {entry["archive_url"]: entry for entry in json.loads(index.read_text())["data"]}


def test_the_index_lists_the_zips_of_a_build_with_size_hash_and_for_whom_they_are(
    wheels, tmp_path, monkeypatch
):
    monkeypatch.setattr(build_zip, "collect_wheels", lambda platform, python: wheels)
    monkeypatch.setattr(build_zip, "CACHE", tmp_path / "cache")
    out = tmp_path / "dist"
    out.mkdir()
    (out / "parts4d-0.0.1-blender4.2-5.0-linux-x64.zip").write_bytes(b"of an earlier release")
    tool = build_zip.blender_ext(Path(sys.prefix))
    chosen = argparse.Namespace(out=out, without_wheels=False, python=None, platform=None)
    made = build_zip._build_all(Path(sys.executable), tool, chosen)
    entries = listed(out / build_zip.INDEX)
    assert set(entries) == {f"./{path.name}" for path in made}
    assert len(made) == len(build_zip.PLATFORMS) * len(build_zip.RANGES)
    for path in made:
        entry = entries[f"./{path.name}"]
        assert entry["archive_size"] == path.stat().st_size
        assert entry["archive_hash"] == f"sha256:{build_zip.hash_file(path)}"
        assert entry["id"] == "parts4d" and entry["platforms"][0] in path.name
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_blender_reads_the_index_as_a_repository(archive, wheels, tmp_path):
    made = build_zip.add_wheels(archive, wheels, "linux-x64", build_zip.RANGES[0])
    shutil.move(made, tmp_path / made.name)
    tool = build_zip.blender_ext(Path(sys.prefix))
    index = build_zip.write_index(Path(sys.executable), tool, tmp_path)
    asked = ["list", "--remote-url", index.as_uri(), "--local-dir", str(tmp_path / "user")]
    said = build_zip._run([sys.executable, str(tool), *asked])
    manifest = tomllib.loads((build_zip.REPOSITORY / "blender_manifest.toml").read_text())
    assert "parts4d" in said and manifest["version"] in said


def test_two_zips_for_the_same_blender_make_no_index(archive, tmp_path):
    for name in ("one.zip", "two.zip"):
        shutil.copy(archive, tmp_path / name)
    tool = build_zip.blender_ext(Path(sys.prefix))
    with pytest.raises(InputError, match="could not choose between the zips"):
        build_zip.write_index(Path(sys.executable), tool, tmp_path)


def test_every_range_of_blender_versions_continues_the_one_before():
    first, second = build_zip.RANGES
    assert first.below == second.first and first.python < second.python


def test_a_zip_for_a_blender_that_a_distribution_built_against_another_python(archive, wheels):
    debian = build_zip.built_by_others("3.13", "4.3")
    assert debian.python == (3, 13)
    made = build_zip.add_wheels(archive, wheels, "linux-x64", debian)
    assert "blender4.3-python3.13-linux-x64" in made.name
    with zipfile.ZipFile(made) as found:
        manifest = tomllib.loads(found.read("blender_manifest.toml").decode())
    assert manifest["blender_version_min"] == "4.3.0"
    assert "blender_version_max" not in manifest


@pytest.mark.parametrize("python, first", [("3.12", "4.3"), ("3.13", "four"), ("3", "4.2.0")])
def test_versions_for_which_there_is_no_zip_are_named(python, first):
    with pytest.raises(InputError, match=f"Python {python}|{first}"):
        build_zip.built_by_others(python, first)


def test_wheels_that_are_there_are_not_asked_of_the_network(tmp_path, monkeypatch):
    folder = tmp_path / "linux-x64"
    folder.mkdir()
    wheel = made_wheel(folder)
    digest = build_zip.hash_file(wheel)
    pins = tmp_path / "pins.txt"
    pins.write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    monkeypatch.setattr(build_zip, "EMBEDDED", pins)
    monkeypatch.setattr(build_zip, "fetch_pinned", lambda *arguments: pytest.fail("asked"))
    assert build_zip.collect_wheels("linux-x64", (3, 13), tmp_path) == [wheel]


def test_what_blender_refuses_is_a_sentence(tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('schema_version = "1.0.0"\nid = "x y"\n')
    with pytest.raises(InputError, match="Blender refuses the extension"):
        build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), tmp_path)


def test_a_folder_without_blender_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no Blender"):
        build_zip.blender_ext(tmp_path)
