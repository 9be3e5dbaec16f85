# SPDX-License-Identifier: GPL-3.0-or-later
"""Speed of label passes: seconds an image, and what a matte costs beside the labels.

    python -m benchmarks.speed.labels [--faces 40000] [--frames 6] [--width 512] [--height 512]

A figure of two bent tubes with 24 parts, in every frame another pose, fills most of the picture.
Needs the bpy module. Targets: 0.2 s an image of 512 pixels with 40 000 faces, 1.5 s of 1920 x 1080
with 100 000; index and matte together at most 1.5 times the index alone, which 16 samples a pixel
miss by far. `cpu` is processor seconds an image, which a busy machine does not change much; the
ratio is made of those.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy
import numpy as np

from benchmarks.speed.capture import build_figure
from core.job.capture_files import CapturedObject
from core.job.child_side import leave
from core.job.label_files import LabelFiles, LabelledPart, Result
from core.job.spec import CaptureSettings
from core.label_images.request import LabelledCharacter, LabelRender, PassName
from core.scene.character import find_character
from core.scene.label_passes.render import render_labels
from core.scene.narrowing import mesh_of

PARTS = 24


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--faces", type=int, default=40_000)
    parser.add_argument("--frames", type=int, default=6)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--height", type=int, default=512)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), arguments)), flush=True)
    leave(0)


def measure(folder: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Times of the index alone and of index and matte, over the same frames."""
    build_figure(arguments.faces)
    label_figure(folder / "job")
    blend = folder / "figure.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), check_existing=False)
    request = LabelRender(
        str(blend),
        str(folder / "images"),
        (LabelledCharacter("figure", str(folder / "job"), find_character().name),),
        tuple(range(1, arguments.frames + 1)),
        rig=CaptureSettings(azimuths=1),
        resolution=(arguments.width, arguments.height),
    )
    faces = sum(len(mesh_of(o).polygons) for o in find_character().sources)
    index = _timed(request, ("parts", "instances"), "index")
    both = _timed(request, ("parts", "instances", "matte"), "matte")
    return {
        "benchmark": "labels",
        "faces": faces,
        "size": [arguments.width, arguments.height],
        "seconds": round(index.wall, 3),
        "cpu": round(index.cpu, 3),
        "with_matte": round(both.wall, 3),
        "matte_ratio": round(both.cpu / index.cpu, 2),
    }


def label_figure(job: Path) -> None:
    """A finished job that cuts every mesh of the figure into PARTS pieces by face index."""
    captured, labels, start = [], [], 0
    for ob in find_character().sources:
        count = len(mesh_of(ob).polygons)
        captured.append(CapturedObject(ob.name, mesh_of(ob).name, start, count))
        labels.append(np.arange(count) * PARTS // max(count, 1))
        start += count
    files = LabelFiles(job)
    label = np.concatenate(labels).astype(np.int16)
    files.write_frame(1, label, np.ones(len(label), np.float16))
    parts = tuple(LabelledPart(f"part {i:02d}", (i / PARTS, 0.5, 0.5)) for i in range(PARTS))
    files.write_result(Result("figure", (1,), parts, "constant", tuple(captured), {}, {}, {}, {}))


@dataclass
class _Clock:
    """Seconds of each step, without the first: it opens the file."""

    marks: list[tuple[float, float]] = field(default_factory=list)

    def step(self, done: float, total: float) -> None:
        self.marks.append((time.perf_counter(), time.process_time()))

    @property
    def steps(self) -> np.ndarray:
        """(steps, 2) float64: wall and processor seconds."""
        return np.diff(np.array(self.marks), axis=0)


@dataclass(frozen=True)
class _Time:
    wall: float
    cpu: float


def _timed(request: LabelRender, passes: tuple[PassName, ...], key: str) -> _Time:
    """An image's seconds: the median step of each run over the frames, added up."""
    clock = _Clock()
    render_labels(replace(request, passes=passes, key=key), clock.step)
    runs = np.split(clock.steps, clock.steps.shape[0] // len(request.frames))
    medians = [np.median(run[1:], axis=0) for run in runs]
    wall, cpu = np.sum(medians, axis=0).tolist()
    return _Time(wall, cpu)


if __name__ == "__main__":
    main()
