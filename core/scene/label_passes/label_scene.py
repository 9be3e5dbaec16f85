# SPDX-License-Identifier: GPL-3.0-or-later
"""The scene that label passes are rendered from: the user's own, with nothing lit and no effects.

It shows what the user's scene shows, through the same view layer with its collections, holdouts
and override. Two settings of it are rendered: exact, one sample at each pixel's centre, and soft,
with the user's filter, motion blur and depth of field, for mattes.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ...errors import InputError
from ...label_images.request import LabelRender
from .. import compat
from ..narrowing import specific
from .label_shaders import AOV, set_exact

_TRANSPARENT_LAYERS = 256  # hair cards lie many deep; a ray that gives up leaves a hole
_RANKS = 6  # of the renderer's matte
_SHARP = 0.01  # pixels


@dataclass(frozen=True)
class Effects:
    """What the user's scene does to an image beyond showing it."""

    blur: bool
    filter: tuple[str, float]


def chosen_layer(scene: bpy.types.Scene, name: str | None) -> bpy.types.ViewLayer:
    """The view layer whose objects are labelled. Raises InputError when there is none."""
    used = [layer for layer in scene.view_layers if layer.use] or list(scene.view_layers)
    if name is None:
        return used[0]
    layer = scene.view_layers.get(name)
    if layer is None:
        known = ", ".join(x.name for x in scene.view_layers)
        raise InputError(f"There is no view layer named '{name}'", f"Name one of: {known}")
    return layer


class LabelScene:
    """A copy of a scene in the opened copy of the user's file."""

    def __init__(self, scene: bpy.types.Scene, request: LabelRender, layer: str) -> None:
        self.effects = _effects_of(scene)
        self.scene = scene.copy()
        self.scene.name = "parts4d labels"
        self.layer = self.scene.view_layers[layer]
        for other in self.scene.view_layers:
            other.use = other == self.layer
        self._passes = set(request.passes)
        self._samples = request.matte_samples
        self._exact: bool | None = None
        set_resolution(self.scene.render, request.resolution)
        _plain_picture(self.scene, request.threads)
        _plain_layer(self.layer)
        for light in (o for o in bpy.data.objects if o.type == "LIGHT"):
            light.hide_render = True
        for ob in bpy.data.objects:
            ob.is_shadow_catcher = False

    def configure(self, exact: bool) -> None:
        """Set the scene to exact or soft; nothing is done where it is so already."""
        if exact == self._exact:
            return
        self._exact = exact
        set_exact(exact)
        cycles, layer = specific(self.scene).cycles, specific(self.layer)
        kind, width = ("BOX", _SHARP) if exact else self.effects.filter
        cycles.pixel_filter_type, cycles.filter_width = kind, width
        cycles.samples = 1 if exact else self._samples
        self.scene.render.use_motion_blur = self.effects.blur and not exact
        layer.use_pass_z = exact and "depth" in self._passes
        layer.use_pass_normal = exact and "normal" in self._passes
        layer.use_pass_vector = exact and "flow" in self._passes
        layer.use_pass_cryptomatte_material = not exact
        layer.use_pass_cryptomatte_accurate = False  # it is slower by half and tells the same
        layer.pass_cryptomatte_depth = _RANKS


def set_resolution(render: bpy.types.RenderSettings, resolution: tuple[int, int] | None) -> None:
    """Another size than the user's, whole; None keeps size and border."""
    if resolution is None:
        return
    render.resolution_x, render.resolution_y = resolution
    render.resolution_percentage = 100
    render.use_border = False


def _effects_of(scene: bpy.types.Scene) -> Effects:
    cycles = getattr(scene, "cycles", None)
    chosen: tuple[str, float] = ("BLACKMAN_HARRIS", 1.5)
    if specific(scene.render).engine == "CYCLES" and cycles is not None:
        chosen = (cycles.pixel_filter_type, cycles.filter_width)
    return Effects(scene.render.use_motion_blur, chosen)


def _plain_picture(scene: bpy.types.Scene, threads: int) -> None:
    render = scene.render
    try:
        specific(render).engine = "CYCLES"
    except TypeError as error:
        raise InputError("Cycles is disabled", "Enable it in the preferences") from error
    scene.timeline_markers.clear()  # they would change the camera
    specific(scene).world = None
    render.film_transparent = True
    render.use_compositing = render.use_sequencer = render.use_multiview = False
    render.use_freestyle = False
    render.dither_intensity = 0.0
    render.use_persistent_data = True
    render.use_file_extension = False
    compat.set_image_format(render.image_settings, "OPEN_EXR_MULTILAYER", "32")
    if hasattr(render.image_settings, "use_exr_interleave"):
        # Blender 5.0 fails to write a part for each pass where pixels are not square.
        render.image_settings.use_exr_interleave = True
    if threads:
        render.threads_mode, render.threads = "FIXED", threads
    cycles = specific(scene).cycles
    cycles.device = "CPU"
    cycles.use_adaptive_sampling = cycles.use_denoising = False
    cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = 0
    cycles.transmission_bounces = cycles.volume_bounces = 0
    cycles.transparent_max_bounces = _TRANSPARENT_LAYERS
    cycles.seed, cycles.use_animated_seed = 0, False
    cycles.use_auto_tile = False


def _plain_layer(layer: bpy.types.ViewLayer) -> None:
    for owner in (layer, specific(layer).cycles):
        for name in dir(owner):
            if name.startswith("use_pass_") or name in ("use_denoising", "denoising_store_passes"):
                setattr(owner, name, False)
    layer.samples = 0
    while layer.aovs:
        layer.aovs.remove(layer.aovs[0])
    # It stays for mattes too: shaders keep writing where it was, into the passes that came there.
    aov = specific(layer.aovs.add())
    aov.name, aov.type = AOV, "COLOR"
