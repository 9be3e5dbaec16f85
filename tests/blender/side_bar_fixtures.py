# SPDX-License-Identifier: GPL-3.0-or-later
"""The registered extension, driven without a window. A plugin of the tests that name it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from core.scene.narrowing import specific
from tests.blender.cli_character import add_character
from tests.blender.extension_package import NAME, load_extension
from tests.blender.side_bar import set_up_small_run


@pytest.fixture(scope="module")
def extension() -> Iterator[ModuleType]:
    package = load_extension()
    package.register()
    yield package
    package.unregister()


@pytest.fixture
def pump(
    extension: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """A saved file with a character in it; the module that joins session and Blender."""
    monkeypatch.setenv("PARTS4D_DATA", str(tmp_path / "data"))
    bpy.ops.wm.read_homefile(use_empty=True)
    add_character()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    found = importlib.import_module(f"{NAME}.core.interface.pump")
    extension.unregister()  # jobs of the test before are forgotten
    extension.register()
    found.interface().refresh(bpy.context)
    set_up_small_run("head, shirt, legs | trousers")
    yield found


@pytest.fixture
def begin(pump: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Presses Parse and returns the job at once, as in a window; its labels come with `finish`."""
    operator = importlib.import_module(f"{NAME}.operators.parse").PARTS4D_OT_parse
    monkeypatch.setattr(operator, "_wait", lambda self, interface: {"FINISHED"})

    def press() -> Any:
        assert specific(bpy.ops).parts4d.parse() == {"FINISHED"}
        return pump.interface().state.jobs[-1]

    return press
