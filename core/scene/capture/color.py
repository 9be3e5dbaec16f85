# SPDX-License-Identifier: GPL-3.0-or-later
"""Colour frames by a real renderer: the artist's materials under neutral light."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler

from ...job.spec import Engine
from .. import compat
from ..narrowing import specific
from .capture_materials import is_filler, show_capture_output
from .passes import render_channels
from .shading import encode_srgb

_CYCLES_SAMPLES, _EEVEE_SAMPLES = 16, 8
_WORLD_LIGHT, _SUN = 0.75, 1.2  # together about as bright as the albedo


def configure_color(scene: bpy.types.Scene, engine: Engine, camera: bpy.types.Object) -> None:
    """Set up `scene` to render the real materials; light comes from all sides and the camera."""
    if engine == "workbench":
        _configure_workbench(scene)
        return
    if engine == "cycles":
        specific(scene.render).engine = "CYCLES"
        cycles = specific(scene).cycles
        cycles.device, cycles.samples = "CPU", _CYCLES_SAMPLES
        cycles.use_adaptive_sampling = cycles.use_denoising = False
        cycles.max_bounces, cycles.transparent_max_bounces = 3, 64
        cycles.seed, cycles.use_auto_tile = 0, False
    else:
        specific(scene.render).engine = compat.eevee_engine()
        scene.eevee.taa_render_samples = _EEVEE_SAMPLES
    scene.world = _neutral_world()
    sun = bpy.data.objects.new("parts4d sun", bpy.data.lights.new("parts4d sun", "SUN"))
    sun.data.energy = _SUN
    sun.parent = camera
    sun.rotation_euler = Euler((-0.6, -0.4, 0.0))
    scene.collection.objects.link(sun)


def render_color(
    scene: bpy.types.Scene, folder: Path, corner: tuple[int, int], inside: np.ndarray
) -> np.ndarray:
    """(h, w, 3) uint8 sRGB on white of the crop at `corner` with silhouette `inside` (h, w)."""
    channels = render_channels(scene, folder)
    layer = scene.view_layers[0].name
    top, left = corner
    crop = (slice(top, top + inside.shape[0]), slice(left, left + inside.shape[1]))
    rgba = np.stack([channels[f"{layer}.Combined.{k}"][crop] for k in "RGBA"], -1)[inside]
    color = np.full((*inside.shape, 3), 255, np.uint8)
    alpha = rgba[:, 3:]
    # Colour is premultiplied; dividing keeps the white background out of the border.
    solid = encode_srgb(rgba[:, :3] / np.maximum(alpha, 1e-3))
    color[inside] = np.where(alpha > 1e-3, solid, 255)
    return color


@contextmanager
def own_materials(engine: Engine) -> Iterator[None]:
    """Within it, `engine` renders materials as the artist made them."""
    if engine == "cycles":
        show_capture_output(False)
    try:
        yield
    finally:
        if engine == "cycles":
            show_capture_output(True)


def _configure_workbench(scene: bpy.types.Scene) -> None:
    specific(scene.render).engine = "BLENDER_WORKBENCH"
    shading = scene.display.shading
    shading.light = "STUDIO"
    shading.color_type = "TEXTURE"
    if bpy.data.materials and all(is_filler(m) for m in bpy.data.materials):
        shading.color_type = "VERTEX"
    shading.show_shadows = shading.show_cavity = shading.show_specular_highlight = False
    scene.display.render_aa = "8"


def _neutral_world() -> bpy.types.World:
    world = bpy.data.worlds.new("parts4d world")
    if world.node_tree is None:
        world.use_nodes = True
    nodes = world.node_tree.nodes
    nodes.clear()
    background = nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = _WORLD_LIGHT
    output = nodes.new("ShaderNodeOutputWorld")
    world.node_tree.links.new(background.outputs[0], output.inputs["Surface"])
    return world
