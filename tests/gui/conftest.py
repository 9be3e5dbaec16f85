# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender with a window and the extension installed in it.

Where no such Blender can be made the tests are skipped with the reason, unless
PARTS4D_REQUIRE_WINDOW=1. Screenshots and output stay in build/window-tests.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import window_blender
from window_blender import WindowBlender

from core.errors import Parts4DError
from tests.gui.window import REPOSITORY, Window

KEPT = REPOSITORY / "build" / "window-tests"


@pytest.fixture(scope="session")
def blender() -> WindowBlender:
    try:
        return window_blender.set_up()
    except Parts4DError as error:
        if os.environ.get("PARTS4D_REQUIRE_WINDOW") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def archive(blender: WindowBlender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip with its wheels: the one named by PARTS4D_ZIP, or built here."""
    chosen = os.environ.get("PARTS4D_ZIP")
    if chosen:
        return Path(chosen).absolute()
    import fcntl

    import build_zip

    folder = tmp_path_factory.mktemp("zip")
    window = Window(blender, folder / "user", KEPT)
    said = window.run_python("import sys; print('Python', *sys.version_info[:2])")
    python = ".".join(re.search(r"Python (\d+) (\d+)", said).groups())
    versions = build_zip.built_by_others(python, build_zip.RANGES[0].first)
    plain = build_zip.build(Path(sys.executable), build_zip.blender_ext(Path(sys.prefix)), folder)
    build_zip.CACHE.mkdir(parents=True, exist_ok=True)
    with open(build_zip.CACHE / "window-tests.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another test process may be fetching them
        wheels = build_zip.collect_wheels("linux-x64", versions.python)
        packed = build_zip.CACHE / "linux-x64" / f"packed-{versions.name}"
        wheels = build_zip.pack_all(wheels, packed)
    return build_zip.add_wheels(plain, wheels, "linux-x64", versions)


@pytest.fixture
def window(blender: WindowBlender, tmp_path: Path, request: pytest.FixtureRequest) -> Window:
    """A Blender as it is when started for the first time."""
    return Window(blender, tmp_path / "user", KEPT / _folder_name(request.node.name))


@pytest.fixture(scope="module")
def user_folder(
    blender: WindowBlender, archive: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A user folder with the extension installed and enabled."""
    folder = tmp_path_factory.mktemp("user")
    Window(blender, folder, KEPT).run_python(
        "import bpy\n"
        f"bpy.ops.extensions.package_install_files(filepath={str(archive)!r}, "
        "repo='user_default', enable_on_install=True)\n"
        "bpy.ops.wm.save_userpref()",
        readable=[archive.parent],
    )
    return folder


@pytest.fixture
def installed(blender: WindowBlender, user_folder: Path, request: pytest.FixtureRequest) -> Window:
    """A Blender with the extension enabled."""
    return Window(blender, user_folder, KEPT / _folder_name(request.node.name))


@pytest.fixture(scope="session")
def figures(blender: WindowBlender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with small figures of boxes, saved by this very Blender."""
    folder = tmp_path_factory.mktemp("figures")
    code = f"""
import bpy
from pathlib import Path
from tests.blender import cli_character as figures
folder = Path({str(folder)!r})
figures.build(folder / "hero.blend")
bpy.ops.wm.read_factory_settings(use_empty=True)
figures.add_character("hero")
figures.add_character("twin").location.x = 2
figures.save(folder / "pair.blend")
"""
    Window(blender, folder / "user", KEPT).run_python(code, writable=[folder])
    return folder


@pytest.fixture
def hero(figures: Path, tmp_path: Path) -> Path:
    """One of them."""
    return Path(shutil.copy(figures / "hero.blend", tmp_path))


@pytest.fixture
def pair(figures: Path, tmp_path: Path) -> Path:
    """Two side by side: hero and twin."""
    return Path(shutil.copy(figures / "pair.blend", tmp_path))


@pytest.fixture(scope="session")
def made_demo(blender: WindowBlender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    path = folder / "demo.blend"
    Window(blender, folder / "user", KEPT).run_python(
        f"from demo.__main__ import main; main([{str(path)!r}, '--frames', '4'])",
        writable=[folder],
    )
    return path


@pytest.fixture
def demo(made_demo: Path, tmp_path: Path) -> Path:
    """The demo character."""
    return Path(shutil.copy(made_demo, tmp_path))


def _folder_name(test: str) -> str:
    return re.sub(r"\W+", "-", test.removeprefix("test_"))
