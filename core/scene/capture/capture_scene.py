# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture's own scenes: the character, one camera, nothing of the user's render settings."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..narrowing import scene_of, specific
from .capture_materials import ALBEDO_AOV, ELEMENT_AOV

_TRANSPARENT_LAYERS = 256  # hair cards lie many deep; a ray that gives up leaves a hole


def place_character(roots: Iterable[bpy.types.Object]) -> bpy.types.Scene:
    """Put the character into the file's (empty) scene, evaluated just as a render would see it."""
    scene = scene_of(bpy.context)
    shown = bpy.data.collections.new("parts4d character")
    scene.collection.children.link(shown)
    for obj in roots:
        shown.objects.link(obj)
    for obj in bpy.data.objects:
        evaluate_like_render(obj)
    return scene


def evaluate_like_render(obj: bpy.types.Object) -> None:
    """Make the viewport evaluation that the scan reads equal to the one that is rendered."""
    obj.hide_viewport = False
    obj.is_holdout = obj.is_shadow_catcher = False
    obj.show_instancer_for_viewport = obj.show_instancer_for_render
    for modifier in obj.modifiers:
        if modifier.type == "PARTICLE_SYSTEM":  # strands carry no element and would hide some
            modifier.show_render = False
        modifier.show_viewport = modifier.show_render
        if isinstance(modifier, bpy.types.SubsurfModifier | bpy.types.MultiresModifier):
            modifier.levels = modifier.render_levels


def add_camera(scene: bpy.types.Scene) -> bpy.types.Object:
    """The rig's camera; it is moved from view to view."""
    camera = bpy.data.objects.new("parts4d camera", bpy.data.cameras.new("parts4d camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def render_scene(
    name: str, shown: bpy.types.Collection, camera: bpy.types.Object, threads: int
) -> bpy.types.Scene:
    """A scene that renders the collection: no blur, no compositor, no sequencer, clear film."""
    scene = bpy.data.scenes.new(name)
    scene.collection.children.link(shown)
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.dof.use_dof = False
    render = scene.render
    render.use_motion_blur = False
    render.film_transparent = True
    render.use_compositing = render.use_sequencer = False
    render.dither_intensity = 0.0
    render.resolution_percentage = 100
    render.threads_mode, render.threads = "FIXED", max(1, threads)
    render.use_persistent_data = True
    render.use_file_extension = False
    scene.view_settings.view_transform = "Standard"
    return scene


def configure_passes(scene: bpy.types.Scene, depth: bool = False) -> None:
    """One exact sample at each pixel's centre, passes only: nothing is lit, nothing is averaged.

    Depth is rendered where it is asked for.
    """
    specific(scene.render).engine = "CYCLES"
    cycles = specific(scene).cycles
    cycles.device = "CPU"
    cycles.samples = 1
    cycles.use_adaptive_sampling = cycles.use_denoising = False
    cycles.pixel_filter_type, cycles.filter_width = "BOX", 0.01
    cycles.max_bounces = cycles.diffuse_bounces = cycles.glossy_bounces = 0
    cycles.transmission_bounces = cycles.volume_bounces = 0
    cycles.transparent_max_bounces = _TRANSPARENT_LAYERS
    cycles.seed, cycles.use_animated_seed = 0, False
    cycles.use_auto_tile = False
    layer = scene.view_layers[0]
    layer.use_pass_combined = False
    layer.use_pass_z, layer.use_pass_normal = depth, True
    for name, kind in ((ELEMENT_AOV, "VALUE"), (ALBEDO_AOV, "COLOR")):
        aov = specific(layer.aovs.add())
        aov.name, aov.type = name, kind
