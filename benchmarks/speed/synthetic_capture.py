# SPDX-License-Identifier: GPL-3.0-or-later
"""A captured job made without Blender: a clothed figure that walks on the spot.

What parsing gets to see is as in a real capture: closed surfaces in layers, silhouettes of some
40 000 pixels, objects, materials, bones with telling names, loose parts, UV islands. Pixels are
splats of sampled quads into a z-buffer: coherent, not exact.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from benchmarks.speed.synthetic_figure import Figure, inward
from core.job.capture_files import CaptureFiles, Manifest, ViewImage
from core.job.folder import JobFolder
from core.job.spec import CaptureSettings, FrameSelection, JobSpec, Part
from core.job.stage_marks import StageStore, stage_keys
from core.scene.capture.rig import Bounds, Camera, Rig, fit_rig

CYCLE = 24  # frames of a step
LIGHT = np.array([-0.35, -0.75, 0.56])
PARTS = ("jacket", "jeans", "left shoe", "right shoe", "hair", "head", "hands", "neck")
EMPTY = np.iinfo(np.int64).max


def write_captured_job(
    path: Path, faces: int, frames: int, views: int, distinct: int | None = None
) -> int:
    """A job folder whose capture is done; returns the number of elements.

    Only `distinct` frames are drawn, the others are links to their files.
    """
    figure, count = Figure(faces), min(distinct or frames, frames)
    settings = CaptureSettings(azimuths=views)
    poses = [figure.quads(2 * np.pi * i * max(1, CYCLE // count) / CYCLE) for i in range(count)]
    bounds = [Bounds.of(pose.reshape(-1, 3)) for pose in poses]
    rig = fit_rig(settings, bounds)
    parts = tuple(Part(name) for name in PARTS)
    spec = JobSpec("Figure", "", parts, FrameSelection(1, frames), settings)
    folder = JobFolder.create(path, spec)
    folder.snapshot.write_bytes(b"drawn by benchmarks.speed.synthetic_capture")
    store, key = StageStore(folder), stage_keys(spec, folder.snapshot_hash(spec))["capture"]
    store.prepare("capture", key)
    files, facts = CaptureFiles(folder.capture), figure.facts()
    albedo = figure.albedo()
    for frame in range(1, frames + 1):
        pose = (frame - 1) % count
        if frame > count:
            os.link(files.frame_path(pose + 1), files.frame_path(frame))
        else:
            cameras = [rig.camera(v, bounds[pose].center) for v in range(views)]
            files.write_frame(frame, [_draw(poses[pose], albedo, c, rig) for c in cameras])
    files.write_facts(facts)
    files.write_manifest(_manifest(figure, rig, frames))
    store.mark_done("capture", key)
    return facts.count


def _manifest(figure: Figure, rig: Rig, frames: int) -> Manifest:
    return Manifest(
        frames=tuple(range(1, frames + 1)),
        views=rig.views,
        azimuths=rig.azimuths,
        elevations=rig.elevations,
        resolution=(rig.resolution, rig.resolution),
        projection="orthographic",
        topology="constant",
        objects=figure.objects(),
        names=figure.names(),
        blender="none",
        character="Figure",
    )


def _draw(quads: np.ndarray, albedo: np.ndarray, camera: Camera, rig: Rig) -> ViewImage:
    """One orthographic camera's image of (E, 4, 3) quads; back faces are culled."""
    normal = -inward(quads)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    view = camera.world_to_camera
    shown = np.flatnonzero(normal @ view[2, :3] < 0)
    corners = quads[shown] @ view[:3, :3].T + view[:3, 3]  # (n, 4, 3) right, down, forward
    corners[..., :2] = corners[..., :2] * camera.intrinsics[0, 0] + rig.resolution / 2
    corners[..., 2] *= 2**29 / camera.distance
    nearest = _splat(corners.astype(np.float32), shown, rig.resolution)
    rows, columns = (np.flatnonzero((nearest < EMPTY).any(axis)) for axis in (1, 0))
    nearest = nearest[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    hit = nearest < EMPTY
    element = np.where(hit, nearest & 0xFFFFFFFF, -1).astype(np.int32)
    light = 0.65 + 0.35 * normal @ LIGHT
    color = np.clip(albedo * light[:, None], 0, 255).astype(np.uint8)
    return ViewImage(
        resolution=(rig.resolution, rig.resolution),
        corner=(int(rows[0]), int(columns[0])),
        element=element,
        color=np.where(hit[..., None], color[element], np.uint8(255)),
        normal=np.where(hit[..., None], (normal * 127).astype(np.int8)[element], np.int8(0)),
        world_to_camera=camera.world_to_camera,
    )


def _splat(corners: np.ndarray, element: np.ndarray, resolution: int) -> np.ndarray:
    """(resolution, resolution) int64: nearest depth << 32 | element, EMPTY where there is none.

    `corners` (n, 4, 3) float32 column, row and depth, the depth below 2**31; `element` (n,).
    """
    nearest = np.full(resolution * resolution, EMPTY)
    edge = np.abs(corners - np.roll(corners, 1, axis=1))[..., :2].max(axis=(1, 2))
    fineness = np.clip(np.ceil(np.log2(1.3 * edge + 1)), 1, 5).astype(int)
    for level in np.unique(fineness):
        side, chosen = 2**level, fineness == level  # samples along a quad's side
        a, b = np.meshgrid(*2 * [(np.arange(side, dtype=np.float32) + 0.5) / side])
        weights = np.stack([(1 - a) * (1 - b), a * (1 - b), a * b, (1 - a) * b]).reshape(4, -1)
        samples = np.moveaxis(corners[chosen], 1, 2) @ weights  # (n, 3, side * side)
        column, row, depth = np.moveaxis(samples, 1, 0).astype(np.int64)
        key = depth << 32 | element[chosen, None]
        np.minimum.at(nearest, (row * resolution + column).ravel(), key.ravel())
    return nearest.reshape(resolution, resolution)
