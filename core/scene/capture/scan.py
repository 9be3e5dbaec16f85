# SPDX-License-Identifier: GPL-3.0-or-later
"""The first pass over all frames: bounds, bad numbers, whether the topology holds, key poses.

It evaluates but does not render, and gives the same answer in every capture process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ...errors import InputError
from ...job.capture_files import CapturedObject, Topology
from ..checks import check_finite, object_frame, vertex_positions
from ..narrowing import mesh_of, specific
from .elements import ATTRIBUTE, read_ids
from .rig import Bounds

_POSE_POINTS = 1500  # vertices that stand for the pose
_LOST_SHARE = 0.5  # more faces than this without an element: the frame's mesh is a new topology


@dataclass(frozen=True)
class Scan:
    """What the frames have in common and where the character is in each."""

    frames: tuple[int, ...]
    bounds: tuple[Bounds, ...]  # per frame
    topology: Topology
    poses: np.ndarray | None  # (frames, points, 3) float32, centred; None if counts change
    objects: tuple[tuple[CapturedObject, ...], ...]  # per frame: its visible meshes' faces
    warnings: tuple[str, ...] = ()

    def only(self, frames: Sequence[int]) -> Scan:
        """The scan of some of the frames."""
        kept = [self.frames.index(f) for f in frames]
        return replace(
            self,
            frames=tuple(frames),
            bounds=tuple(self.bounds[i] for i in kept),
            objects=tuple(self.objects[i] for i in kept),
            poses=None if self.poses is None else self.poses[kept],
        )


@dataclass(frozen=True)
class VisibleMesh:
    """An evaluated mesh in the scene and where it stands; valid until the next evaluation."""

    object: bpy.types.Object  # the original one
    mesh: bpy.types.Mesh  # evaluated
    materials: tuple[bpy.types.Material | None, ...]  # originals, of the object's slots
    to_world: np.ndarray  # (4, 4) float64

    def positions(self) -> np.ndarray:
        """(N, 3) float32 world positions."""
        local = vertex_positions(self.mesh)
        return local @ self.to_world[:3, :3].T.astype(np.float32) + self.to_world[:3, 3].astype(
            np.float32
        )


def visible_meshes(scene: bpy.types.Scene, frame: int) -> Iterator[VisibleMesh]:
    """Every mesh that renders in the scene's current frame, instances included, in fixed order."""
    depsgraph = scene.view_layers[0].depsgraph
    for instance in depsgraph.object_instances:
        obj: bpy.types.Object = specific(instance.object)
        if obj.type != "MESH" or not instance.show_self:
            continue
        carrier = instance.parent if instance.is_instance else obj
        if carrier.hide_render or object_frame(specific(obj.original)) not in (None, frame):
            continue
        if len(obj.data.vertices):
            # An instance's object is lent for this one step of the iteration: keep none of it.
            slots = tuple(m and m.original for m in (s.material for s in obj.material_slots))
            matrix = np.array(instance.matrix_world, np.float64)
            yield VisibleMesh(specific(obj.original), mesh_of(obj), slots, matrix)


def captured_objects(meshes: Sequence[VisibleMesh]) -> tuple[CapturedObject, ...]:
    """The elements of a frame: faces of its visible meshes, in order."""
    found, start = [], 0
    for visible in meshes:
        count = len(visible.mesh.polygons)
        found.append(CapturedObject(visible.object.name, visible.object.data.name, start, count))
        start += count
    return tuple(found)


def scan_frames(
    scene: bpy.types.Scene,
    frames: Sequence[int],
    elements: int,
    report: Callable[[int, int], None] | None = None,
) -> Scan:
    """Evaluate all `frames` of a scene whose meshes carry elements 0..elements-1.

    Raises InputError for a vertex that is not finite (naming object and frame), and when nothing
    of the character is visible in any frame.
    """
    seen = _Seen()
    for done, frame in enumerate(frames):
        scene.frame_set(frame)
        seen.add(list(visible_meshes(scene, frame)), frame, elements)
        if report is not None:
            report(done + 1, len(frames))
    known = [b for b in seen.bounds if b is not None]
    if not known:
        raise InputError(
            "Nothing of the character is visible in the chosen frames",
            "Choose other frames or enable its camera icon in the Outliner",
        )
    constant = seen.has_constant_topology() and all(object_frame(o) is None for o in scene.objects)
    return Scan(
        tuple(frames),
        tuple(b if b is not None else known[0] for b in seen.bounds),
        "constant" if constant else "sequence",
        seen.comparable_poses(),
        tuple(seen.objects),
        seen.warnings() if constant else (),
    )


