# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender with a window and the extension installed in it.

Where no such Blender can be made the tests are skipped with the reason, unless
PARTS4D_REQUIRE_WINDOW=1. Screenshots and output stay in build/window-tests.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from core.errors import Parts4DError
from tests.gui.window import REPOSITORY, Window
from tools import window_blender
from tools.window_blender import WindowBlender

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
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip: the one named by PARTS4D_ZIP, or built here."""
    chosen = os.environ.get("PARTS4D_ZIP")
    if chosen:
        return Path(chosen).absolute()
    import build_zip

    tool = build_zip.blender_ext(Path(sys.prefix))
    return build_zip.build(Path(sys.executable), tool, tmp_path_factory.mktemp("zip"))


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


@pytest.fixture
def hero(installed: Window, tmp_path: Path) -> Path:
    """The small figure of boxes, saved by this very Blender."""
    path = tmp_path / "hero.blend"
    installed.run_python(
        "from pathlib import Path; from tests.blender import cli_character\n"
        f"cli_character.build(Path({str(path)!r}))",
        writable=[tmp_path],
    )
    return path


@pytest.fixture
def demo(installed: Window, tmp_path: Path) -> Path:
    """The demo character, likewise."""
    path = tmp_path / "demo.blend"
    installed.run_python(
        f"from demo.__main__ import main; main([{str(path)!r}, '--frames', '4'])",
        writable=[tmp_path],
    )
    return path


def _folder_name(test: str) -> str:
    return re.sub(r"\W+", "-", test.removeprefix("test_"))
