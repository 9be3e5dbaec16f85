# SPDX-License-Identifier: GPL-3.0-or-later
"""Scenes, finished jobs with made-up labels, and a full picture of what a mesh and object hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from core.job.capture_files import CapturedObject
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles, LabelledPart, Result
from core.job.stage_marks import StageStore
from core.scene.narrowing import mesh_of, scene_of, specific

PARTS = (
    LabelledPart("jacket", (0.8, 0.2, 0.0), ("coat",)),
    LabelledPart("jeans", (0.2, 0.4, 1.0)),
    LabelledPart("hair", (0.2, 0.8, 0.4)),
)
GREY = 128


def empty_scene() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return scene_of(bpy.context)


def sphere(name: str = "Body", segments: int = 8, rings: int = 6) -> bpy.types.Object:
    """A unit sphere of quads with triangles at the poles, active and selected.

    Made by hand: one in a few thousand of Blender's own has its faces in another order.
    """
    heights = np.cos(np.pi * np.arange(1, rings) / rings)
    angles = 2 * np.pi * np.arange(segments) / segments
    circle = np.stack([np.cos(angles), np.sin(angles)], 1)
    rows = [np.c_[circle * np.sqrt(1 - z * z), np.full(segments, z)] for z in heights]
    points = np.concatenate([*rows, [(0, 0, 1), (0, 0, -1)]])
    top, bottom, last = len(points) - 2, len(points) - 1, (rings - 2) * segments
    faces: list[tuple[int, ...]] = []
    for a, b in zip(range(segments), [*range(1, segments), 0], strict=True):
        faces.append((top, a, b))
        starts = range(0, last, segments)
        faces += [(s + a, s + segments + a, s + segments + b, s + b) for s in starts]
        faces.append((bottom, last + b, last + a))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(points.tolist(), [], faces)
    mesh.uv_layers.new(name="UVMap")
    ob = bpy.data.objects.new(name, mesh)
    bpy.context.collection.objects.link(ob)
    for other in bpy.context.selected_objects:
        other.select_set(False)
    ob.select_set(True)
    bpy.context.view_layer.objects.active = ob
    return ob


def random_labels(faces: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-1, len(PARTS), faces).astype(np.int16)


def changing(faces: int, frames: Sequence[int], changes: Sequence[int]) -> dict[int, np.ndarray]:
    """Labels per frame that are new at each of `changes` and held in between."""
    labels, held = {}, random_labels(faces, 0)
    for frame in frames:
        if frame in changes:
            held = random_labels(faces, frame + 1000)
        labels[frame] = held
    return labels


def finished_job(
    folder: Path,
    objects: Sequence[bpy.types.Object],
    labels: Mapping[int, np.ndarray],
    parts: Sequence[LabelledPart] = PARTS,
) -> LabelFiles:
    """A job of constant topology: `labels` are over the polygons of all `objects` in order."""
    captured, start = [], 0
    for ob in objects:
        captured.append(CapturedObject(ob.name, ob.data.name, start, len(ob.data.polygons)))
        start += len(ob.data.polygons)
    return _write(folder, labels, parts, "constant", tuple(captured), {})


def changing_job(
    folder: Path,
    ob: bpy.types.Object,
    frames: Sequence[int] = (1, 2, 3, 4, 5),
    changes: Sequence[int] = (3, 5),
) -> tuple[LabelFiles, dict[int, np.ndarray]]:
    """A finished job for one object whose labels change at `changes`, and those labels."""
    labels = changing(len(ob.data.polygons), frames, changes)
    return finished_job(folder, [ob], labels), labels


def finished_sequence(
    folder: Path,
    frame_objects: Mapping[int, Sequence[tuple[bpy.types.Object, int]]],
    labels: Mapping[int, np.ndarray],
) -> LabelFiles:
    """A job of changing topology: per frame the objects and how many faces each had."""
    captured = {}
    for frame, objects in frame_objects.items():
        runs, start = [], 0
        for ob, faces in objects:
            runs.append(CapturedObject(ob.name, ob.data.name, start, faces))
            start += faces
        captured[str(frame)] = tuple(runs)
    return _write(folder, labels, PARTS, "sequence", (), captured)


def _write(folder, labels, parts, topology, objects, frame_objects) -> LabelFiles:
    files = LabelFiles(folder)
    for frame, label in labels.items():
        files.write_frame(frame, label, np.ones(len(label), np.float16))
    files.write_result(
        Result(
            character="Test",
            frames=tuple(labels),
            vocabulary=tuple(parts),
            topology=topology,
            objects=objects,
            frame_objects=frame_objects,
            backends={"proposer": "structure"},
            seconds={},
            counts={},
        )
    )
    finish(files)
    return files


def finish(files: LabelFiles) -> None:
    """Says that the labels are what they should be, as the stage does that writes them."""
    StageStore(JobFolder(files.job)).mark_done("labels", "a key")


def values(mesh: Any, name: str) -> np.ndarray:
    """All numbers of an attribute, colours as sRGB bytes."""
    attribute = mesh.attributes[name]
    kinds: dict[str, tuple[str, int, Any]] = {
        "FLOAT": ("value", 1, np.float32),
        "INT": ("value", 1, np.int32),
        "BOOLEAN": ("value", 1, bool),
        "INT8": ("value", 1, np.int32),
        "INT32_2D": ("value", 2, np.int32),
        "INT16_2D": ("value", 2, np.int32),
        "FLOAT2": ("vector", 2, np.float32),
        "FLOAT_VECTOR": ("vector", 3, np.float32),
        "FLOAT_COLOR": ("color", 4, np.float32),
        "BYTE_COLOR": ("color_srgb", 4, np.float32),
    }
    field, width, dtype = kinds[attribute.data_type]
    data = np.empty(len(attribute.data) * width, dtype)
    attribute.data.foreach_get(field, data)
    if attribute.data_type == "BYTE_COLOR":
        return np.round(data.reshape(-1, 4) * 255).astype(np.uint8)
    return data


def leave_edit_mode_once(ob: bpy.types.Object) -> None:
    """Blender 5.2 then sorts the mesh's attributes, and has no active one: not our doing."""
    bpy.context.view_layer.objects.active = ob
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.object.mode_set(mode="OBJECT")


