# SPDX-License-Identifier: GPL-3.0-or-later
"""One render of the prepared scene, read back as arrays."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ...errors import ErrorKind, JobError
from ...files.atomic import disk_error
from ...files.disk import is_full
from ...job.boxes import Box, box_around
from ...job.capture_files import ViewImage
from ...job.folder import refuse_link
from .. import compat
from .capture_materials import ALBEDO_AOV, ELEMENT_AOV
from .exr import ExrError, read_exr
from .rig import Camera, Rig
from .shading import shade

_AGAIN = "Run again to continue"
_FREE_SPACE = "Free some disk space, then run again to continue"


@dataclass(frozen=True)
class Passes:
    """The raw pixels of one view, cropped to the silhouette."""

    corner: tuple[int, int]  # (row, column) of the crop in the full picture
    element: np.ndarray  # (h, w) int32, -1 = background
    albedo: np.ndarray  # (h, w, 3) float32 scene-linear
    normal: np.ndarray  # (h, w, 3) float32 world space
    depth: np.ndarray | None  # (h, w) float32 along the view axis, from the camera; if rendered


@contextmanager
def scratch_folder(job: Path, shard: int) -> Iterator[Path]:
    """A folder for rendered files inside the job; what a killed process left there is removed."""
    refuse_link(Path(job) / "capture")
    folder = Path(job) / "capture" / f".render-{shard}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise disk_error(error, folder) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def render_passes(
    scene: bpy.types.Scene, folder: Path, window: tuple[int, int, int, int]
) -> Passes:
    """Render the configured Cycles scene (see capture_scene.py) at its current camera and frame.

    Only the pixels in `window` (left, top, right, bottom) are rendered: the character is there.
    """
    set_window(scene.render, window)
    channels = render_channels(scene, folder)
    layer = scene.view_layers[0].name
    ids = channels[f"{layer}.{ELEMENT_AOV}.X"]
    box = bounding_box(ids)
    crop = (slice(box[0], box[2]), slice(box[1], box[3]))
    element = np.rint(ids[crop]).astype(np.int32) - 1

    depth = channels.get(f"{layer}.Depth.Z")

    def stack(name: str, letters: str) -> np.ndarray:
        return np.stack([channels[f"{layer}.{name}.{k}"][crop] for k in letters], -1)

    return Passes(
        (box[0] + window[1], box[1] + window[0]),
        element,
        stack(ALBEDO_AOV, "RGB"),
        stack("Normal", "XYZ"),
        depth[crop] if depth is not None else None,
    )


def render_channels(scene: bpy.types.Scene, folder: Path) -> dict[str, np.ndarray]:
    """Render the scene's current frame; every channel of every pass as (H, W) float32.

    Raises JobError when rendering fails or its file is missing or cut off (a full disk).
    """
    path = folder / "view.exr"
    compat.set_image_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER", "32")
    scene.render.filepath = str(path)
    try:
        bpy.ops.render.render(write_still=True, scene=scene.name)
        return read_exr(path)
    except RuntimeError as error:
        reason = compat.reason_in(error)
        failed = f"Rendering failed ({reason})"
        if is_full(folder, str(error)):
            raise JobError(failed, _FREE_SPACE, ErrorKind.DISK_FULL) from error
        raise JobError(failed, _AGAIN) from error
    except (ExrError, OSError) as error:
        failed = f"Blender could not write {path} ({error})"
        raise JobError(failed, _FREE_SPACE, ErrorKind.DISK_FULL) from error
    finally:
        path.unlink(missing_ok=True)


def set_window(render: bpy.types.RenderSettings, window: tuple[int, int, int, int]) -> None:
    """Restrict rendering to a window of whole pixels.

    Blender truncates the border to pixels; aiming at their middles makes rounding harmless.
    """
    left, top, right, bottom = window
    width, height = render.resolution_x, render.resolution_y
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = (left + 0.5) / width, (right + 0.5) / width
    render.border_min_y = (height - bottom + 0.5) / height
    render.border_max_y = (height - top + 0.5) / height


def bounding_box(ids: np.ndarray) -> Box:
    """(top, left, bottom, right) around pixels > 0; of one background pixel without any."""
    seen = ids > 0.5
    return box_around(seen) if seen.any() else (0, 0, 1, 1)


def view_image(passes: Passes, camera: Camera, rig: Rig) -> ViewImage:
    """What is stored of a view: colour on white, quantised normals, depth around the centre.

    Depth and intrinsics go together: either is of little use without the other.
    """
    inside = passes.element >= 0
    color = np.full((*inside.shape, 3), 255, np.uint8)
    normal = np.zeros((*inside.shape, 3), np.int8)
    unit = passes.normal[inside]
    unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
    color[inside] = shade(passes.albedo[inside], unit, camera.world_to_camera[:3, :3])
    normal[inside] = np.rint(unit * 127)
    image = ViewImage(
        (rig.resolution, rig.resolution),
        passes.corner,
        passes.element,
        color,
        normal,
        camera.world_to_camera,
    )
    if passes.depth is None:
        return image
    depth = np.zeros(inside.shape, np.float16)
    depth[inside] = passes.depth[inside] - np.float32(camera.distance)
    return replace(image, depth=depth, intrinsics=camera.intrinsics)
