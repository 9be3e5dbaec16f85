# SPDX-License-Identifier: GPL-3.0-or-later
"""Capture from beginning to end: load the snapshot, scan it, render this process's frames."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...errors import JobError
from ...job.arrays import ArrayReader
from ...job.capture_files import PASSES, CapturedObject, CaptureFiles, Manifest
from ...job.spec import JobSpec
from ...job.spec_files import load_spec
from ..checks import check_character, frames_to_capture
from ..snapshot import Snapshot, load_snapshot, read_snapshot, snapshot_file, snapshot_path
from ..writeback import clear_labels, labelled_objects
from .capture_materials import prepare_materials
from .capture_scene import place_character
from .elements import mark_elements
from .evaluated_frames import baked_frame
from .mesh_facts import NameTable, deformed_sources, gather_facts
from .passes import scratch_folder
from .render_views import ViewRenderer
from .rig import Bounds, Rig, check_settings, fit_rig
from .scan import Scan, key_poses, scan_frames

Progress = Callable[[float, float], None]  # views done, views in all; may raise CancelledError
Warn = Callable[[str], None]


def capture_command(job: Path, shard: int = 0, shards: int = 1) -> list[str]:
    """The command line of one of `shards` capture processes.

    Blender itself where there is a binary; else this Python, which has the `bpy` module.
    """
    program = str(Path(__file__).with_name("capture_main.py"))
    arguments = [str(job), "--shard", f"{shard}/{shards}"]
    if bpy.app.binary_path:
        blender = [bpy.app.binary_path, "--background", "--factory-startup"]
        if bpy.context.preferences.filepaths.use_scripts_auto_execute:
            blender.append("--enable-autoexec")  # the user's choice; drivers may need it
        return [*blender, "--python-exit-code", "1", "--python", program, "--", *arguments]
    return [sys.executable, program, *arguments]


def capture_in_process(
    job: Path,
    shard: int = 0,
    shards: int = 1,
    progress: Progress = lambda done, total: None,
    warn: Warn = lambda message: None,
) -> None:
    """Capture frames `shard`, `shard + shards`, ... of the job here; closes what is open.

    Frames that are there already are kept. The first shard also writes the manifest and, for
    constant topology, the facts. Raises InputError, JobError, CancelledError.
    """
    job = Path(job)
    prepared = _prepare_scene(job, progress)
    files = CaptureFiles(job / "capture")
    if shard == 0:
        _write_common(prepared, files, warn)
    mine = list(zip(prepared.scan.frames, prepared.scan.bounds, strict=True))[shard::shards]
    total, done = len(mine) * len(prepared.rig.views), 0

    def views_done(count: int = 1) -> None:
        nonlocal done
        done += count
        progress(done, total)

    threads = max(1, (os.cpu_count() or 1) // shards)
    with scratch_folder(job, shard) as folder:
        capturing = _Capturing(prepared, files, threads, folder)
        for frame, bounds in mine:
            if capturing.is_whole(frame):
                views_done(len(prepared.rig.views))
            elif not capturing.capture(frame, bounds, views_done):
                warn(f"Nothing of '{prepared.snapshot.character}' is seen in frame {frame}")


@dataclass(frozen=True)
class _Prepared:
    """The open scene, ready to be rendered: the same in all processes of a job."""

    spec: JobSpec
    snapshot: Snapshot
    scene: bpy.types.Scene
    sources: Sequence[bpy.types.Object]
    objects: Sequence[CapturedObject]
    names: NameTable
    scan: Scan
    rig: Rig
    warnings: tuple[str, ...]

    @property
    def is_constant(self) -> bool:
        return self.scan.topology == "constant"


def _prepare_scene(job: Path, progress: Progress) -> _Prepared:
    spec = load_spec(job / "job.json")
    check_settings(spec.capture)
    if not snapshot_path(job).with_suffix(".json").is_file():
        snapshot_file(spec.blend, spec.character, job)
    snapshot, character = read_snapshot(job), load_snapshot(job)
    clear_labels(labelled_objects())  # an overlay of earlier labels is not what it looks like
    check_character(character)
    frames = frames_to_capture(character, spec.frames)

    scene = place_character(character.roots)
    objects = mark_elements(character.sources)
    warnings = prepare_materials([o for o in bpy.data.objects if o.type == "MESH"])
    scan = scan_frames(
        scene,
        frames,
        sum(o.element_count for o in objects),
        report=lambda scanned, all_frames: progress(0, all_frames),  # so that Cancel is heard
    )
    if spec.frames.keyframes > 0:
        scan = scan.only(key_poses(scan, spec.frames.keyframes))
    rig = fit_rig(spec.capture, scan.bounds)
    names = NameTable.of(character)
    return _Prepared(spec, snapshot, scene, character.sources, objects, names, scan, rig, warnings)


def _write_common(prepared: _Prepared, files: CaptureFiles, warn: Warn) -> None:
    """What is of no single frame."""
    if prepared.is_constant:
        posed = deformed_sources(prepared.scene, prepared.sources, prepared.scan.frames[0])
        files.write_facts(gather_facts(posed, prepared.names))
    manifest = _manifest(prepared)
    files.write_manifest(manifest)
    for warning in manifest.warnings:
        warn(warning)


class _Capturing:
    """Captures frame after frame."""

    def __init__(
        self, prepared: _Prepared, files: CaptureFiles, threads: int, folder: Path
    ) -> None:
        self._prepared, self._files = prepared, files
        if prepared.is_constant:
            self._shown = prepared.scene.collection.children[0]
        else:
            self._shown = bpy.data.collections.new("parts4d baked")
        look = prepared.spec.capture
        self._renderer = ViewRenderer(
            self._shown, prepared.rig, look.engine, threads, folder, look.depth
        )

    def is_whole(self, frame: int) -> bool:
        """Whether the frame was captured before."""
        views, with_facts = len(self._prepared.rig.views), not self._prepared.is_constant
        return _is_whole(self._files, frame, views, with_facts)

    def capture(self, frame: int, bounds: Bounds, view_done: Callable[[], None]) -> bool:
        """Whether any view shows anything."""
        prepared, files = self._prepared, self._files
        if prepared.is_constant:
            images = self._renderer.render_frame(frame, bounds, view_done)
        else:
            with baked_frame(prepared.scene, self._shown, frame) as baked:
                files.write_facts(gather_facts(baked, prepared.names), frame)
                images = self._renderer.render_frame(frame, bounds, view_done)
        files.write_frame(frame, images)
        return any(image.silhouette.any() for image in images)


def _manifest(prepared: _Prepared) -> Manifest:
    spec, snapshot, scan, rig = prepared.spec, prepared.snapshot, prepared.scan, prepared.rig
    per_frame = zip(scan.frames, scan.objects, strict=True)
    return Manifest(
        frames=scan.frames,
        views=rig.views,
        azimuths=rig.azimuths,
        elevations=rig.elevations,
        resolution=(rig.resolution, rig.resolution),
        projection="perspective" if rig.perspective else "orthographic",
        topology=scan.topology,
        objects=tuple(prepared.objects) if prepared.is_constant else (),
        frame_objects={} if prepared.is_constant else {str(f): found for f, found in per_frame},
        names=prepared.names.names(),
        engine=spec.capture.engine,
        blender=bpy.app.version_string,
        fps=snapshot.fps,
        character=snapshot.character,
        warnings=(*snapshot.warnings, *prepared.warnings, *scan.warnings),
    )


def _is_whole(files: CaptureFiles, frame: int, views: int, with_facts: bool) -> bool:
    """Whether a frame was captured before: every array is read, a damaged file is made anew."""
    try:
        with ArrayReader(files.frame_path(frame)) as reader:
            found = reader.names()
            for name in found:
                reader[name]
        if with_facts:
            with ArrayReader(files.facts_path(frame)) as reader:
                for name in reader.names():
                    reader[name]
    except JobError:
        return False
    return all(
        f"{one.name}_{view:02d}" in found
        for view in range(views)
        for one in PASSES
        if not one.optional
    )