@dataclass
class _Seen:
    """What is found frame by frame; one entry a frame unless said otherwise."""

    bounds: list[Bounds | None] = field(default_factory=list)
    poses: list[np.ndarray] = field(default_factory=list)  # of frames that show something
    vertices: set[int] = field(default_factory=set)  # numbers of vertices that occur
    objects: list[tuple[CapturedObject, ...]] = field(default_factory=list)
    lost: dict[str, float] = field(default_factory=dict)  # object -> share without an element
    sane: bool = True  # whether element numbers survived the modifiers everywhere

    def add(self, meshes: list[VisibleMesh], frame: int, elements: int) -> None:
        """Raises InputError for a vertex that is not finite."""
        points = []
        self.objects.append(captured_objects(meshes))
        for visible in meshes:
            world = visible.positions()
            check_finite(world, visible.object.name, frame)
            points.append(world)
            self.sane &= _elements_intact(visible, elements, self.lost)
        if not points:
            self.bounds.append(None)
            return
        together = np.concatenate(points)
        bounds = Bounds.of(together)
        self.bounds.append(bounds)
        self.vertices.add(len(together))
        self.poses.append(_pose(together - bounds.center.astype(np.float32)))

    def has_constant_topology(self) -> bool:
        return self.sane and not any(share > _LOST_SHARE for share in self.lost.values())

    def comparable_poses(self) -> np.ndarray | None:
        """(F, n, 3) float32, or None when not every frame shows the same number of vertices."""
        comparable = len(self.vertices) == 1 and len(self.poses) == len(self.bounds)
        return np.stack(self.poses) if comparable else None

    def warnings(self) -> tuple[str, ...]:
        return tuple(
            f"Modifiers of '{name}' make faces that belong to no original face; they stay "
            "unlabelled"
            for name, share in sorted(self.lost.items())
            if share > 0
        )


def key_poses(scan: Scan, count: int) -> tuple[int, ...]:
    """The `count` frames with the most different poses, in order, by farthest point sampling.

    Starts from the first frame. Without comparable vertices: spread evenly.
    """
    total = len(scan.frames)
    if count <= 0 or count >= total:
        return scan.frames
    if scan.poses is None:
        chosen = np.unique(np.linspace(0, total - 1, count).round().astype(int))
        return tuple(scan.frames[i] for i in chosen)
    chosen = [0]
    nearest = np.full(total, np.inf)
    while len(chosen) < count:
        difference = scan.poses - scan.poses[chosen[-1]]
        nearest = np.minimum(nearest, np.square(difference).sum(2).mean(1))
        chosen.append(int(nearest.argmax()))
    return tuple(scan.frames[i] for i in sorted(set(chosen)))


def _elements_intact(visible: VisibleMesh, elements: int, lost: dict[str, float]) -> bool:
    """Whether the attribute survived the modifiers; notes the share of faces without element."""
    if ATTRIBUTE not in visible.mesh.attributes:
        return False
    ids = read_ids(visible.mesh)
    if len(ids) == 0:
        return True
    if ids.min() < 0 or ids.max() > elements:
        return False
    missing = float((ids == 0).mean())
    lost[visible.object.name] = max(lost.get(visible.object.name, 0.0), missing)
    return True


def _pose(points: np.ndarray) -> np.ndarray:
    """Some of the points (n, 3), the same of every frame that has as many."""
    return points[:: max(1, len(points) // _POSE_POINTS)][:_POSE_POINTS].copy()
