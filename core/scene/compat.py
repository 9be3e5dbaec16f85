# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between Blender 4.2, 4.5 and 5.0: the one place that asks."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from .narrowing import specific

# Whether a simulation that is baked into the file still is in a part of it that is written apart:
# 4.2 keeps it, 4.5 and later do not, those between were not tried.
HANDS_ON_BAKES = bpy.app.version < (4, 3, 0)


def eevee_engine() -> str:
    """The identifier of EEVEE's engine in this Blender."""
    return "BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT"


def set_image_format(
    settings: bpy.types.ImageFormatSettings, file_format: str, depth: str, codec: str = "NONE"
) -> None:
    """Choose a file format; Blender 5.0 wants the kind of medium named before the format."""
    if hasattr(settings, "media_type"):
        multilayer = file_format == "OPEN_EXR_MULTILAYER"
        settings.media_type = "MULTI_LAYER_IMAGE" if multilayer else "IMAGE"
    chosen = specific(settings)  # what there is to choose from depends on the version
    chosen.file_format = file_format
    chosen.color_depth = depth
    if "EXR" in file_format:
        chosen.exr_codec = codec


def leave_out_metadata(render: bpy.types.RenderSettings) -> None:
    """No path, name of the computer or time in the pictures: they are given away."""
    for name in ("filename", "hostname", "date", "render_time", "memory"):
        setattr(render, f"use_stamp_{name}", False)


def reason_in(error: Exception) -> str:
    """What Blender says of an operator that failed: one line, without the word it begins with."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("Error: ")


def action_fcurves(action: bpy.types.Action) -> Iterator[bpy.types.FCurve]:
    """All curves of an action: a flat list before slots (4.4), inside channel bags from 5.0."""
    if hasattr(action, "fcurves"):
        yield from action.fcurves
        return
    for layer in action.layers:
        for strip in layer.strips:
            for bag in specific(strip).channelbags:
                yield from bag.fcurves


def animated_paths(datablock: bpy.types.ID) -> set[str]:
    """The data paths of a datablock that keyframes (also of NLA strips) or drivers change."""
    animation = specific(datablock).animation_data
    if animation is None:
        return set()
    paths = {driver.data_path for driver in animation.drivers}
    actions = [animation.action] if animation.action else []
    actions += [s.action for t in animation.nla_tracks for s in t.strips if s.action]
    for action in actions:
        paths.update(curve.data_path for curve in action_fcurves(action))
    return paths


def enable_nodes(material: bpy.types.Material) -> None:
    """Give a material a node tree; from 5.0 it always has one and the switch is deprecated."""
    if material.node_tree is None or (bpy.app.version < (5, 0, 0) and not material.use_nodes):
        material.use_nodes = True


def uses_nodes(material: bpy.types.Material) -> bool:
    """Whether the node tree, and not the viewport colour, is what renders."""
    if material.node_tree is None:
        return False
    return bpy.app.version >= (5, 0, 0) or material.use_nodes


def animation_range(datablock: bpy.types.ID) -> tuple[float, float] | None:
    """First and last keyed frame of the assigned action or NLA strips, None without any."""
    animation = specific(datablock).animation_data
    if animation is None:
        return None
    ranges = [tuple(animation.action.frame_range)] if animation.action else []
    for track in animation.nla_tracks:
        ranges += [(s.frame_start, s.frame_end) for s in track.strips if not track.mute]
    if not ranges:
        return None
    return min(r[0] for r in ranges), max(r[1] for r in ranges)
