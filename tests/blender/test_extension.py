# SPDX-License-Identifier: GPL-3.0-or-later
"""The built zip, installed into a Blender whose user folder is empty."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bpy")

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import build_zip

from tests.blender.cli_character import PARTS
from tests.blender.command_line import SMALL, label_bytes

PACKAGE = "bl_ext.user_default.parts4d"
_BEFORE = """
import contextlib, io, json, os, sys
import bpy
import addon_utils  # Blender's, on the path once bpy is loaded
PACKAGE = "bl_ext.user_default.parts4d"
ARGUMENTS = json.loads(sys.argv[1])
ANSWER = {}

def enable():
    addon_utils.extensions_refresh()
    assert addon_utils.enable(PACKAGE, default_set=True) is not None

def ours():
    found = [name for name in dir(bpy.types) if "parts4d" in name.lower()]
    found += [name for name in dir(bpy.ops) if "parts4d" in name.lower()]
    for kind in (bpy.types.Operator, bpy.types.Panel, bpy.types.PropertyGroup):
        found += [c.__name__ for c in kind.__subclasses__()
                  if c.__module__.startswith(PACKAGE) and c.is_registered]
    for kind in (bpy.types.Scene, bpy.types.WindowManager, bpy.types.Object, bpy.types.Mesh):
        found += [name for name in dir(kind) if "parts4d" in name.lower()]
    handlers = bpy.app.handlers
    for name in dir(handlers):
        if isinstance(getattr(handlers, name), list):
            found += [h for h in getattr(handlers, name) if h.__module__.startswith(PACKAGE)]
    return sorted(map(str, found))
