# SPDX-License-Identifier: GPL-3.0-or-later
"""What all panels of the tab share. Panels draw what is known; they find nothing out."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import bpy

from ..core.errors import ErrorKind, Failure
from ..core.interface.translation import translate
from ..core.scene.narrowing import specific

WIDTH = 44  # characters that fit a side bar of ordinary width

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems as Icon

    PanelMixin = bpy.types.Panel
else:  # Blender's own class comes once, last
    PanelMixin = object

# What a button can do about an error: the operator and its icon.
_REMEDIES: dict[ErrorKind, tuple[str, Icon]] = {
    ErrorKind.ENVIRONMENT: ("parts4d.open_setup", "PREFERENCES"),
    ErrorKind.MODEL: ("parts4d.open_setup", "PREFERENCES"),
    ErrorKind.TERMS: ("parts4d.open_setup", "PREFERENCES"),
    ErrorKind.OUT_OF_MEMORY: ("parts4d.release_memory", "TRASH"),
}


class SideBar(PanelMixin):
    """Mixed into the panels of the tab."""

    if TYPE_CHECKING:
        layout: bpy.types.UILayout  # there while it is drawn

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Parts4D"


def paragraph(
    layout: bpy.types.UILayout,
    text: str,
    icon: Icon = "NONE",
    context: bpy.types.Context | None = None,
    beside: int = 0,
) -> None:
    """`text`, translated, over as many lines as it needs, the icon before the first.

    `beside` is what else stands in the row, in pixels.
    """
    column = layout.column(align=True)
    column.scale_y = 0.8
    width = WIDTH
    if context is not None and context.region is not None:
        # About 7 pixels a character at the default size of the interface.
        scale = specific(context.preferences).system.ui_scale
        taken = 55 + beside + (0 if icon == "NONE" else 20)
        width = max(16, int((context.region.width / scale - taken) / 6.6))
    below: Icon = "NONE" if icon == "NONE" else "BLANK1"
    for i, line in enumerate(textwrap.wrap(translate(text), width) or [""]):
        column.label(text=line, icon=below if i else icon, translate=False)


def draw_remedy(layout: bpy.types.UILayout, failure: Failure) -> None:
    """The buttons that help with an error."""
    if failure.kind in _REMEDIES:
        operator, icon = _REMEDIES[failure.kind]
        layout.operator(operator, icon=icon)
    draw_log(layout, failure)


def draw_log(layout: bpy.types.UILayout, failure: Failure) -> None:
    """The button that shows what led to an error, where that was recorded."""
    if failure.log:
        layout.operator("parts4d.open_log", icon="TEXT").filepath = failure.log


def duration(seconds: float) -> str:
    """Seconds as people say them: 40 s, 3 min, 2 h 5 min."""
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
