# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders posed figures with the capture's own passes: what the model sees later, with labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from core.scene.capture.capture_materials import prepare_materials
from core.scene.capture.capture_scene import place_character
from core.scene.capture.elements import write_ids
from core.scene.capture.passes import Passes
from core.scene.capture.render_views import ViewRenderer
from core.scene.capture.rig import SENSOR, Bounds, Camera, Rig
from core.scene.capture.shading import encode_srgb
from core.scene.narrowing import mesh_of, specific

from .bank import NO_LABEL, region_index, surface_index
from .figure import NO_SEGMENT, SEGMENTS, Figure, Material
from .offsets import DEPTH_STEP
from .shards import View
from .zones import zones_of

_COLORS = "Col"  # Cycles shows black for an attribute that is called "color"
_AROUND_NEAR = 1.6  # sizes of a head or hand that a near look is wide
_HEAD = region_index("head")
# Hats and long hair reach far beyond the head itself.
_OF_HEADS = [surface_index(name) for name in ("skin", "eye", "eyebrow", "mouth")]


@dataclass(frozen=True)
class Look:
    """One camera around a figure."""

    azimuth: float  # degrees
    elevation: float  # degrees
    size: int  # pixels that the larger side of what it is about takes in the picture
    lens: float = 0.0  # mm; 0 is orthographic
    near: bool = False  # about the head, not the whole figure; orthographic
    hand: str = ""  # "l" or "r": about that hand instead


class FigureScene:
    """One figure in Blender: put into a pose, looked at, put into the next."""

    def __init__(self, figure: Figure, scratch: Path, threads: int = 1) -> None:
        """Empties Blender. `scratch` is an existing folder for rendered files."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self._figure, self._zones = figure, zones_of(figure)
        self._object = figure_object(figure)
        place_character([self._object])
        write_ids(mesh_of(self._object), np.arange(1, len(figure.faces) + 1, dtype=np.int32))
        prepare_materials([self._object])
        shown = bpy.context.scene.collection.children[0]
        bounds = Bounds.of(figure.vertices)
        self._renderer = ViewRenderer(
            shown, _rig(Look(0, 0, 64), bounds), "albedo", threads, scratch, depth=True
        )

    def views(
        self, vertices: np.ndarray, bones: np.ndarray, looks: Sequence[Look]
    ) -> Iterator[View]:
        """The figure with its vertices (V, 3) where they are now, from every side asked for.

        `bones` (16, 2, 3) metres are the ends of SEGMENTS now.
        """
        mesh = self._object.data
        mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
        mesh.update()
        mesh.update_tag()
        whole = Bounds.of(vertices[_used(self._figure.faces)])
        for look in looks:
            shown = self._shown(look)
            if not look.near:
                bounds, rig = whole, _rig(look, whole)
            elif len(shown):
                around = Bounds.of(vertices[_used(shown)])
                # Nothing in front of it or behind it is cut off.
                bounds = replace(whole, center=around.center)
                rig = replace(_rig(look, around, _AROUND_NEAR), distance=_rig(look, whole).distance)
            else:
                continue
            self._renderer.rig = rig
            scene = self._renderer.passes
            scene.render.resolution_x = scene.render.resolution_y = rig.resolution
            passes = self._renderer.passes_of(0, bounds)
            yield self._view(passes, look, rig.camera(0, bounds.center), bones)

    def _shown(self, look: Look) -> np.ndarray:
        """The faces that a near look is about."""
        figure = self._figure
        if look.hand:
            return figure.faces[self._zones.segment == SEGMENTS.index(f"hand {look.hand}")]
        return figure.faces[(figure.region == _HEAD) & np.isin(figure.surface, _OF_HEADS)]

    def _view(self, passes: Passes, look: Look, camera: Camera, bones: np.ndarray) -> View:
        assert passes.depth is not None  # the renderer was asked for it
        figure, inside = self._figure, passes.element >= 0
        face = passes.element[inside]
        rotation = camera.world_to_camera[:3, :3]
        focal, perspective = float(camera.intrinsics[0, 0]), look.lens > 0
        scale = focal / camera.distance if perspective else focal  # pixels to a metre
        assert passes.depth is not None  # asked for
        depth = (passes.depth[inside] - camera.distance) * scale / DEPTH_STEP
        ends = bones @ rotation.T + camera.world_to_camera[:3, 3] - [0, 0, camera.distance]
        row, column = passes.corner
        unit = passes.normal[inside] @ rotation.T.astype(np.float32)
        unit = unit / np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)
        return View(
            _spread(inside, encode_srgb(passes.albedo[inside])),
            _spread(inside, np.rint(unit * 127).astype(np.int8)),
            _spread(inside, figure.surface[face], NO_LABEL),
            _spread(inside, self._zones.zone[face], NO_LABEL),
            _spread(inside, self._zones.segment[face], NO_SEGMENT),
            _spread(inside, (np.minimum(figure.piece[face], 253) + 1).astype(np.uint8)),
            _spread(inside, np.rint(np.clip(depth, -32000, 32000)).astype(np.int16)),
            (ends * scale).astype(np.float32),
            (camera.intrinsics[0, 2] - column, camera.intrinsics[1, 2] - row),
            focal if perspective else 0.0,
            look.near,
        )


@contextmanager
def blender_scratch(folder: Path) -> Iterator[Path]:
    """A folder for what Blender writes between rendering and reading."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        for path in folder.glob("*.exr"):
            path.unlink(missing_ok=True)


