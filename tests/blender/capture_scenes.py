# SPDX-License-Identifier: GPL-3.0-or-later
"""Small scenes and an independent truth for the tests of the capture."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from core.job.capture_files import CaptureFiles
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, Part
from core.job.spec_files import save_spec
from core.scene.capture.capture import capture_in_process
from core.scene.capture.capture_scene import place_character
from core.scene.capture.elements import mark_elements, read_ids
from core.scene.capture.scan import visible_meshes
from core.scene.character import Character, find_character
from core.scene.narrowing import scene_of, specific
from core.scene.snapshot import load_snapshot, write_snapshot

RESOLUTION = 64
SAMPLE_SPREAD = 0.006  # pixels: the smallest filter Cycles knows is 0.01 wide, not a point


def empty_file() -> bpy.types.Scene:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return scene_of(bpy.context)


def sphere(name: str = "ball", segments: int = 16, rings: int = 12, x: float = 0.0, size=1.0):
    """A ball of quads and two fans, with UVs; Blender's own operator numbers faces at random."""
    turn = np.arange(segments) * 2 * np.pi / segments
    fall = np.arange(1, rings) * np.pi / rings
    ring = np.stack(
        [
            np.outer(np.sin(fall), np.cos(turn)),
            np.outer(np.sin(fall), np.sin(turn)),
            np.outer(np.cos(fall), np.ones(segments)),
        ],
        -1,
    ).reshape(-1, 3)
    vertices = np.concatenate([ring, [[0, 0, 1], [0, 0, -1]]]) * size
    top, bottom = len(ring), len(ring) + 1
    faces: list[tuple[int, ...]] = []
    for i in range(segments):
        j = (i + 1) % segments
        faces.append((top, i, j))
        for r in range(rings - 2):
            a, b = r * segments, (r + 1) * segments
            faces.append((a + i, b + i, b + j, a + j))
        last = (rings - 2) * segments
        faces.append((bottom, last + j, last + i))
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], faces)
    uv = mesh.uv_layers.new(name="UVMap")
    corner = np.zeros(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corner)
    uv.uv.foreach_set("vector", vertices[corner][:, :2].astype(np.float32).ravel())
    obj = bpy.data.objects.new(name, mesh)
    obj.location.x = x
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    bpy.context.view_layer.update()
    return obj


