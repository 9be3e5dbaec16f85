# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose, kept in the scene and saved with the file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import bpy

from ..errors import InputError
from ..job.palette import part_colors
from ..job.presets import PRESETS, settings_of
from ..job.spec import (
    CaptureSettings,
    DeviceName,
    EvidenceName,
    FrameSelection,
    ParsingSettings,
    Part,
)
from ..job.vocabulary import parse_parts
from . import typing_pause

_CAPTURE, _PARSING = CaptureSettings(), ParsingSettings()

PRESET_ITEMS = [
    (
        "embedded",
        "Embedded",
        "Sees with a small model of its own, reads names and bones; needs nothing installed",
        "CHECKMARK",
        0,
    ),
    ("draft", "Draft", "Sees with small models; a first look in minutes", "HIDE_OFF", 1),
    ("standard", "Standard", "Sees with the best models; for a GPU", "SHADING_RENDERED", 2),
    ("paper", "Paper", "OpenHuman4D as printed; for comparisons", "FILE_TEXT", 3),
]
ENGINE_ITEMS = [
    ("albedo", "Flat Colour", "Base colours under a fixed light: clean and fast"),
    ("workbench", "Workbench", "As in the solid viewport with textures"),
    ("eevee", "EEVEE", "Real materials, rasterised"),
    ("cycles", "Cycles", "Real materials, ray-traced; slow"),
]


def _words_changed(self: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    typing_pause.words_changed()


def _typed(chosen: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
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


_PRESET_NUMBERS = (
    "key_frames",
    "memory_scale",
    "threshold",
    "smoothing",
    "persistence",
    "travel",
)


def _preset_chosen(chosen: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Shows the preset's numbers where the user may change them, until he does."""
    if not chosen.advanced:
        for name in _PRESET_NUMBERS:
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


def writing_options(chosen: WritingOptions) -> dict[str, object]:
    """As arguments of the operator."""
    return {name: getattr(chosen, name) for name in WritingOptions.__annotations__}


class PARTS4D_PG_settings(WritingOptions, bpy.types.PropertyGroup):
    """`Scene.parts4d`."""

    target: bpy.props.PointerProperty(
        name="Character",
        description="A mesh or an armature with meshes; empty: whatever is active",
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
        update=_typed,
    )
    refused: bpy.props.StringProperty(options={"HIDDEN"})  # why typed words are no new parts
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="How the character is parsed",
        items=PRESET_ITEMS,
        update=_preset_chosen,
    )
    use_sight: bpy.props.BoolProperty(
        name="Sight",
        description="Look at the character with the vision model that Parts4D brings",
        default=True,
    )
    use_names: bpy.props.BoolProperty(
        name="Names",
        description="Read the names of objects and materials; switch off where they mislead",
        default=True,
    )
    use_bones: bpy.props.BoolProperty(
        name="Bones",
        description="Take limbs and sides from the bones of an armature",
        default=True,
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="Where models run",
        items=[(d, {"auto": "Automatic"}.get(d, d.upper()), "") for d in get_args(DeviceName)],
    )

    frames: bpy.props.EnumProperty(
        name="Frames",
        description="Which frames are parsed",
        items=[
            ("ANIMATION", "Animation", "All frames in which the character moves"),
            ("RANGE", "Range", "From one frame to another"),
            ("CURRENT", "Current Frame", "Only the frame shown now"),
        ],
    )
    frame_start: bpy.props.IntProperty(name="Start", default=1)
    frame_end: bpy.props.IntProperty(name="End", default=24)
    frame_step: bpy.props.IntProperty(
        name="Step", description="Every how many frames", default=1, min=1
    )
    keyframes: bpy.props.IntProperty(
        name="Key Poses",
        description="Only so many frames, with the most different poses; 0 is all",
        default=0,
        min=0,
    )

    views: bpy.props.IntProperty(
        name="Views",
        description="Cameras around the character",
        default=_CAPTURE.azimuths,
        min=1,
        max=64,
    )
    resolution: bpy.props.IntProperty(
        name="Resolution",
        description="Pixels of a view's side",
        default=_CAPTURE.resolution,
        min=64,
        max=4096,
    )
    top: bpy.props.BoolProperty(name="From Above", description="One more camera straight above")
    bottom: bpy.props.BoolProperty(name="From Below", description="One more camera straight below")
    engine: bpy.props.EnumProperty(
        name="Colour",
        description="What renders the colours the models see",
        items=ENGINE_ITEMS,
        default=_CAPTURE.engine,
    )
    advanced: bpy.props.BoolProperty(
        name="Own Settings",
        description="Use the settings below instead of the preset's",
        default=False,
    )
    key_frames: bpy.props.IntProperty(
        name="Key Frames",
        description="Frames in which masks are looked for; the others get them from these",
        default=_PARSING.key_frames,
        min=1,
        soft_max=24,
    )
    memory_scale: bpy.props.FloatProperty(
        name="Memory",
        description="How strictly a mask listens only to masks like itself (equation 6)",
        default=_PARSING.memory_scale,
        min=0.0,
        soft_max=50.0,
    )
    threshold: bpy.props.FloatProperty(
        name="Threshold",
        description="Share of the evidence a part needs; below it a face is unlabelled",
        default=_PARSING.threshold,
        min=0.0,
        max=1.0,
        update=_words_changed,
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Evidence that a border between two faces must be worth; removes specks",
        default=_PARSING.smoothing,
        min=0.0,
        soft_max=1.0,
        update=_words_changed,
    )
    persistence: bpy.props.FloatProperty(
        name="Persistence",
        description="Lead a frame needs to differ from the label of all frames; 1 is never",
        default=_PARSING.persistence,
        min=0.0,
        max=1.0,
        update=_words_changed,
    )
    travel: bpy.props.EnumProperty(
        name="Travel",
        description="How SAM 2 goes through the images, where it is used",
        items=[
            ("serpentine", "Serpentine", "Frame by frame around the character"),
            ("orbit_first", "Orbit First", "Once around, then each view through time"),
        ],
        default=_PARSING.travel,
    )


def settings(context: bpy.types.Context) -> PARTS4D_PG_settings:
    return context.scene.parts4d


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
    if chosen.preset == "embedded":
        preset = replace(preset, evidence=evidence(chosen))
    if not chosen.advanced:
        return preset
    return replace(preset, **{name: getattr(chosen, name) for name in _PRESET_NUMBERS})


def evidence(chosen: PARTS4D_PG_settings) -> tuple[EvidenceName, ...]:
    """What the embedded preset goes by. Raises InputError when nothing is chosen."""
    names = tuple(n for n in get_args(EvidenceName) if getattr(chosen, f"use_{n}"))
    if not names:
        raise InputError("No evidence is chosen", "Switch on Sight, Names or Bones in the settings")
    return names


def labelling(chosen: PARTS4D_PG_settings) -> dict[str, Any]:
    """The user's changes that only the labels depend on."""
    names = ("threshold", "smoothing", "persistence") if chosen.advanced else ()
    return {name: getattr(chosen, name) for name in names}


CLASSES = (PARTS4D_PG_part, PARTS4D_PG_settings)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.parts4d = bpy.props.PointerProperty(type=PARTS4D_PG_settings)


def unregister() -> None:
    del bpy.types.Scene.parts4d
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
