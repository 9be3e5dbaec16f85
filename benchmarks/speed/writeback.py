# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing labels back: seconds and memory for 250 frames of a mesh with 100 000 faces.

    python -m benchmarks.speed.writeback [--faces 100000] [--frames 250] [--domain CORNER]

Two cases: labels change at 10 frames, and at every frame. Needs the bpy module. Target: 5 s.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

from core.job.capture_files import CapturedObject
from core.job.folder import JobFolder
from core.job.label_files import LabelFiles, LabelledPart, Result
from core.job.stage_marks import StageStore
from core.scene.narrowing import specific
from core.scene.writeback import WriteOptions, apply_labels, clear_labels

PARTS = 24


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=250)
    parser.add_argument("--domain", choices=("CORNER", "POINT"), default="CORNER")
    arguments = parser.parse_args()
    options = WriteOptions(color_domain=arguments.domain)
    for changes in (10, arguments.frames):
        with tempfile.TemporaryDirectory() as folder:
            case = measure(Path(folder), arguments.faces, arguments.frames, changes, options)
        print(json.dumps({"blender": bpy.app.version_string, **case}), flush=True)


def measure(
    folder: Path, faces: int, frames: int, changes: int, options: WriteOptions
) -> dict[str, float]:
    """Seconds to apply, apply again, switch frames and clear; memory in MB."""
    ob = grid(faces)
    files = finished_job(folder, ob, frames, changes)
    memory = peak_memory()
    busy = time.process_time()  # tells a slow Blender from a machine that does other things too
    times = {"apply": seconds(lambda: apply_labels(files, options))}
    times["apply CPU"] = time.process_time() - busy
    times["apply peak MB"] = round(peak_memory() - memory)
    play = range(1, frames + 1, max(1, frames // 25))
    times["frame change"] = seconds(lambda: [shown_labels(ob, f) for f in play]) / len(play)
    times["apply again"] = seconds(lambda: apply_labels(files, options))
    times["clear"] = seconds(lambda: clear_labels([ob]))
    size = {"faces": len(ob.data.polygons), "frames": frames, "changes": changes}
    return {**size, **{k: round(v, 3) for k, v in times.items()}, "peak MB": round(peak_memory())}


def grid(faces: int) -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    side = round(faces**0.5)
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=side, y_subdivisions=side)
    return specific(bpy.context.object)


def finished_job(folder: Path, ob: bpy.types.Object, frames: int, changes: int) -> LabelFiles:
    """Patches of labels, and at each change a thousandth of the faces takes another part."""
    files, random = LabelFiles(folder), np.random.default_rng(1)
    count = len(ob.data.polygons)
    label = (np.arange(count) * PARTS // count).astype(np.int16)
    at = {round(i * frames / changes) + 1 for i in range(changes)}
    for frame in range(1, frames + 1):
        if frame in at:
            changed = random.integers(0, count, max(1, count // 1000))
            label[changed] = random.integers(-1, PARTS, len(changed))
        files.write_frame(frame, label, np.ones(count, np.float16))
    colors = random.random((PARTS, 3)).tolist()
    files.write_result(
        Result(
            character="grid",
            frames=tuple(range(1, frames + 1)),
            vocabulary=tuple(LabelledPart(f"part {i}", tuple(c)) for i, c in enumerate(colors)),
            topology="constant",
            objects=(CapturedObject(ob.name, ob.data.name, 0, count),),
            frame_objects={},
            backends={},
            seconds={},
            counts={},
        )
    )
    StageStore(JobFolder(folder)).mark_done("labels", "a key")
    return files


def shown_labels(ob: bpy.types.Object, frame: int) -> int:
    bpy.context.scene.frame_set(frame)
    mesh = ob.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return len(mesh.attributes["parts_label"].data)


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def peak_memory() -> float:
    """MB; the highest of the process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the bpy module may hang in an ordinary exit
