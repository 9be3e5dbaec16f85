# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that captures one case: Blender has one state per process.

    python -m benchmarks.quality.capture_main '{"name": ..., "path": ..., ...}'

See `captured.capture_case`, which starts it. Messages are JSON lines, as of every child program.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import InputError, JobError
from core.files.atomic import write_json
from core.files.reading import read_object
from core.job.arrays import ArrayReader, save_arrays
from core.job.capture_files import CaptureFiles
from core.job.child_side import Channel, run_child
from core.job.folder import JobFolder
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, Part
from core.job.workers import OneShotWorker

from .captured import CaptureOptions
from .cases import Case, scan_files

if TYPE_CHECKING:
    from core.scene.character import Character

CANDIDATES = 40  # frames among which the most different poses are looked for


def main(channel: Channel) -> None:
    request = json.loads(sys.argv[1])
    folder = Path(request["folder"])
    path = Path(request["path"])
    case = Case(request["name"], request["family"], request["kind"], path)

    # bpy is imported only now, when standard output has been set aside for the protocol.
    import bpy

    from core.job.run_job import run_job
    from core.scene.capture.capture import capture_command
    from core.scene.character import find_character
    from core.scene.files.opening import open_sources
    from core.scene.motion import frame_range
    from core.scene.prepare import prepare_job

    sources = scan_files(path) if case.kind == "scan" else [path]
    open_sources(sources)
    character = find_character(None)
    options = CaptureOptions(**request["options"])
    start, end = frame_range(character)
    select = scan_selection if case.kind == "scan" else pose_selection
    spec = JobSpec(
        character=character.name,
        blend=str(path) if path.suffix == ".blend" else "",
        parts=(Part("body"),),
        frames=select(start, end, options),
        capture=CaptureSettings(azimuths=options.views, resolution=options.resolution, processes=1),
    )
    if case.kind == "scan":
        names, per_face = scan_truth(path)
    else:
        names = json.loads(bpy.context.scene.get("gt_names", "[]"))
        per_face = [character_truth(character)]
    _check_names(path, names, per_face)
    elements = [(o.name, len(o.data.polygons)) for o in character.sources]
    job = JobFolder(folder / "job")
    prepare_job(job, spec, character, sources)
    no_worker = OneShotWorker(lambda job: [])  # the run ends before one is needed
    run_job(job, capture_command, no_worker, channel.send, channel.cancelled.is_set, "capture")

    files = CaptureFiles(job.capture)
    if case.kind == "scan":
        truth = {str(frame): per_face[frame - start] for frame in files.manifest.frames}
        _check_counts(files, truth)
    else:
        truth = {"all": per_face[0]}
        _check_objects(files, elements)
    save_arrays(folder / "truth.npz", truth)
    write_json(folder / "case.json", {"key": request["key"], "names": names})


def pose_selection(start: int, end: int, options: CaptureOptions) -> FrameSelection:
    """The most different poses of a motion."""
    return FrameSelection(start, end, max(1, (end - start + 1) // CANDIDATES), options.frames)


def scan_selection(start: int, end: int, options: CaptureOptions) -> FrameSelection:
    """Frames from the middle of a sequence: what flickers, and what steadies it, are neighbours."""
    count = min(options.scan_frames, end - start + 1)
    first = start + (end - start + 1 - count) // 2
    return FrameSelection(first, first + count - 1)


def character_truth(character: Character) -> np.ndarray:
    """(E,) int16 of `gt_part` over the character's elements, -1 where an object has none."""
    values = []
    for source in character.sources:
        attribute: Any = source.data.attributes.get("gt_part")
        part = np.full(len(source.data.polygons), -1, np.int32)
        if attribute is not None:
            attribute.data.foreach_get("value", part)
        values.append(part.astype(np.int16))
    return np.concatenate(values)


def scan_truth(folder: Path) -> tuple[list[str], list[np.ndarray]]:
    """The names, and (E,) int16 per mesh file, in the files' order."""
    document = read_object(folder / "meta.json", "Check the data set")
    with ArrayReader(folder / "labels.npz") as reader:
        names = sorted(reader.names(), key=lambda name: int(re.findall(r"\d+", name)[-1]))
        labels = [reader[name].astype(np.int16) for name in names]
    if len(labels) != len(scan_files(folder)):
        raise InputError(f"{folder} has not one array of labels for each mesh", "Check labels.npz")
    return document["gt_names"], labels


def _check_names(path: Path, names: list[str], per_face: list[np.ndarray]) -> None:
    if not names or not all((truth >= 0).any() for truth in per_face):
        raise InputError(f"{path} has no ground truth", "Set gt_names and gt_part")
    highest = max(int(truth.max()) for truth in per_face)
    if highest >= len(names):
        raise InputError(f"{path} has a part {highest} without a name", "Correct gt_names")


def _check_objects(files: CaptureFiles, elements: list[tuple[str, int]]) -> None:
    """Elements are the polygons of the character's meshes, in order."""
    manifest = files.manifest
    if manifest.topology != "constant":
        raise InputError(
            f"The topology of '{manifest.character}' changes from frame to frame",
            "Export it as a scan sequence",
        )
    if [(o.name, o.element_count) for o in manifest.objects] != elements:
        raise JobError(f"The capture of '{manifest.character}' has other meshes", "Run again")


def _check_counts(files: CaptureFiles, truth: dict[str, np.ndarray]) -> None:
    """Faces keep the order of the file; one that was dropped would shift all labels after it."""
    for frame in files.manifest.frames:
        count = files.facts(frame).count
        if count != len(truth[str(frame)]):
            raise JobError(
                f"Frame {frame} has {count} faces and {len(truth[str(frame)])} labels",
                "Check that labels.npz belongs to these meshes",
            )


if __name__ == "__main__":
    run_child(main)