def mesh_state(ob: bpy.types.Object) -> dict[str, Any]:
    """Everything that can be told of a mesh and an object: equal before and after, or changed."""
    mesh = ob.data
    attribute = mesh.attributes.active
    uv = mesh.uv_layers
    return {
        "counts": [len(mesh.vertices), len(mesh.edges), len(mesh.loops), len(mesh.polygons)],
        "attributes": [
            (a.name, a.data_type, a.domain, values(mesh, a.name).tobytes())
            for a in mesh.attributes
            if a.data_type != "STRING"
        ],
        "active attribute": attribute.name if attribute else None,
        "colors": (
            mesh.color_attributes.active_color_name,
            mesh.color_attributes.default_color_name,
            mesh.color_attributes.active_color_index,
            mesh.color_attributes.render_color_index,
        ),
        "uv": (uv.active_index, [(u.name, u.active_render, u.active_clone) for u in uv]),
        "groups": [(g.name, g.index, g.lock_weight) for g in ob.vertex_groups],
        "active group": ob.vertex_groups.active_index,
        "weights": [sorted((g.group, g.weight) for g in v.groups) for v in mesh.vertices],
        "materials": [m.name if m else None for m in mesh.materials],
        "slots": [(s.link, s.material.name if s.material else None) for s in ob.material_slots],
        "keys": {
            k.name: np.array([p.co for p in k.data]).tobytes()
            for k in (mesh.shape_keys.key_blocks if mesh.shape_keys else ())
        },
        "modifiers": [
            (m.name, m.type, m.show_viewport, m.show_render, m.show_in_editmode)
            for m in ob.modifiers
        ],
        "active modifier": ob.modifiers.active.name if ob.modifiers.active else None,
        "properties": (dict(ob.items()), dict(mesh.items())),
        "hidden": (ob.hide_viewport, ob.hide_render),
        "mode": ob.mode,
    }


def file_state() -> dict[str, list[str]]:
    """Names of all datablocks that writing back could leave behind."""
    kinds = ("objects", "meshes", "node_groups", "materials", "collections", "actions", "texts")
    found = {kind: sorted(d.name for d in getattr(bpy.data, kind)) for kind in kinds}
    found["properties"] = [
        f"{d.name}:{sorted(d.keys())}" for d in (*bpy.data.scenes, *bpy.data.screens)
    ]
    found["shading"] = [s.display.shading.color_type for s in bpy.data.scenes]
    found["views"] = [
        specific(space).shading.color_type
        for screen in bpy.data.screens
        for area in screen.areas
        for space in area.spaces
        if space.type == "VIEW_3D"
    ]
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {k: (before[k], after[k]) for k in before if before[k] != after[k]}


def evaluated(ob: bpy.types.Object, frame: int, subframe: float = 0.0) -> bpy.types.Mesh:
    bpy.context.scene.frame_set(frame, subframe=subframe)
    return mesh_of(ob.evaluated_get(bpy.context.evaluated_depsgraph_get()))


def corner_colors(mesh: Any, label: np.ndarray, parts=PARTS) -> np.ndarray:
    """(corners, 4) uint8 that `label` should look like."""
    palette = [(GREY, GREY, GREY, 255)]
    palette += [(*(round(c * 255) for c in part.color), 255) for part in parts]
    sizes = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("loop_total", sizes)
    return np.array(palette, np.uint8)[np.repeat(label + 1, sizes)]
