# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of the labels as the scene's camera sees them, in their exact colours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import bpy

from ...errors import InputError
from .. import compat
from ..failed_render import failed_render
from ..narrowing import specific
from ..writeback.ledger import labelled_objects
from ..writeback.overlay import overlay_of, show_overlay

_SAMPLES = 16  # flat colours need them at borders only


def render_still(scene: bpy.types.Scene, path: Path) -> None:
    """Render the labelled objects of `scene` in its current frame to the PNG file `path`.

    What the overlay shows is rendered, parts where it is off; everything else is transparent. The
    colours are those of the parts, without light. The scene and its render settings stay as they
    are. Raises InputError when there is nothing to render or no camera, JobError when rendering
    fails or the file cannot be written.
    """
    objects = [o for o in labelled_objects() if o.name in scene.objects]
    if not objects:
        raise InputError("No object of this scene has part labels", "Apply labels first")
    if scene.camera is None:
        raise InputError("The scene has no camera", "Add one, or align one to the view")
    unfinished = path.with_name(f".{path.stem}.unfinished.png")  # an earlier picture stays whole
    with _show_overlay(objects), _label_scene(scene, objects) as labels:
        labels.render.filepath = str(unfinished)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            unfinished.unlink(missing_ok=True)  # Blender would write through a link
            bpy.ops.render.render(write_still=True, scene=labels.name)
            unfinished.replace(path)
        except (RuntimeError, OSError) as error:
            remedy = "Choose another file or free some space"
            raise failed_render(path, error, remedy) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)


@contextmanager
def _show_overlay(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """The overlay on; afterwards off again where it was."""
    hidden = [o for o in objects if overlay_of(o) is None]
    try:
        show_overlay(hidden, True)
        yield
    finally:
        show_overlay(hidden, False)


@contextmanager
def _label_scene(
    scene: bpy.types.Scene, objects: Sequence[bpy.types.Object]
) -> Iterator[bpy.types.Scene]:
    """A scene with the objects and the camera of `scene`, for as long as it is rendered."""
    made = bpy.data.scenes.new("Parts4D labels")
    try:
        for ob in (*objects, specific(scene.camera)):
            made.collection.objects.link(ob)
        made.camera = scene.camera
        made.frame_set(scene.frame_current)
        ours, theirs = made.render, scene.render
        for name in (
            "resolution_x",
            "resolution_y",
            "resolution_percentage",
            "pixel_aspect_x",
            "pixel_aspect_y",
        ):
            setattr(ours, name, getattr(theirs, name))
        try:
            specific(ours).engine = "CYCLES"
        except TypeError as error:
            raise InputError("Cycles is disabled", "Enable it in the preferences") from error
        made.cycles.device, made.cycles.samples = "CPU", _SAMPLES
        made.cycles.use_adaptive_sampling = made.cycles.use_denoising = False
        made.cycles.max_bounces = 0
        compat.leave_out_metadata(made.render)
        ours.film_transparent, ours.dither_intensity = True, 0
        made.view_settings.view_transform = "Standard"
        compat.set_image_format(ours.image_settings, "PNG", "8")
        ours.image_settings.color_mode = "RGBA"
        yield made
    finally:
        bpy.data.scenes.remove(made)
