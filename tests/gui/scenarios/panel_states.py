# SPDX-License-Identifier: GPL-3.0-or-later
"""The side bar in all its states, most of them made up: what it draws is data."""

from __future__ import annotations

import sys
import time
from typing import Any

import bpy

from tests.gui.scenarios.extension import PACKAGE
from tests.gui.scenarios.session import interface, open_hero
from tests.gui.stage import FIRST_DRAWING, Stage, Steps

_PRESETS = ("draft", "standard", "paper", "embedded")


def all_states(stage: Stage, blend: str) -> Steps:
    """Pictures of the tab and of the preferences."""
    yield from stage.maximise_view()
    yield from stage.show_tab()
    yield from _picture(stage, "01-default-scene")
    yield from open_hero(stage, blend)
    chosen = bpy.context.scene.parts4d
    chosen.parts.clear()
    yield from _picture(stage, "02-no-parts")
    chosen.typed = "jacket | coat | blazer, a very long name of a part, left shoe"
    with stage.override():
        bpy.context.view_layer.objects.active = bpy.data.objects["body"]
        bpy.ops.object.mode_set(mode="EDIT")
    yield 1.0
    yield from _picture(stage, "03-edit-mode")
    with stage.override():
        bpy.ops.object.mode_set(mode="OBJECT")
    yield 1.0
    yield from _made_up_jobs(stage)
    yield from _made_up_runs(stage)
    yield from _settings(stage, blend)
    yield from _made_up_setup(stage, blend)
    yield from _preferences(stage)


def _made_up_jobs(stage: Stage) -> Steps:
    made, errors = _module("core.session.state"), _module("core.errors")
    missing = errors.Failure(errors.ErrorKind.ENVIRONMENT, "PyTorch is not installed", "Install it")
    owner = made.Owner("", interface().session, 0, "")

    def one(number: int, **facts: Any) -> Any:
        whole = {"character": "hero", "folder": f"/nowhere/{number}", "preset": "embedded", **facts}
        return made.Job(number=number, owner=owner, **whole)

    running = {"phase": "running", "stage": "embeddings", "share": 0.4, "seconds": 100.0}
    jobs = {
        "04-running": [
            one(1, **running),
            one(2, phase="queued"),
            one(3, phase="queued", character="someone with a rather long name"),
        ],
        "05-cancelling": [one(1, **{**running, "phase": "cancelling"})],
        "06-ended": [
            one(1, phase="cancelled"),
            one(
                2,
                phase="failed",
                failure=errors.Failure(
                    errors.ErrorKind.OUT_OF_MEMORY,
                    "The worker was ended by the system, probably because memory ran out",
                    "Use a smaller model or a lower resolution",
                    "/nowhere/worker.log",
                ),
            ),
            one(3, phase="failed", failure=missing),
            one(4, phase="finished"),
        ],
    }
    interface().notes[4] = "The faces of 'hero' were edited meanwhile: parse it again"
    _show_only("parse")
    for name, shown in jobs.items():
        interface().state = made.State(tuple(shown), 9)
        yield from _picture(stage, name)
    interface().notes.clear()
    interface().state = made.State()


def _made_up_runs(stage: Stage) -> Steps:
    made = _module("core.session.found_runs")
    _show_only("results", "labels")
    kept = interface().runs
    warning = "Nothing in the file is named 'jacket'; guessed from body position"
    day = 24 * 3600
    interface().runs = (
        made.Run(
            "/nowhere/1", "hero", "standard", time.time(), True, (), ("SAM", "CLIP"), (warning,)
        ),
        made.Run("/nowhere/2", "hero", "embedded", time.time() - 40 * day, True, ()),
        made.Run("/nowhere/3", "hero", "paper", time.time() - 41 * day, False, ()),
    )
    yield from _picture(stage, "07-results")
    interface().runs = kept


def _settings(stage: Stage, blend: str) -> Steps:
    """Sections that are closed at first, for each preset."""
    _show_only("parse", "settings", "writing")
    yield from open_hero(stage, blend)
    chosen = bpy.context.scene.parts4d
    chosen.frames = "RANGE"
    for preset in _PRESETS:
        chosen.preset = preset
        yield from _picture(stage, f"08-settings-{preset}")
    chosen.advanced = True
    yield from _picture(stage, "09-own-settings")


def _made_up_setup(stage: Stage, blend: str) -> Steps:
    made, errors = _module("core.session.setup"), _module("core.errors")
    known = interface().setup.state
    embedded = made.Environment("embedded", "ready", tested="numpy 2.2.6, scipy 1.17.1")
    models = (
        made.Model("clip_vit_l14", "CLIP ViT-L/14", "ready", 932_000_000, "MIT"),
        made.Model("sam2_tiny", "SAM 2.1 tiny", "not installed", 156_000_000, "Apache-2.0"),
        made.Model("humanclip", "HumanCLIP", "not installed", 0, "unknown", downloadable=False),
    )
    broken = "The packages differ from what was installed (torch)"
    states = {
        "10-setup": known,
        "11-setup-unknown": made.SetupState(),
        "12-setup-installing": made.SetupState(
            known=True,
            environments=(embedded, made.Environment("full", "not installed")),
            models=models,
            action="Installing the environment",
            text="Downloading torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            share=0.3,
        ),
        "13-setup-broken": made.SetupState(
            known=True,
            environments=(embedded, made.Environment("full", "outdated", problem=broken)),
            models=models,
            failure=errors.Failure(
                errors.ErrorKind.DISK_FULL, "The disk is full", "Free 6 GB and try again"
            ),
        ),
    }
    _show_only("setup")
    yield from open_hero(stage, blend)
    for name, state in states.items():
        interface().setup.state = state
        yield from _picture(stage, name)
    interface().setup.state = states["12-setup-installing"]


def _show_only(*names: str) -> None:
    """These sections; those not seen in the open file before are open, not closed."""
    for name in (
        "character",
        "parts",
        "parse",
        "settings",
        "writing",
        "results",
        "labels",
        "setup",
    ):
        panel = getattr(bpy.types, f"PARTS4D_PT_{name}")
        bpy.utils.unregister_class(panel)
        panel.bl_options = set()
        panel.poll = classmethod(_shown if name in names else _hidden)
        bpy.utils.register_class(panel)


def _preferences(stage: Stage) -> Steps:
    """The same in the preferences, in place of the 3D view."""
    area = stage.view
    area.type = "PREFERENCES"
    bpy.context.preferences.active_section = "ADDONS"
    bpy.context.window_manager.addon_search = "Parts4D"
    yield FIRST_DRAWING
    with bpy.context.temp_override(window=stage.window, area=area):
        bpy.ops.preferences.addon_expand(module=PACKAGE)
    area.tag_redraw()
    yield 1.0
    yield from stage.screenshot("14-preferences")
    area.type = "VIEW_3D"
    yield 1.0


def _shown(cls: type, context: bpy.types.Context) -> bool:
    return True


def _hidden(cls: type, context: bpy.types.Context) -> bool:
    return False


def _picture(stage: Stage, name: str) -> Steps:
    """Sections move to their places over several drawings."""
    for _ in range(3):
        stage.view.tag_redraw()
        yield 0.5
    yield from stage.screenshot(name)


def _module(name: str) -> Any:
    return sys.modules[f"{PACKAGE}.{name}"]
