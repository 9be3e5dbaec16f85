# SPDX-License-Identifier: GPL-3.0-or-later
"""All views of a frame as images: the exact passes and, where asked for, a colour render."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import bpy
from mathutils import Matrix

from ...job.capture_files import ViewImage
from ...job.spec import Engine
from ..narrowing import scene_of, specific
from .capture_scene import add_camera, configure_passes, render_scene
from .color import configure_color, own_materials, render_color
from .passes import Passes, render_passes, view_image
from .rig import SENSOR, Bounds, Camera, Rig


class ViewRenderer:
    """Renders one collection with one rig; keeps its scenes, so that engines keep their data."""

    def __init__(
        self,
        shown: bpy.types.Collection,
        rig: Rig,
        engine: Engine,
        threads: int,
        folder: Path,
        depth: bool = False,
    ) -> None:
        self.rig = rig
        self.engine = engine
        self.folder = folder
        self.camera = add_camera(scene_of(bpy.context))
        self.passes = render_scene("parts4d passes", shown, self.camera, threads)
        configure_passes(self.passes, depth)
        self.scenes = [self.passes]
        if engine != "albedo":
            self.color = render_scene("parts4d color", shown, self.camera, threads)
            configure_color(self.color, engine, self.camera)
            self.scenes.append(self.color)
        for scene in self.scenes:
            scene.render.resolution_x = scene.render.resolution_y = rig.resolution

    def render_frame(
        self, frame: int, bounds: Bounds, view_done: Callable[[], None]
    ) -> list[ViewImage]:
        """The images of all views at a scene frame, in the rig's order."""
        # Not frame_set: only the render need evaluate. Rendering a scene by its name takes the
        # frame of the active scene (Blender 4.2 to 5.0), so that is set as well.
        for scene in (scene_of(bpy.context), *self.scenes):
            scene.frame_current = frame
        cameras = [self.rig.camera(v, bounds.center) for v in range(len(self.rig.views))]
        images = []
        for view, camera in enumerate(cameras):
            images.append(view_image(self.passes_of(view, bounds), camera, self.rig))
            if self.engine == "albedo":
                view_done()
        if self.engine == "albedo":
            return images
        with own_materials(self.engine):
            for index, camera in enumerate(cameras):
                self._place(camera, bounds)
                image = images[index]
                color = render_color(self.color, self.folder, image.corner, image.silhouette)
                images[index] = replace(image, color=color)
                view_done()
        return images

    def passes_of(self, view: int, bounds: Bounds) -> Passes:
        """The raw pixels of one view as the scene is now."""
        self._place(self.rig.camera(view, bounds.center), bounds)
        return render_passes(self.passes, self.folder, self.rig.window(view, bounds))

    def _place(self, camera: Camera, bounds: Bounds) -> None:
        data = specific(self.camera.data)
        self.camera.matrix_world = Matrix(camera.blender_matrix.tolist())
        data.sensor_fit, data.sensor_width = "HORIZONTAL", SENSOR
        if self.rig.perspective:
            data.type, data.lens = "PERSP", self.rig.lens
        else:
            data.type, data.ortho_scale = "ORTHO", 2 * self.rig.extent
        reach = max(bounds.reach, 1e-6)
        data.clip_start = max((camera.distance - reach) * 0.5, camera.distance * 1e-3)
        data.clip_end = camera.distance + reach * 2
