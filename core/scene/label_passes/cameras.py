# SPDX-License-Identifier: GPL-3.0-or-later
"""The cameras of a request at a moment: the scene's own, evaluated, and those of a view rig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from ...errors import InputError
from ...job.spec import CaptureSettings
from ...label_images.request import ACTIVE_CAMERA
from ..capture.rig import SENSOR, Bounds, Rig, fit_rig
from ..narrowing import specific
from .marks import MarkedObject

_PROJECTIONS = {"PERSP": "perspective", "ORTHO": "orthographic"}


@dataclass(frozen=True)
class View:
    """Where a camera is and how it projects."""

    intrinsics: np.ndarray  # (3, 3) pixels; the centre of pixel (0, 0) is (0.5, 0.5)
    world_to_camera: np.ndarray  # (4, 4) OpenCV axes
    projection: str


def picture_size(render: bpy.types.RenderSettings) -> tuple[int, int]:
    """(width, height) in pixels, of the whole picture."""
    scale = render.resolution_percentage
    return render.resolution_x * scale // 100, render.resolution_y * scale // 100


def crop_box(render: bpy.types.RenderSettings) -> tuple[int, int, int, int]:
    """(left, top, width, height) in pixels: what is rendered of the whole picture."""
    width, height = picture_size(render)
    if not (render.use_border and render.use_crop_to_border):
        return 0, 0, width, height
    left, right = int(render.border_min_x * width), int(render.border_max_x * width)
    bottom, top = int(render.border_min_y * height), int(render.border_max_y * height)
    return left, height - top, right - left, top - bottom


def view_of(camera: bpy.types.Object, scene: bpy.types.Scene) -> View:
    """The evaluated camera as it stands in `scene`, whose render settings are those of the image.

    The intrinsics of an orthographic one give (u, v, 1) = K (x, y, 1).
    """
    depsgraph = specific(scene.view_layers[0].depsgraph)
    evaluated = camera.evaluated_get(depsgraph)
    render = scene.render
    width, height = picture_size(render)
    left, top, _, _ = crop_box(render)
    p = evaluated.calc_matrix_camera(
        depsgraph,
        x=width,
        y=height,
        scale_x=render.pixel_aspect_x,
        scale_y=render.pixel_aspect_y,
    )
    kind = _PROJECTIONS.get(specific(camera.data).type, "panoramic")
    if kind == "orthographic":  # column 3 shifts, there is no division by depth
        middle = ((1 + p[0][3]) * width / 2, (1 - p[1][3]) * height / 2)
    else:
        middle = ((1 - p[0][2]) * width / 2, (1 + p[1][2]) * height / 2)
    intrinsics = np.array(
        [
            [p[0][0] * width / 2, 0, middle[0] - left],
            [0, p[1][1] * height / 2, middle[1] - top],
            [0, 0, 1],
        ]
    )
    placed = np.array(evaluated.matrix_world.normalized(), np.float64)
    axes = np.diag([1.0, -1.0, -1.0, 1.0])
    return View(intrinsics, axes @ np.linalg.inv(placed), kind)


class Cameras:
    """Finds the camera of a name at a frame. Cameras of the rig are one object that is moved."""

    def __init__(self, names: Sequence[str], scene: bpy.types.Scene) -> None:
        self._scene = scene
        self._markers = {m.frame: m.camera for m in scene.timeline_markers if m.camera is not None}
        self._found: dict[str, bpy.types.Object] = {}
        for name in names:
            if name != ACTIVE_CAMERA:
                self._found[name] = _camera_named(name)
            elif scene.camera is None and not self._markers:
                raise InputError("The scene has no camera", "Add one, or name one of another scene")

    def at(self, name: str, frame: int) -> bpy.types.Object:
        """The object of that name; of ACTIVE_CAMERA the one that the scene has in `frame`."""
        if name != ACTIVE_CAMERA:
            return self._found[name]
        if not self._markers:
            return specific(self._scene.camera)
        earlier = [f for f in self._markers if f <= frame]
        return specific(self._markers[max(earlier) if earlier else min(self._markers)])

    def all(self) -> set[bpy.types.Object]:
        """Every camera that may be asked for."""
        own = {self._scene.camera} if self._scene.camera else set()
        return {*self._found.values(), *map(specific, self._markers.values()), *own}


class RigCameras:
    """The view rig around the characters, fitted to all frames of a sequence.

    `wide` says that pictures are wider than high.
    """

    def __init__(
        self, settings: CaptureSettings, bounds: Mapping[int, Bounds], wide: bool = False
    ) -> None:
        self._bounds, self._wide = bounds, wide
        self.rig: Rig = fit_rig(settings, list(bounds.values()))
        data = bpy.data.cameras.new("parts4d rig")
        self.object = bpy.data.objects.new("parts4d rig", data)

    def place(self, name: str, frame: int) -> bpy.types.Object:
        """The camera, moved to the view of that name in `frame`."""
        rig, bounds = self.rig, self._bounds[frame]
        camera = rig.camera(rig.views.index(name), bounds.center)
        data = specific(self.object.data)
        self.object.matrix_world = Matrix(camera.blender_matrix.tolist())
        # The rig is made for squares: the shorter side shows as much as they do.
        data.sensor_fit = "VERTICAL" if self._wide else "HORIZONTAL"
        data.sensor_width = data.sensor_height = SENSOR
        data.type = "PERSP" if rig.perspective else "ORTHO"
        data.lens, data.ortho_scale = rig.lens, 2 * rig.extent
        reach = max(bounds.reach, 1e-6)
        data.clip_start = max((camera.distance - reach) * 0.5, camera.distance * 1e-3)
        data.clip_end = camera.distance + reach * 2
        return self.object


def bounds_of(
    objects: Sequence[MarkedObject], scene: bpy.types.Scene, frames: Sequence[int]
) -> dict[int, Bounds]:
    """Frame -> extent of the characters. Raises InputError when nothing of them is there."""
    names = {m.labelled.name for m in objects}
    found: dict[int, Bounds] = {}
    for frame in frames:
        scene.frame_set(frame)
        points = [
            corners
            for instance in scene.view_layers[0].depsgraph.object_instances
            if (corners := _points(instance, names)) is not None
        ]
        if points:
            found[frame] = Bounds.of(np.concatenate(points))
    if not found:
        raise InputError(
            "Nothing of the characters is visible in the chosen frames", "Choose other frames"
        )
    first = next(iter(found.values()))
    return {frame: found.get(frame, first) for frame in frames}


def _points(instance: bpy.types.DepsgraphObjectInstance, names: set[str]) -> np.ndarray | None:
    """(N, 3) float32 world positions of what an instance shows, if it is one of `names`."""
    ob = specific(instance.object)
    if ob.original.name not in names or not instance.show_self or not len(ob.data.vertices):
        return None
    local = np.empty(len(ob.data.vertices) * 3, np.float32)
    ob.data.vertices.foreach_get("co", local)
    world = np.array(instance.matrix_world, np.float32)
    return np.asarray(local.reshape(-1, 3) @ world[:3, :3].T + world[:3, 3])


def _camera_named(name: str) -> bpy.types.Object:
    ob = bpy.data.objects.get((name, None)) or bpy.data.objects.get(name)
    if ob is None or ob.type != "CAMERA":
        known = ", ".join(sorted(o.name for o in bpy.data.objects if o.type == "CAMERA")[:12])
        raise InputError(
            f"There is no camera named '{name}'",
            f"Name one of: {known}" if known else "Add a camera to the scene",
        )
    return ob
