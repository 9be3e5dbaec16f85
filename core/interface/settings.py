# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose, kept in the scene and saved with the file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import bpy

from ..errors import InputError
from ..job.choices import counts
from ..job.palette import part_colors
from ..job.presets import PRESET_TABLE, PRESETS, settings_of
from ..job.setting import setting_field, settings_of_stage
from ..job.spec import CaptureSettings, EvidenceName, FrameSelection, ParsingSettings, Part
from ..job.vocabulary import parse_parts
from ..scene.narrowing import specific
from . import typing_pause
from .properties import property_of, switch_of

PRESET_ICONS = {
    "embedded": "CHECKMARK",
    "draft": "HIDE_OFF",
    "standard": "SHADING_RENDERED",
    "paper": "FILE_TEXT",
}
PRESET_ITEMS = [
    (preset.name, preset.title, preset.help, PRESET_ICONS.get(preset.name, "PRESET"), number)
    for number, preset in enumerate(PRESET_TABLE)
]


def _words_changed(self: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    typing_pause.words_changed()


def _take_typed(chosen: PARTS4D_PG_settings, context: bpy.types.Context) -> None:
    """Enter in the text field adds what was typed and empties it."""
    chosen.refused = ""
    if not chosen.typed.strip():
        return
    try:
        repeated = add_parts(chosen, parse_parts(chosen.typed))
    except InputError as error:
        chosen.refused = str(error)  # what was typed stays in the field, to be corrected
        return
    chosen.typed = ""
    if repeated:
        chosen.refused = already_there(repeated)


class PARTS4D_PG_part(bpy.types.PropertyGroup):
    """A part the user typed."""

    name: bpy.props.StringProperty(
        name="Part",
        description="What is looked for, for example jacket or left shoe",
        update=_words_changed,
    )
    synonyms: bpy.props.StringProperty(
        name="Synonyms",
        description="Other words for the same part, with commas between them",
        update=_words_changed,
    )
    color: bpy.props.FloatVectorProperty(
        name="Colour",
        description="The colour of the part's labels",
        subtype="COLOR_GAMMA",
        size=3,
        min=0.0,
        max=1.0,
        default=(0.5, 0.5, 0.5),
        update=_words_changed,
    )

    def part(self) -> Part:
        words = (word.strip() for word in self.synonyms.split(","))
        color = (round(self.color[0], 4), round(self.color[1], 4), round(self.color[2], 4))
        return Part(self.name.strip(), tuple(w for w in words if w), color)


# Settings that the user may change from what the preset says.
PRESET_NUMBERS = (
    "key_frames",
    "memory_scale",
    "threshold",
    "smoothing",
    "persistence",
    "travel",
)


def _preset_chosen(chosen: PARTS4D_PG_settings, context: bpy.types.Context) -> None:
    """Fills the fields with the preset's values until the user edits them."""
    if not chosen.advanced:
        for name in PRESET_NUMBERS:
            setattr(chosen, name, getattr(PRESETS[chosen.preset], name))


class WritingOptions:
    """How labels are stored: in the scene's settings, and in the operator that stores them."""

    color_domain: bpy.props.EnumProperty(
        name="Colours On",
        description="Where the colours are stored",
        items=[
            ("CORNER", "Face Corners", "Every face has its own flat colour; crisp borders"),
            ("POINT", "Vertices", "Colours blend across borders; a quarter of the memory"),
        ],
        default="CORNER",
    )
    vertex_groups: bpy.props.BoolProperty(
        name="Vertex Groups", description="Also make a vertex group for each part", default=True
    )
    every_frame: bpy.props.BoolProperty(
        name="Every Frame",
        description="Store labels for every frame, not only where they change",
        default=False,
    )


def writing_options(chosen: WritingOptions) -> dict[str, Any]:
    """As arguments of the operator."""
    return {name: getattr(chosen, name) for name in WritingOptions.__annotations__}


class PARTS4D_PG_settings(WritingOptions, bpy.types.PropertyGroup):
    """`Scene.parts4d`."""

    target: bpy.props.PointerProperty(
        name="Character",
        description="A mesh or an armature with meshes. Leave empty to use the active object",
        type=bpy.types.Object,
    )
    collection: bpy.props.PointerProperty(
        name="Collection",
        description="A collection that is the character, for example a mesh sequence",
        type=bpy.types.Collection,
    )
    parts: bpy.props.CollectionProperty(type=PARTS4D_PG_part)
    active_part: bpy.props.IntProperty(name="Active Part")
    typed: bpy.props.StringProperty(
        name="New Parts",
        description="Type a part, or several: jacket, trousers | jeans, left shoe",
        update=_take_typed,
    )
    refused: bpy.props.StringProperty(options={"HIDDEN"})  # why typed words are no new parts
    preset: bpy.props.EnumProperty(
        name="Preset",
        description=setting_field(ParsingSettings, "preset").about.help,
        items=PRESET_ITEMS,
        update=_preset_chosen,
    )
    use_sight: switch_of(ParsingSettings, "evidence", "sight")
    use_names: switch_of(ParsingSettings, "evidence", "names")
    use_bones: switch_of(ParsingSettings, "evidence", "bones")
    device: property_of(ParsingSettings, "device")

    frames: bpy.props.EnumProperty(
        name="Frames",
        description="Which frames are parsed",
        items=[
            ("ANIMATION", "Animation", "All frames in which the character moves"),
            ("RANGE", "Range", "From one frame to another"),
            ("CURRENT", "Current Frame", "Only the frame shown now"),
        ],
    )
    frame_start: property_of(FrameSelection, "start")
    frame_end: property_of(FrameSelection, "end", default=24)
    frame_step: property_of(FrameSelection, "step")
    keyframes: property_of(FrameSelection, "keyframes")

    views: property_of(CaptureSettings, "azimuths")
    resolution: property_of(CaptureSettings, "resolution")
    top: property_of(CaptureSettings, "top")
    bottom: property_of(CaptureSettings, "bottom")
    engine: property_of(CaptureSettings, "engine")
    advanced: bpy.props.BoolProperty(
        name="Own Settings",
        description="Use the settings below instead of the preset's",
        default=False,
    )
    key_frames: property_of(ParsingSettings, "key_frames")
    memory_scale: property_of(ParsingSettings, "memory_scale")
    threshold: property_of(ParsingSettings, "threshold", update=_words_changed)
    smoothing: property_of(ParsingSettings, "smoothing", update=_words_changed)
    persistence: property_of(ParsingSettings, "persistence", update=_words_changed)
    travel: property_of(ParsingSettings, "travel")


def settings(context: bpy.types.Context) -> PARTS4D_PG_settings:
    return specific(context.scene).parts4d


def vocabulary(chosen: PARTS4D_PG_settings) -> tuple[Part, ...]:
    """The typed parts; entries without a name are left out."""
    return tuple(p.part() for p in chosen.parts if p.name.strip())


def add_parts(chosen: PARTS4D_PG_settings, parts: tuple[Part, ...]) -> list[str]:
    """Adds those that are not there yet and gives them colours; returns the names of the others."""
    known = {p.name.strip().casefold() for p in chosen.parts}
    repeated = []
    for part in parts:
        if part.name.casefold() in known:
            repeated.append(part.name)
            continue
        known.add(part.name.casefold())
        colors = [Part(p.name, color=tuple(p.color)) for p in chosen.parts]
        item = chosen.parts.add()
        item.name = part.name
        item.synonyms = ", ".join(part.synonyms)
        item.color = part_colors([*colors, part])[-1]
        chosen.active_part = len(chosen.parts) - 1
    return repeated


def already_there(names: list[str]) -> str:
    """The sentence about typed parts that `add_parts` left out."""
    return f"Already in the list: {', '.join(names)}"


def replace_parts(chosen: PARTS4D_PG_settings, parts: tuple[Part, ...]) -> None:
    chosen.parts.clear()
    chosen.active_part = 0
    add_parts(chosen, parts)
    chosen.active_part = 0


def frame_selection(
    chosen: PARTS4D_PG_settings, span: tuple[int, int], scene: bpy.types.Scene
) -> FrameSelection:
    """The frames to parse; `span` are the first and last one worth it."""
    if chosen.frames == "CURRENT":
        return FrameSelection(scene.frame_current, scene.frame_current)
    start, end = (chosen.frame_start, chosen.frame_end) if chosen.frames == "RANGE" else span
    return FrameSelection(start, end, chosen.frame_step, chosen.keyframes)


def capture_settings(chosen: PARTS4D_PG_settings) -> CaptureSettings:
    return CaptureSettings(
        azimuths=chosen.views,
        resolution=chosen.resolution,
        top=chosen.top,
        bottom=chosen.bottom,
        engine=chosen.engine,
    )


def parsing_settings(chosen: PARTS4D_PG_settings) -> ParsingSettings:
    """The preset's, or with the user's changes. Raises InputError for an unknown preset."""
    preset = settings_of(chosen.preset, device=chosen.device)
    if counts(preset, "evidence"):
        preset = replace(preset, evidence=evidence(chosen))
    if not chosen.advanced:
        return preset
    return replace(preset, **{name: getattr(chosen, name) for name in PRESET_NUMBERS})


def evidence(chosen: PARTS4D_PG_settings) -> tuple[EvidenceName, ...]:
    """The evidence that is switched on. Raises InputError when nothing is chosen."""
    names = tuple(n for n in get_args(EvidenceName) if getattr(chosen, f"use_{n}"))
    if not names:
        raise InputError("No evidence is chosen", "Switch on Sight, Names or Bones in the settings")
    return names


def labelling(chosen: PARTS4D_PG_settings) -> dict[str, Any]:
    """The user's changes that only the labels depend on."""
    of_labels = set(settings_of_stage(ParsingSettings, "labels"))
    names = [n for n in PRESET_NUMBERS if n in of_labels] if chosen.advanced else []
    return {name: getattr(chosen, name) for name in names}


CLASSES = (PARTS4D_PG_part, PARTS4D_PG_settings)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    specific(bpy.types.Scene).parts4d = specific(bpy.props).PointerProperty(
        type=PARTS4D_PG_settings
    )


def unregister() -> None:
    del specific(bpy.types.Scene).parts4d
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
