# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's file is replaced when the new one is whole, and there is one at every moment."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from core.errors import InputError
from core.scene.files import saving
from core.scene.files.saving import save_blend

REMEDY = "Choose another file"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A saved file with one cube, open."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add()
    path = tmp_path / "film.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def change() -> None:
    bpy.data.objects[0].name = "changed"


def names(path: Path) -> list[str]:
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return [ob.name for ob in bpy.data.objects]


def test_the_new_content_comes_and_nothing_else_is_left(film):
    bpy.context.preferences.filepaths.save_version = 0
    change()
    assert save_blend(film, REMEDY) == film
    assert names(film) == ["changed"]
    assert list(film.parent.iterdir()) == [film]


def test_old_versions_are_kept_as_the_preferences_say(film):
    bpy.context.preferences.filepaths.save_version = 2
    contents = [film.read_bytes()]
    for name in ("a", "b", "c"):
        bpy.data.objects[0].name = name
        save_blend(film, REMEDY)
        contents.insert(0, film.read_bytes())
    found = sorted(film.parent.iterdir())
    assert [p.name for p in found] == ["film.blend", "film.blend1", "film.blend2"]
    assert [p.read_bytes() for p in found] == contents[:3]


@pytest.mark.parametrize("failing", ["_flush", "_keep_rights", "_keep_versions"])
def test_there_is_a_whole_file_whatever_fails(film, monkeypatch, failing):
    before = film.read_bytes()
    change()

    def fail(*_: object) -> None:
        assert film.read_bytes() == before
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving, failing, fail)
    with pytest.raises(InputError, match=r"film\.blend could not be saved .*; it is as it was"):
        save_blend(film, REMEDY)
    assert film.read_bytes() == before
    assert list(film.parent.iterdir()) == [film]


def test_the_old_file_is_there_until_the_new_one_takes_its_place(film, monkeypatch):
    bpy.context.preferences.filepaths.save_version = 1
    seen = []
    real = os.replace

    def watching(source: Path, target: Path) -> None:
        seen.append(film.exists())
        real(source, target)
        seen.append(film.exists())

    monkeypatch.setattr(os, "replace", watching)
    save_blend(film, REMEDY)
    assert len(seen) == 4 and all(seen)


@pytest.mark.skipif(os.name != "posix", reason="links and rights of POSIX")
def test_a_link_is_followed_and_rights_are_kept(film, tmp_path):
    film.chmod(0o640)
    link = tmp_path / "shots" / "today.blend"
    link.parent.mkdir()
    link.symlink_to(film)
    change()
    assert save_blend(link, REMEDY) == film
    assert link.is_symlink() and names(film) == ["changed"]
    assert film.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("packed", [True, False])
def test_a_compressed_file_stays_one(film, packed):
    bpy.ops.wm.save_as_mainfile(filepath=str(film), compress=packed)
    save_blend(film, REMEDY)
    assert (film.read_bytes()[:7] == b"BLENDER") is not packed


def test_a_folder_in_its_place_is_named(film, tmp_path):
    (tmp_path / "other.blend").mkdir()
    with pytest.raises(InputError, match=r"other\.blend could not be saved \(it is no file\)"):
        save_blend(tmp_path / "other.blend", REMEDY)


def test_what_a_killed_save_left_goes_and_nothing_else(film):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left = film.with_name(f".film.{gone.pid}.unfinished.blend")
    mine = film.with_name(".film.old.blend")
    other = film.with_name(f".film.{os.getppid()}.unfinished.blend")  # of a Blender that saves
    for path in (left, mine, other):
        path.write_bytes(b"x")
    save_blend(film, REMEDY)
    assert not left.exists() and mine.exists() and other.exists()
