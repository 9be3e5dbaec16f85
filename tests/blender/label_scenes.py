# SPDX-License-Identifier: GPL-3.0-or-later
"""Small labelled scenes as files, and what each pixel shows by casting rays, for label passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from core.label_images.png import read_png
from core.label_images.records import ImageRecord, image_path, read_record
from core.label_images.request import LabelledCharacter, LabelRender, PassName
from core.scene.capture.exr import read_exr
from core.scene.label_passes.render import render_labels
from core.scene.narrowing import specific
from core.scene.writeback import apply_labels
from tests.blender.writeback_scene import finished_job, random_labels, sphere

SIZE = (64, 48)
ORIGIN = "origin"  # an attribute of the tests: the face of the original mesh
SAMPLE_SPREAD = 0.006  # pixels: the smallest filter Cycles knows is 0.01 wide, not a point

Labels = Mapping[str, np.ndarray]  # object -> (faces,) int16
Solid = Callable[[str, Vector], bool]


def camera(location=(0.0, -5.0, 0.0)) -> bpy.types.Object:
    """A camera called Cam that looks along +Y, the scene's own."""
    ob = bpy.data.objects.new("Cam", bpy.data.cameras.new("Cam"))
    ob.location, ob.rotation_euler = location, (np.pi / 2, 0, 0)
    scene = bpy.context.scene
    scene.collection.objects.link(ob)
    scene.camera = ob
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    return ob


def character(name: str, folder: Path, location=(0.0, 0.0, 0.0), seed: int = 0) -> np.ndarray:
    """A ball with labels of its own applied to it; the labels."""
    ob = sphere(name, 16, 12)
    ob.location = location
    labels = random_labels(len(ob.data.polygons), seed)
    apply_labels(finished_job(folder / name, [ob], {1: labels}))
    remember_faces(ob)
    return labels


def remember_faces(ob: bpy.types.Object) -> None:
    """Let each face carry its number through modifiers."""
    faces = len(ob.data.polygons)
    ob.data.attributes.new(ORIGIN, "INT", "FACE").data.foreach_set(
        "value", np.arange(faces, dtype=np.int32)
    )


def box(location, size: float) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(location=location, size=size)
    return specific(bpy.context.object)


def save(folder: Path) -> Path:
    path = folder / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False)
    return path


@dataclass(frozen=True)
class Rendered:
    """The images of one request."""

    request: LabelRender

    def image(self, name: PassName, frame: int = 1, camera: str = "Cam") -> Any:
        """Numbers of a PNG, or the channels of an EXR."""
        ending = "png" if name in ("parts", "instances", "beauty") else "exr"
        path = image_path(Path(self.request.folder), camera, name, frame, ending)
        return read_png(path) if ending == "png" else read_exr(path)

    def record(self, frame: int = 1, camera: str = "Cam") -> ImageRecord:
        found = read_record(Path(self.request.folder), camera, frame)
        assert found is not None
        return found


def rendered(blend: Path, names: Sequence[str | LabelledCharacter], **settings: Any) -> Rendered:
    """Render the camera Cam; the open file is closed."""
    settings = {"cameras": ("Cam",), "frames": (1,), **settings}
    characters = tuple(
        n if isinstance(n, LabelledCharacter) else LabelledCharacter(n) for n in names
    )
    request = LabelRender(str(blend), str(blend.parent / "images"), characters, **settings)
    render_labels(request)
    return Rendered(request)


class Truth:
    """What rays from the scene's camera hit in the open file at a moment."""

    def __init__(self, time: float = 1.0, solid: Solid = lambda name, point: True) -> None:
        scene = bpy.context.scene
        scene.frame_set(int(time // 1), subframe=time % 1)
        self._solid = solid
        self._trees: list[tuple[str, Any, np.ndarray]] = []
        depsgraph = bpy.context.evaluated_depsgraph_get()
        for instance in depsgraph.object_instances:
            if instance.object.type == "MESH" and instance.show_self:
                self._trees.append(_tree(instance))
        view = scene.camera.evaluated_get(depsgraph)
        self._matrix = view.matrix_world.copy()
        corners = view.data.view_frame(scene=scene)
        self._corner, self._right = corners[3].copy(), corners[0] - corners[3]
        self._down = corners[2] - corners[3]

    def cast(self, u: float, v: float) -> tuple[str, int]:
        """(object, face of its original mesh) at a point of the image; ("", -1) of nothing."""
        point = self._corner + self._right * (u / SIZE[0]) + self._down * (v / SIZE[1])
        origin, direction = self._matrix.translation, self._matrix.to_3x3() @ point
        best = (np.inf, "", -1)
        for name, tree, faces in self._trees:
            start: Any = origin.copy()
            while (hit := tree.ray_cast(start, direction))[0] is not None:
                if self._solid(name, hit[0]):
                    distance = (hit[0] - origin).length
                    best = min(best, (distance, name, int(faces[hit[2]])))
                    break
                start = hit[0] + direction.normalized() * 1e-4
        return best[1], best[2]

    def wrong(self, image: np.ndarray, value: Callable[[str, int], int]) -> tuple[int, int]:
        """(pixels that show something, pixels that differ) of an image of `value(object, face)`."""
        seen = wrong = 0
        for row in range(SIZE[1]):
            for column in range(SIZE[0]):
                expected, found = value(*self.cast(column + 0.5, row + 0.5)), image[row, column]
                seen += expected > 0
                if expected != found:
                    wrong += found not in {
                        value(*self.cast(column + 0.5 + dx, row + 0.5 + dy))
                        for dx in (-SAMPLE_SPREAD, SAMPLE_SPREAD)
                        for dy in (-SAMPLE_SPREAD, SAMPLE_SPREAD)
                    }
        return seen, wrong


def part_of(labels: Labels) -> Callable[[str, int], int]:
    """The id that a face has when parts are numbered from 1."""

    def value(name: str, face: int) -> int:
        if name not in labels:
            return 0
        label = int(labels[name][face])
        return 255 if label < 0 else label + 1

    return value


def _tree(instance: Any) -> tuple[str, Any, np.ndarray]:
    mesh, matrix = instance.object.data, instance.matrix_world
    mesh.calc_loop_triangles()
    triangles = [tuple(t.vertices) for t in mesh.loop_triangles]
    faces = np.array([t.polygon_index for t in mesh.loop_triangles])
    if ORIGIN in mesh.attributes:
        faces = np.array([d.value for d in mesh.attributes[ORIGIN].data])[faces]
    points = [matrix @ v.co for v in mesh.vertices]
    name = instance.object.original.name
    return name, BVHTree.FromPolygons(points, triangles, epsilon=0.0), faces
