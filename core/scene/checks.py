# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at before any work starts, so that bad input costs seconds, not minutes."""

from __future__ import annotations

import bpy
import numpy as np

from ..errors import InputError
from ..job.spec import FrameSelection
from .character import FRAME_PROPERTY, Character
from .narrowing import mesh_of

_FARTHEST = 1e15  # units
MAX_ELEMENTS = 2**24  # a 32-bit float holds every integer up to here


def check_character(character: Character) -> None:
    """Raises InputError naming the object and the remedy when a capture cannot work."""
    for obj in character.sources:
        mesh = obj.data
        if mesh.library is not None:
            library = bpy.path.basename(mesh.library.filepath)
            raise InputError(
                f"The mesh of '{obj.name}' is linked from {library}",
                "Use Object > Relations > Make Local > Selected Objects and Data",
            )
        if obj.mode == "EDIT":
            raise InputError(f"'{obj.name}' is in Edit Mode", "Leave Edit Mode (Tab)")
        if obj.mode == "SCULPT" and obj.use_dynamic_topology_sculpting:
            raise InputError(f"'{obj.name}' is being sculpted with Dyntopo", "Leave Sculpt Mode")
    if not character.faces and not any(o.modifiers for o in character.sources):
        raise InputError(
            f"'{character.name}' has no faces", "Parts4D labels faces: choose a mesh with faces"
        )
    if character.kind != "sequence" and character.faces >= MAX_ELEMENTS:
        raise InputError(
            f"'{character.name}' has {character.faces} faces, more than 16.7 million",
            "Reduce it, for example with a Decimate modifier that you apply",
        )
    for obj in character.sources:
        check_finite(vertex_positions(mesh_of(obj)), obj.name)


def check_finite(positions: np.ndarray, name: str, frame: int | None = None) -> None:
    """Raises InputError when one of `positions` (N, 3) is no number or absurdly far away.

    Blender itself turns infinity into the largest number; its square would overflow here.
    """
    with np.errstate(invalid="ignore"):
        good = np.abs(positions) < _FARTHEST
    if not good.all():
        bad = int(np.flatnonzero(~good.all(1))[0])
        when = "" if frame is None else f" in frame {frame}"
        raise InputError(
            f"Vertex {bad} of '{name}' is not at a finite position{when}",
            "Delete or move that vertex, or fix the modifier or shape key that moves it there",
        )


def vertex_positions(mesh: bpy.types.Mesh) -> np.ndarray:
    """(N, 3) float32, object space."""
    positions = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", positions)
    return positions.reshape(-1, 3)


def selected_frames(selection: FrameSelection) -> tuple[int, ...]:
    """The frames of a range with its step. Raises InputError for a range without frames."""
    if selection.step < 1:
        raise InputError(f"A frame step of {selection.step} is not possible", "Use 1 or more")
    frames = tuple(range(selection.start, selection.end + 1, selection.step))
    if not frames:
        raise InputError(
            f"The frame range {selection.start} to {selection.end} has no frames",
            "Set the last frame to the first one or later",
        )
    return frames


def frames_to_capture(character: Character, selection: FrameSelection) -> tuple[int, ...]:
    """The selected frames; of a mesh sequence those that have a mesh. Raises InputError if none."""
    frames = selected_frames(selection)
    if character.kind != "sequence":
        return frames
    own = set(character.frames)
    present = tuple(f for f in frames if f in own)
    if not present:
        raise InputError(
            f"'{character.name}' has meshes for frames {min(own)} to {max(own)}, none of them in "
            f"{selection.start} to {selection.end} with step {selection.step}",
            "Choose another frame range",
        )
    return present


def object_frame(obj: bpy.types.Object) -> int | None:
    """The only scene frame a sequence's object exists on, None for ordinary objects."""
    value = obj.get(FRAME_PROPERTY)
    return None if value is None else int(value)
