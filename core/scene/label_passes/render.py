# SPDX-License-Identifier: GPL-3.0-or-later
"""Label passes from beginning to end: open the file, mark the characters, render what is missing.

Three runs over the images: the beauty, while the scene is as it was; the exact passes; the mattes.
Each keeps one scene and changes as little of it as possible from image to image.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import bpy

from ...label_images.request import LabelRender, PassName, check_request
from ..capture.passes import render_channels
from ..capture.rig import view_names
from ..failed_render import failed_render
from ..narrowing import manager_of, specific
from . import pictures
from .beauty import prepare_beauty, render_beauty
from .cameras import Cameras, RigCameras, bounds_of, crop_box, picture_size, view_of
from .label_scene import LabelScene, chosen_layer, set_resolution
from .label_shaders import prepare_materials
from .marks import CHARACTER, LabelWriter, mark_characters
from .matte_materials import MatteMaterials
from .opening import open_for_labels
from .store import Image, ImageStore, Shown
from .times import instant_of, set_time

Progress = Callable[[float, float], None]  # steps done, steps in all; may raise CancelledError

_EXACT: tuple[PassName, ...] = ("parts", "instances", "depth", "normal", "flow")


def render_labels(
    request: LabelRender,
    progress: Progress = lambda done, total: None,
    warn: Callable[[str], None] = lambda message: None,
) -> None:
    """Render every image of the request that is not there yet; closes the open file.

    Raises InputError for what the request names and the file does not have, JobError when an image
    cannot be rendered or written.
    """
    check_request(request)
    rig = view_names(request.rig) if request.rig else ()
    store = ImageStore(request, (*request.cameras, *rig))
    runs = [store.missing(group) for group in (("beauty",), _EXACT, ("matte",))]
    total, done = sum(map(len, runs)), 0

    def step_done() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    progress(0, total)
    if not total:
        return
    session = _Session(request, store, step_done)
    for warning in session.warnings:
        warn(warning)
    for run, lacking in zip((session.beauty, session.exact, session.mattes), runs, strict=True):
        if lacking:
            run(lacking)


class _Session:
    """The opened file while its images are rendered."""

    def __init__(
        self, request: LabelRender, store: ImageStore, step_done: Callable[[], None]
    ) -> None:
        self._request, self._store, self._step_done = request, store, step_done
        self._user = open_for_labels(request.blend, request.scene)
        layer = chosen_layer(self._user, request.view_layer)
        self._layer = layer.name
        self._marks = mark_characters(request, self._user, layer)
        self.warnings = self._marks.warnings
        self._cameras = Cameras(request.cameras, self._user)
        self._rig = self._fitted_rig()
        self._clock = self._clock_scene()
        self._focused = {c.name for c in self._cameras.all() if specific(c.data).dof.use_dof}
        self._labels: tuple[LabelScene, LabelWriter, MatteMaterials | None] | None = None
        self._started = 0.0

    def beauty(self, lacking: Mapping[Image, tuple[PassName, ...]]) -> None:
        """The user's own render of images."""
        scene = self._user
        prepare_beauty(scene, self._request.resolution, self._request.beauty_format)
        for image, passes in lacking.items():
            self._started = time.perf_counter()
            shown = self._place(image)
            scene.camera = self._camera(image)
            set_time((scene, self._clock), image.frame)
            with _explained(self._store.path(image, "beauty")):
                render_beauty(scene, self._store.path(image, "beauty"))
            self._record(image, passes, shown)

    def exact(self, lacking: Mapping[Image, tuple[PassName, ...]]) -> None:
        """Everything that is of the pixel's centre."""
        for image, passes, shown, channels in self._rendered(lacking, exact=True):
            label = pictures.label_image(channels, self._layer, self._marks)
            for name in passes:
                self._write_exact(name, self._store.path(image, name), label, channels)
            self._record(image, passes, replace(shown, pixels=label.pixels))

    def mattes(self, lacking: Mapping[Image, tuple[PassName, ...]]) -> None:
        """Everything that is averaged over the pixel and the shutter."""
        palette = pictures.part_palette(self._request.parts)
        for image, passes, shown, channels in self._rendered(lacking, exact=False):
            path = self._store.path(image, "matte")
            materials = self._label_scene()[2]
            assert materials is not None  # made where mattes are asked for
            pictures.write_matte(path, channels, self._layer, materials, palette)
            self._record(image, passes, shown)

    def _rendered(
        self, lacking: Mapping[Image, tuple[PassName, ...]], exact: bool
    ) -> Iterator[tuple[Image, tuple[PassName, ...], Shown, pictures.Channels]]:
        """Each image with the channels of its render."""
        labels, writer, _ = self._label_scene()
        labels.configure(exact)
        with TemporaryDirectory(prefix="parts4d-") as folder:
            for image, passes in lacking.items():
                self._started = time.perf_counter()
                shown = self._place(image)
                camera = self._camera(image)
                specific(camera.data).dof.use_dof = not exact and camera.name in self._focused
                writer.write(image.frame)
                labels.scene.camera = camera
                moment = shown.instant if exact else float(image.frame)
                set_time((labels.scene, self._clock), moment)
                yield image, passes, shown, render_channels(labels.scene, Path(folder))

    def _write_exact(
        self, name: PassName, path: Path, label: pictures.LabelImage, channels: pictures.Channels
    ) -> None:
        if name == "parts":
            highest = max(self._marks.parts.values(), default=0)
            pictures.write_parts(path, label, self._request.parts, highest)
        elif name == "instances":
            pictures.write_instances(path, label)
        else:
            pictures.WRITERS[name](path, channels, self._layer)

    def _label_scene(self) -> tuple[LabelScene, LabelWriter, MatteMaterials | None]:
        """Made when first asked for: the beauty sees nothing of it."""
        if self._labels is None:
            writer = LabelWriter(self._marks)
            own = [o for o in bpy.data.objects if o.type == "MESH" and CHARACTER in o.keys()]
            prepared = prepare_materials(own)
            wanted = "matte" in self._request.passes
            materials = MatteMaterials(self._marks, prepared) if wanted else None
            scene = LabelScene(self._user, self._request, self._layer)
            self._labels = scene, writer, materials
        return self._labels

    def _place(self, image: Image) -> Shown:
        """Set the clock to the image's moment and read its camera there."""
        render = self._user.render
        instant = instant_of(render, image.frame, self._request.instant)
        self._clock.frame_set(int(instant // 1), subframe=instant % 1)
        view = view_of(self._camera(image), self._clock)
        _, _, width, height = crop_box(self._clock.render)
        return Shown((width, height), instant, view)

    def _camera(self, image: Image) -> bpy.types.Object:
        if self._rig is not None and image.camera in self._rig.rig.views:
            return self._rig.place(image.camera, image.frame)
        return self._cameras.at(image.camera, image.frame)

    def _fitted_rig(self) -> RigCameras | None:
        if self._request.rig is None:
            return None
        frames = sorted({*self._request.frames, *self._request.rig_frames})
        bounds = bounds_of(self._marks.objects, self._user, frames)
        render = self._user.render
        width, height = self._request.resolution or picture_size(render)
        wide = width * render.pixel_aspect_x > height * render.pixel_aspect_y
        return RigCameras(self._request.rig, bounds, wide)

    def _clock_scene(self) -> bpy.types.Scene:
        """A scene of cameras only, which is evaluated in no time, with the picture's settings.

        It is made the active one: rendering another scene takes the frame of that.
        """
        clock = self._user.copy()
        clock.name = "parts4d clock"
        set_resolution(clock.render, self._request.resolution)
        clock.timeline_markers.clear()
        for child in list(clock.collection.children):
            clock.collection.children.unlink(child)
        for ob in list(clock.collection.objects):
            clock.collection.objects.unlink(ob)
        for camera in self._cameras.all() | ({self._rig.object} if self._rig else set()):
            clock.collection.objects.link(camera)
        window = bpy.context.window or manager_of(bpy.context).windows[0]
        window.scene = clock
        return clock

    def _record(self, image: Image, passes: tuple[PassName, ...], shown: Shown) -> None:
        seconds = time.perf_counter() - self._started
        self._store.record(image, passes, shown, self._marks, seconds)
        self._step_done()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What Blender says of a render that failed, as an error for the user."""
    try:
        yield
    except (RuntimeError, OSError) as error:
        remedy = "Choose another folder or free some space, then run again to continue"
        raise failed_render(path, error, remedy) from error