"""
_AFTER = """
sys.stdout.flush()
os.write(int(sys.argv[2]), json.dumps(ANSWER).encode())
os._exit(0)  # the bpy module may hang in an ordinary exit
"""


@dataclass(frozen=True)
class Blender:
    """Blenders that share a user folder of their own; each `run` starts one."""

    resources: Path

    def run(self, code: str, *arguments: object) -> dict[str, Any]:
        """ANSWER as `code` left it, with what was printed under "printed"."""
        program = _BEFORE + textwrap.dedent(code) + _AFTER
        read, write = os.pipe()
        command = [sys.executable, "-c", program, json.dumps(arguments, default=str), str(write)]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            pass_fds=(write,),
            cwd=self.resources,
            env={**os.environ, "BLENDER_USER_RESOURCES": str(self.resources)},
        )
        os.close(write)
        with open(read, "rb") as pipe:
            answer = pipe.read()
        assert done.returncode == 0, done.stdout
        assert answer, done.stdout
        return {"printed": done.stdout, **json.loads(answer)}


@pytest.fixture(scope="module")
def blender(tmp_path_factory: pytest.TempPathFactory) -> Blender:
    folder = tmp_path_factory.mktemp("extension")
    tool = build_zip.blender_ext(Path(sys.prefix))
    archive = build_zip.build(Path(sys.executable), tool, folder)
    blender = Blender(folder / "user")
    blender.resources.mkdir()
    answer = blender.run(
        """
        addon_utils.enable("bl_pkg")
        ANSWER["result"] = sorted(bpy.ops.extensions.package_install_files(
            filepath=ARGUMENTS[0], repo="user_default", enable_on_install=True))
        ANSWER["enabled"] = PACKAGE in bpy.context.preferences.addons
        ANSWER["checked"] = addon_utils.check(PACKAGE)
        ANSWER["warnings"] = (
            {k: list(v) for k, v in addon_utils._extensions_warnings_get().items()}
            if hasattr(addon_utils, "_extensions_warnings_get") else {})
        """,
        archive,
    )
    assert answer["result"] == ["FINISHED"], answer["printed"]
    assert answer["enabled"] and answer["checked"] == [True, True], answer["printed"]
    assert answer["warnings"] == {}
    return blender


def test_the_extension_lies_in_the_user_folder_only(blender):
    installed = blender.resources / "extensions" / "user_default" / "parts4d"
    assert (installed / "core" / "cli" / "main.py").is_file()
    assert (installed / "blender_manifest.toml").is_file()


def test_enabling_prints_nothing_and_loads_no_parsing_library(blender):
    answer = blender.run(
        """
        before, paths = set(sys.modules), set(sys.path)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            enable()
        ANSWER["said"] = printed.getvalue()
        ANSWER["new"] = sorted({m.split(".")[0] for m in set(sys.modules) - before})
        ANSWER["core"] = "core" in sys.modules
        ANSWER["path"] = [p for p in sys.path if p not in paths]
        """
    )
    assert answer["said"] == ""
    assert not {"torch", "scipy", "cv2"} & {*answer["new"]}
    assert not answer["core"], "only the package inside bl_ext is loaded"
    assert answer["path"] == []
    assert "Traceback" not in answer["printed"] and "Warning" not in answer["printed"]


def test_operators_and_the_panel_are_there(blender):
    answer = blender.run(
        """
        enable()
        ANSWER["operators"] = sorted(dir(bpy.ops.parts4d))
        panel = bpy.types.PARTS4D_PT_results
        ANSWER["panel"] = [panel.bl_space_type, panel.bl_region_type, panel.bl_category]
        ANSWER["module"] = panel.__module__
        """
    )
    assert {"apply_labels", "clear_labels", "show_overlay"} <= {*answer["operators"]}
    assert answer["panel"] == ["VIEW_3D", "UI", "Parts4D"]
    assert answer["module"].startswith(PACKAGE)


def test_registering_again_and_again_leaves_nothing_behind(blender):
    answer = blender.run(
        """
        addon_utils.extensions_refresh()
        ANSWER["states"] = []
        for _ in range(3):
            enable()
            package = sys.modules[PACKAGE]
            during = ours()
            package.unregister()
            package.register()
            again = ours()
            addon_utils.disable(PACKAGE, default_set=True)
            ANSWER["states"].append([during == again, len(during) > 3, ours()])
            ANSWER["command"] = str(sys.modules[PACKAGE + ".operators"]._registered_command)
        """
    )
    assert answer["states"] == [[True, True, []]] * 3, answer["printed"]
    assert answer["command"] == "None"
    assert "Traceback" not in answer["printed"]


def test_a_finished_job_is_applied_shown_and_cleared(blender, hero, finished_hero, tmp_path):
    answer = blender.run(
        """
        enable()
        hero, job, empty = ARGUMENTS
        bpy.ops.wm.open_mainfile(filepath=hero)
        shirt = bpy.data.objects["shirt"]
        attributes = lambda: sorted(a.name for a in shirt.data.attributes)
        groups = lambda: [g.name for g in shirt.vertex_groups]
        before = attributes(), groups(), len(shirt.modifiers), sorted(shirt.keys())
        ANSWER["nothing to clear"] = sorted(bpy.ops.parts4d.clear_labels())
        ANSWER["nothing to show"] = sorted(bpy.ops.parts4d.show_overlay(show=True))
        ANSWER["applied"] = sorted(bpy.ops.parts4d.apply_labels(directory=job))
        ANSWER["labels"] = sorted({v.value for v in shirt.data.attributes["parts_label"].data})
        ANSWER["groups"] = [g for g in groups() if g.startswith("part:")]
        plain = len(shirt.modifiers)
        ANSWER["shown"] = sorted(bpy.ops.parts4d.show_overlay(show=True))
        ANSWER["overlaid"] = len(shirt.modifiers) - plain
        ANSWER["hidden"] = sorted(bpy.ops.parts4d.show_overlay(show=False))
        ANSWER["left"] = len(shirt.modifiers) - plain
        ANSWER["cleared"] = sorted(bpy.ops.parts4d.clear_labels())
        after = attributes(), groups(), len(shirt.modifiers), sorted(shirt.keys())
        ANSWER["as before"] = before == after
        try:
            bpy.ops.parts4d.apply_labels(directory=empty)
        except RuntimeError as error:
            ANSWER["error"] = str(error)
        ANSWER["modules"] = [m for m in sys.modules if m == "core" or m.startswith("core.")]
        """,
        hero,
        finished_hero,
        tmp_path,
    )
    assert answer["nothing to clear"] == answer["nothing to show"] == ["CANCELLED"]
    for action in ("applied", "shown", "hidden", "cleared"):
        assert answer[action] == ["FINISHED"], answer["printed"]
    assert answer["labels"] == [2] and answer["groups"] == ["part:shirt"]
    assert (answer["overlaid"], answer["left"]) == (1, 0)
    assert answer["as before"]
    assert f"{tmp_path} is not a job folder. Choose the folder of a job." in answer["error"]
    assert answer["modules"] == [], "the installed core is reached by relative imports only"


def test_the_command_of_the_installed_package_parses(blender, hero, finished_hero, tmp_path):
    answer = blender.run(
        """
        enable()
        run = sys.modules[PACKAGE + ".operators.command_line"].run
        ANSWER["status"] = run(ARGUMENTS)
        ANSWER["modules"] = [m for m in sys.modules if m == "core" or m.startswith("core.")]
        """,
        *("parse", hero, "--parts", PARTS, "--job", tmp_path / "job", "--no-apply"),
        *map(str, SMALL),
    )
    assert answer["status"] == 0, answer["printed"]
    assert answer["modules"] == []
    assert label_bytes(tmp_path / "job") == label_bytes(finished_hero)
    assert (tmp_path / "job" / "sheet.png").stat().st_size > 10_000