def rigged_character() -> bpy.types.Object:
    """An armature that bends a body over five frames and carries a hat on its upper bone."""
    empty_file()
    body = sphere("body")
    body.scale = (0.6, 0.5, 1.5)
    armature = bpy.data.objects.new("rig", bpy.data.armatures.new("rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    lower = armature.data.edit_bones.new("lower")
    lower.head, lower.tail = (0, 0, -1.5), (0, 0, 0)
    upper = armature.data.edit_bones.new("upper")
    upper.head, upper.tail, upper.parent = (0, 0, 0), (0, 0, 1.5), lower
    bpy.ops.object.mode_set(mode="OBJECT")
    heights = np.array([v.co.z for v in body.data.vertices])
    for name, chosen in (("lower", heights <= 0), ("upper", heights > 0)):
        group = body.vertex_groups.new(name=name)
        group.add(np.flatnonzero(chosen).tolist(), 1.0, "REPLACE")
    body.modifiers.new("Armature", "ARMATURE").object = armature
    hat = sphere("hat", 8, 6, size=0.4)
    hat.location = (0, 0, 0.2)
    hat.parent, hat.parent_type, hat.parent_bone = armature, "BONE", "upper"
    bone = armature.pose.bones["upper"]
    bone.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (5, 1.2)):
        bone.rotation_euler = (0, 0, 0) if not angle else (angle, 0, angle)
        bone.keyframe_insert("rotation_euler", frame=frame)
    bpy.context.scene.frame_start, bpy.context.scene.frame_end = 1, 5
    return armature


def write_job(
    job: Path, frames=(1, 1), step: int = 1, keyframes: int = 0, name=None, **settings
) -> Character:
    """A job folder with spec and snapshot of a character of the open file."""
    character = find_character(name)
    chosen = {"azimuths": 3, "resolution": RESOLUTION, "depth": True, **settings}
    spec = JobSpec(
        character.name,
        "",
        (Part("body"),),
        FrameSelection(frames[0], frames[1], step, keyframes),
        CaptureSettings(**chosen),
    )
    write_snapshot(character, job)
    save_spec(job / "job.json", spec)
    return character


def captured(job: Path, frames=(1, 1), **options) -> CaptureFiles:
    """The capture of the open file's character; afterwards that file is no longer open."""
    write_job(job, frames, **options)
    capture_in_process(job)
    return CaptureFiles(job / "capture")


def ray_cast_elements(job: Path, frame: int, view: int, step: int = 1) -> tuple[int, int]:
    """(rays that hit, wrong pixels) of one element map, against a BVH of the evaluated meshes."""
    character = load_snapshot(job)
    scene = place_character(character.roots)
    mark_elements(character.sources)
    scene.frame_set(frame)
    constant = CaptureFiles(job / "capture").manifest.topology == "constant"
    vertices, triangles, ids, start, faces = [], [], [], 0, 0
    for visible in visible_meshes(scene, frame):
        mesh = visible.mesh
        mesh.calc_loop_triangles()
        count = len(mesh.loop_triangles)
        corner, face = np.zeros(count * 3, np.int32), np.zeros(count, np.int32)
        mesh.loop_triangles.foreach_get("vertices", corner)
        mesh.loop_triangles.foreach_get("polygon_index", face)
        positions = visible.positions()
        vertices.append(positions)
        triangles.append(corner.reshape(-1, 3) + start)
        own = read_ids(mesh) if constant else np.arange(len(mesh.polygons)) + 1 + faces
        faces += len(mesh.polygons)
        ids.append(own[face])
        start += len(positions)
    tree: Any = BVHTree.FromPolygons(
        np.concatenate(vertices).tolist(), np.concatenate(triangles).tolist()
    )
    ids = np.concatenate(ids)
    image = CaptureFiles(job / "capture").view(frame, view)
    element = image.uncrop(image.element, -1)
    to_world = np.linalg.inv(image.world_to_camera)
    assert image.intrinsics is not None
    inverse = np.linalg.inv(image.intrinsics)
    perspective = abs(image.intrinsics[0, 0]) > image.resolution[1] * 0.5

    def cast(u: float, v: float) -> int:
        x, y, _ = inverse @ [u, v, 1]
        if perspective:
            origin, direction = to_world[:3, 3], to_world[:3, :3] @ [x, y, 1]
        else:
            origin, direction = (to_world @ [x, y, 0, 1])[:3], to_world[:3, 2]
        index = tree.ray_cast(Vector(origin.tolist()), Vector(direction.tolist()))[2]
        return -1 if index is None else int(ids[index]) - 1

    hit = wrong = 0
    for row in range(0, image.resolution[0], step):
        for column in range(0, image.resolution[1], step):
            expected, found = cast(column + 0.5, row + 0.5), int(element[row, column])
            hit += expected >= 0
            if expected != found:
                wrong += found not in {
                    cast(column + 0.5 + dx, row + 0.5 + dy)
                    for dx in (-SAMPLE_SPREAD, SAMPLE_SPREAD)
                    for dy in (-SAMPLE_SPREAD, SAMPLE_SPREAD)
                }
    return hit, wrong


def file_state() -> str:
    """A hash of all that a capture might disturb in the open file."""
    digest = hashlib.sha256()

    def add(*values: object) -> None:
        digest.update(repr(values).encode())

    for kind in ("objects", "meshes", "materials", "images", "scenes", "collections", "texts",
                 "node_groups", "actions", "armatures", "worlds", "cameras", "lights"):  # fmt: skip
        for block in getattr(bpy.data, kind):
            add(kind, block.name_full, block.users, block.use_fake_user)
    for mesh in bpy.data.meshes:
        add(sorted((a.name, a.domain, a.data_type) for a in mesh.attributes))
        positions = np.zeros(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", positions)
        digest.update(positions.tobytes())
        add([m and m.name for m in mesh.materials])
    for image in bpy.data.images:
        add(image.filepath, image.packed_file is not None)
    for material in bpy.data.materials:
        add([n.name for n in material.node_tree.nodes] if material.node_tree else None)
    for obj in bpy.data.objects:
        add(obj.select_get() if obj.users_scene else None, obj.mode, obj.hide_render)
        add([(m.name, m.show_viewport, m.show_render) for m in obj.modifiers])
        add([tuple(row) for row in specific(obj.matrix_basis)])
    active = bpy.context.view_layer.objects.active
    add(active and active.name, bpy.context.scene.name, bpy.data.filepath)
    for scene in bpy.data.scenes:
        add(scene.frame_current, scene.render.engine, scene.camera and scene.camera.name)
        add(scene.view_settings.view_transform, scene.render.filepath)
    return digest.hexdigest()
