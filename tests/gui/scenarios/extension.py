# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing, enabling and disabling, as the preferences do it."""

from __future__ import annotations

import sys

import addon_utils
import bpy

from tests.gui.stage import SETTLE, Stage, Steps, specific

PACKAGE = "bl_ext.user_default.parts4d"


def install(stage: Stage, archive: str) -> Steps:
    """Installs the zip, looks at its tab and keeps the preferences."""
    with stage.override():
        result = specific(bpy.ops).extensions.package_install_files(
            filepath=archive, repo="user_default", enable_on_install=True
        )
    yield SETTLE
    stage.report(
        "installed",
        result=sorted(result),
        enabled=PACKAGE in bpy.context.preferences.addons,
        loaded=addon_utils.check(PACKAGE),
        warnings={k: list(v) for k, v in specific(addon_utils)._extensions_warnings_get().items()},
        sources=[name for name in sys.modules if name == "core" or name.startswith("core.")],
        blender=bpy.app.version_string,
    )
    yield from stage.show_tab()
    region = stage.region()
    stage.report("tab", shown=region.active_panel_category, width=region.width)
    yield from stage.screenshot("tab")
    bpy.ops.wm.save_userpref()


def enable_and_disable(stage: Stage, times: int) -> Steps:
    """Several times over, with the tab open."""
    yield from stage.show_tab()
    before = traces()
    stage.report("at first", traces=before)
    for _ in range(times):
        bpy.ops.preferences.addon_disable(module=PACKAGE)
        stage.view.tag_redraw()
        yield 1.0
        stage.report("disabled", traces=traces())
        bpy.ops.preferences.addon_enable(module=PACKAGE)
        stage.view.tag_redraw()
        yield 1.0
        stage.report("enabled", traces=traces())
    yield from stage.show_tab()
    yield from stage.screenshot("enabled-again")
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    yield 1.0
    yield from stage.screenshot("disabled")
    bpy.ops.preferences.addon_enable(module=PACKAGE)  # Blender keeps it in the user's folder


def traces() -> list[str]:
    """Whatever of the extension Blender knows."""
    found = [name for name in dir(bpy.types) if "parts4d" in name.lower()]
    found += [f"bpy.ops.{name}" for name in dir(bpy.ops) if "parts4d" in name.lower()]
    for base in (
        bpy.types.Operator,
        bpy.types.Panel,
        bpy.types.Menu,
        bpy.types.UIList,
        bpy.types.PropertyGroup,
        bpy.types.AddonPreferences,
    ):
        ours = (c for c in base.__subclasses__() if c.__module__.startswith(PACKAGE))
        found += [f"class {c.__name__}" for c in ours if c.is_registered]
    for kind in (bpy.types.Scene, bpy.types.WindowManager, bpy.types.Object, bpy.types.Mesh):
        found += [f"{kind.__name__}.{name}" for name in dir(kind) if "parts4d" in name.lower()]
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            found += [f"handler {name}" for h in handlers if h.__module__.startswith(PACKAGE)]
    pump = sys.modules.get(f"{PACKAGE}.core.interface.pump")
    if pump is not None and bpy.app.timers.is_registered(pump._tick):
        found.append("timer")
    return sorted(found)
