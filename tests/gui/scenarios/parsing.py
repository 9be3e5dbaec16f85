# SPDX-License-Identifier: GPL-3.0-or-later
"""A character is opened, parsed and labelled by clicks and keys."""

from __future__ import annotations

import bpy

from tests.gui.scenarios.session import interface, looks_at_the_scene
from tests.gui.stage import Stage, Steps, until


def parse_and_show(stage: Stage, blend: str, parts: str) -> Steps:
    """Types the parts, clicks Parse, takes the labels back, hides them, applies them again."""
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    yield from stage.maximise_view()
    yield from stage.frame("hero")
    yield from stage.screenshot("1-opened")
    chosen = bpy.context.scene.parts4d
    chosen.frames, chosen.views, chosen.resolution = "CURRENT", 4, 96

    yield from stage.click_button("typed")
    yield from stage.type_text(parts)
    yield from stage.press("RET")
    stage.report("typed", parts=[part.name for part in bpy.context.scene.parts4d.parts])
    yield from stage.screenshot("2-typed")

    yield from stage.hover("parts4d.parse()")
    yield from stage.click(*stage.mouse)
    yield from stage.screenshot("3-parsing")
    yield until(_labelled, "labels", 90)
    yield 1.0
    stage.report("parsed", objects=_labelled())
    yield from stage.screenshot("4-parsed")

    stage.report("shown", overlays=_overlays(), objects=_labelled())
    yield from stage.screenshot("5-labels")
    yield from stage.move_to_viewport()
    yield from stage.press("Z", ctrl=True)
    stage.report("undone", overlays=_overlays(), objects=_labelled())
    yield from stage.press("Z", ctrl=True, shift=True)
    stage.report("redone", overlays=_overlays(), objects=_labelled())
    yield from stage.click_button("parts4d.show_overlay(show=False)")
    stage.report("hidden", overlays=_overlays(), objects=_labelled())

    yield from stage.click_button("parts4d.clear_labels()")
    stage.report("cleared", overlays=_overlays(), objects=_labelled())
    yield from stage.click_button("parts4d.apply_labels(directory=*")
    stage.report("applied", overlays=_overlays(), objects=_labelled())
    yield from stage.screenshot("6-applied")


def look_at(stage: Stage, blend: str, character: str) -> Steps:
    """Opens a character and leaves the tab open for a while."""
    yield from stage.open_file(blend)
    yield from stage.show_tab()
    yield from stage.frame(character)
    yield from stage.quiet()
    looks = looks_at_the_scene()
    yield 5.0
    stage.report("idle", line=interface().status.line, looks=len(looks))
    stage.view.tag_redraw()
    yield 1.0
    stage.report("drawn", looks=len(looks))
    bpy.context.view_layer.objects.active = None
    yield until(lambda: looks, "a look at the scene", 10)
    yield from stage.screenshot("tab")


def _labelled() -> list[str]:
    return sorted(o.name for o in bpy.data.objects if "parts4d" in o.keys())


def _overlays() -> int:
    """Modifiers on the meshes beyond the armature."""
    return sum(len(o.modifiers) - 1 for o in _meshes())


def _meshes() -> list[bpy.types.Object]:
    return [o for o in bpy.data.objects if o.type == "MESH"]
