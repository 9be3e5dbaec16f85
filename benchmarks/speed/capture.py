# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of the capture: seconds per view over a sequence, with processes side by side.

    python -m benchmarks.speed.capture [--blend FILE] [--frames 24] [--views 8] [--resolution 512]

Without a file: a figure of two bent tubes with 30 000 faces. Needs the bpy module. Target: 0.15 s
a view at 512 pixels on two cores, loading included. `cpu` is processor seconds per view, which a
busy machine does not change much.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np

from core.job.child_side import leave
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, Part
from core.job.spec_files import save_spec
from core.scene.capture.capture import capture_command
from core.scene.character import find_character
from core.scene.files.opening import open_sources
from core.scene.motion import frame_range
from core.scene.narrowing import specific
from core.scene.snapshot import write_snapshot


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--blend", type=Path, help="a file with one character")
    parser.add_argument("--faces", type=int, default=30_000, help="of the built-in figure")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--resolution", type=int, default=512)
    parser.add_argument("--engine", default="albedo")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    if arguments.blend:
        open_sources([arguments.blend])
    else:
        build_figure(arguments.faces)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), arguments)), flush=True)


def measure(job: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Seconds per view of one capture from snapshot to the last file."""
    character = find_character()
    first, _ = frame_range(character)
    settings = CaptureSettings(
        azimuths=arguments.views, resolution=arguments.resolution, engine=arguments.engine
    )
    frames = FrameSelection(first, first + arguments.frames - 1)
    start = time.perf_counter()
    write_snapshot(character, job)
    snapshot = time.perf_counter() - start
    save_spec(job / "job.json", JobSpec(character.name, "", (Part("body"),), frames, settings))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    children = [
        subprocess.Popen(
            capture_command(job, shard, arguments.processes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for shard in range(arguments.processes)
    ]
    failed = [child.wait() for child in children]
    seconds = time.perf_counter() - start
    if any(failed):
        sys.exit(f"a capture process ended with {failed}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    views = arguments.frames * arguments.views
    size = sum(p.stat().st_size for p in (job / "capture").iterdir())
    return {
        "blender": bpy.app.version_string,
        "character": character.name,
        "faces": character.faces,
        "views": views,
        "seconds": round(seconds, 2),
        "per_view": round(seconds / views, 4),
        "cpu_per_view": round(cpu / views, 4),
        "snapshot": round(snapshot, 3),
        "megabytes": round(size / 1e6, 1),
        "peak_mb": round(after.ru_maxrss / 1024),
    }


def build_figure(faces: int) -> None:
    """Two rigged tubes that bend over 24 frames."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    collection = bpy.context.scene.collection
    rig = bpy.data.objects.new("figure", bpy.data.armatures.new("figure"))
    collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    parent = None
    for index in range(4):
        bone = rig.data.edit_bones.new(f"bone{index}")
        bone.head, bone.tail, bone.parent = (0, 0, index / 2), (0, 0, (index + 1) / 2), parent
        parent = bone
    bpy.ops.object.mode_set(mode="OBJECT")
    for name, radius in (("body", 0.25), ("coat", 0.3)):
        tube = build_tube(name, radius, max(8, round((faces / 2 / 2) ** 0.5)))
        collection.objects.link(tube)
        heights = np.array([v.co.z for v in tube.data.vertices])
        for index in range(4):
            weight = np.clip(1 - np.abs(heights * 2 - index - 0.5), 0, 1)
            group = tube.vertex_groups.new(name=f"bone{index}")
            for vertex in np.flatnonzero(weight):
                group.add([int(vertex)], float(weight[vertex]), "REPLACE")
        specific(tube.modifiers.new("Armature", "ARMATURE")).object = rig
    for frame, angle in ((1, -0.3), (24, 0.4)):
        for bone in rig.pose.bones:
            bone.rotation_mode = "XYZ"
            bone.rotation_euler.x = angle
            bone.keyframe_insert("rotation_euler", frame=frame)


def build_tube(name: str, radius: float, around: int) -> bpy.types.Object:
    """A tube 2 units high: `around` x 2 `around` quads."""
    rows = 2 * around
    turn = np.arange(around) * 2 * np.pi / around
    x, y = np.tile(np.cos(turn), rows + 1), np.tile(np.sin(turn), rows + 1)
    z = np.repeat(np.linspace(0, 2, rows + 1), around)
    vertices = np.stack([x * radius, y * radius, z], -1)
    column = np.arange(around)
    lower = (np.arange(rows)[:, None] * around + column).ravel()
    beside = (np.arange(rows)[:, None] * around + (column + 1) % around).ravel()
    quads = np.stack([lower, beside, beside + around, lower + around], 1)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], quads.tolist())
    return bpy.data.objects.new(name, mesh)


if __name__ == "__main__":
    main()
    leave(0)
