# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import build_zip

from core.errors import InputError


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    tool = build_zip.blender_ext(Path(sys.prefix))
    build_zip.validate(Path(sys.executable), tool, build_zip.REPOSITORY)
    return build_zip.build(Path(sys.executable), tool, tmp_path_factory.mktemp("dist"))


def test_blender_accepts_the_zip(archive):
    build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), archive)


def test_the_zip_holds_the_extension_and_nothing_else(archive):
    names = zipfile.ZipFile(archive).namelist()
    assert {"blender_manifest.toml", "__init__.py", "LICENSE", "vendor_requirements.txt"} <= {
        *names
    }
    assert {"vendor_setup.py", "vendor_environment.py", "vendor_pip.py"} <= {*names}
    tops = {name.split("/")[0] for name in names if "/" in name}
    assert tops <= {"core", "operators", "panels"}
    assert not [n for n in names if n.endswith((".pyc", ".blend", ".zip")) or "/." in n]
    assert not {"Makefile", "pyproject.toml"} & {*names}
    assert archive.stat().st_size < 20 * 2**20


def test_what_blender_refuses_is_a_sentence(tmp_path):
    (tmp_path / "blender_manifest.toml").write_text('schema_version = "1.0.0"\nid = "x y"\n')
    with pytest.raises(InputError, match="Blender refuses the extension"):
        build_zip.validate(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), tmp_path)


def test_a_folder_without_blender_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no Blender"):
        build_zip.blender_ext(tmp_path)