def figure_object(figure: Figure) -> bpy.types.Object:
    """A mesh object of the figure at rest, with its materials."""
    mesh = bpy.data.meshes.new("figure")
    faces = [[v for v in face if v >= 0] for face in figure.faces.tolist()]
    mesh.from_pydata(figure.vertices.tolist(), [], faces)
    corner = figure.faces.ravel() >= 0
    layer = mesh.uv_layers.new(name="uv")
    uv = np.ascontiguousarray(figure.uv.reshape(-1, 2)[corner], np.float32)
    layer.data.foreach_set("uv", uv.ravel())
    mesh.polygons.foreach_set("material_index", figure.material.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.full(len(faces), not figure.flat_shaded))
    if figure.vertex_color is not None:
        colors = mesh.color_attributes.new(_COLORS, "BYTE_COLOR", "POINT")
        rgba = np.full((len(figure.vertices), 4), 1, np.float32)
        rgba[:, :3] = figure.vertex_color / np.float32(255)
        specific(colors).data.foreach_set("color_srgb", rgba.ravel())
    for material in figure.materials:
        mesh.materials.append(_material(material))
    obj = bpy.data.objects.new("figure", mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


def _material(look: Material) -> bpy.types.Material:
    material = bpy.data.materials.new(look.name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(n for n in nodes if n.type == "BSDF_PRINCIPLED")
    if look.texture is not None:
        image = nodes.new("ShaderNodeTexImage")
        image.image = _image(look.texture)
        links.new(image.outputs["Color"], shader.inputs["Base Color"])
        if look.cut_out:
            links.new(image.outputs["Alpha"], shader.inputs["Alpha"])
    elif look.vertex_colors:
        color = nodes.new("ShaderNodeVertexColor")
        color.layer_name = _COLORS
        links.new(color.outputs["Color"], shader.inputs["Base Color"])
    else:
        shader.inputs["Base Color"].default_value = (*_linear(look.color), 1.0)
    return material


def _image(texture: Path | np.ndarray) -> bpy.types.Image:
    if isinstance(texture, Path):
        return bpy.data.images.load(str(texture), check_existing=True)
    height, width, channels = texture.shape
    image = bpy.data.images.new("texture", width, height, alpha=channels == 4)
    rgba = np.ones((height, width, 4), np.float32)
    rgba[..., :channels] = texture[::-1] / np.float32(255)  # Blender counts rows from below
    specific(image.pixels).foreach_set(rgba.ravel())
    image.update()
    return image


def _linear(color: Sequence[float]) -> tuple[float, ...]:
    c = np.asarray(color, np.float64)
    return tuple(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).tolist())


def _used(faces: np.ndarray) -> np.ndarray:
    used = np.unique(faces)
    return used[used >= 0]


def _rig(look: Look, bounds: Bounds, around: float = 1.05) -> Rig:
    """`around`: how much wider than what it is about the picture is."""
    elevation = np.radians(look.elevation)
    vertical = abs(np.cos(elevation)) * bounds.half_height + abs(np.sin(elevation)) * bounds.radius
    extent = around * max(float(vertical), bounds.radius, 1e-6)
    tall = max(float(vertical), bounds.radius) / extent  # share of the picture that is figure
    resolution = max(32, round(look.size / tall))
    distance = max(2.0 * bounds.reach, 1e-3)
    if look.lens:
        distance = extent * look.lens * 2 / SENSOR + bounds.reach
    return Rig(
        ("view",),
        (look.azimuth,),
        (look.elevation,),
        resolution,
        look.lens > 0,
        look.lens or 50.0,
        extent,
        distance,
    )


def _spread(inside: np.ndarray, values: np.ndarray, outside: int = 0) -> np.ndarray:
    full = np.full(inside.shape + values.shape[1:], outside, values.dtype)
    full[inside] = values
    return full
