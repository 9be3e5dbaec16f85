# SPDX-License-Identifier: GPL-3.0-or-later
"""The capture as files: what Blender rendered, read and written frame by frame.

`capture/capture.json` is the manifest, `capture/facts.npz` (or one `facts_0001.npz` per frame when
the topology changes) says what each element is, and `capture/frame_0001.npz` holds all views of a
frame, cropped to the silhouette. Nothing here needs Blender; images are read one frame at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ..files.atomic import write_json
from ..files.reading import damaged, read_object
from .arrays import (
    ArrayReader,
    check_range,
    check_shape,
    load_arrays,
    making_sense,
    save_arrays,
)
from .recorded import check_recorded
from .strict_json import read_dataclass, wrong_value
from .view_passes import Pass, passes_of, view_pass

Topology = Literal["constant", "sequence"]

_LARGEST_SIDE = 2**15  # pixels
MAX_ELEMENTS = 2**31 - 1  # element maps are int32


@dataclass(frozen=True)
class ViewImage:
    """One camera's look at the character in one frame, cropped to the silhouette's bounding box."""

    resolution: tuple[int, int]  # full image (height, width) in pixels
    corner: tuple[int, int]  # (row, column) of the crop's top-left pixel in the full image
    element: np.ndarray = view_pass(
        Pass(
            "int32",
            ("h", "w"),
            "element index, -1 = background",
            read_by=("sight", "proposals", "masklets", "validation", "embeddings"),
        )
    )
    color: np.ndarray = view_pass(
        Pass("uint8", ("h", "w", 3), "sRGB on white", ("sight", "proposals", "embeddings"))
    )
    normal: np.ndarray = view_pass(
        Pass("int8", ("h", "w", 3), "world-space unit normal times 127", ("sight", "proposals"))
    )
    world_to_camera: np.ndarray = view_pass(
        Pass("float64", (4, 4), "OpenCV axes: x right, y down, z forward", ("sight",))
    )
    depth: np.ndarray | None = view_pass(
        Pass(
            "float16",
            ("h", "w"),
            "metres along the view axis, relative to the bounds' centre",
            optional=True,
        )
    )
    intrinsics: np.ndarray | None = view_pass(
        Pass("float64", (3, 3), "pixels; orthographic: (u, v, 1) = K (x, y, 1)", optional=True)
    )

    @property
    def silhouette(self) -> np.ndarray:
        """(h, w) bool, the paper's S."""
        return self.element >= 0

    def uncrop(self, image: np.ndarray, background: int) -> np.ndarray:
        """`image` (h, w, ...) pasted into a full frame filled with `background`."""
        full = np.full(self.resolution + image.shape[2:], background, image.dtype)
        top, left = self.corner
        full[top : top + image.shape[0], left : left + image.shape[1]] = image
        return full


PASSES = passes_of(ViewImage)


@dataclass(frozen=True)
class CapturedObject:
    """A mesh object of the character and the run of elements that are its polygons."""

    name: str
    mesh: str
    element_start: int
    element_count: int


@dataclass(frozen=True)
class Names:
    """The names that facts index into."""

    objects: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    bones: tuple[str, ...] = ()
    bone_parent: tuple[int, ...] = ()  # index into bones, -1 = root


@dataclass(frozen=True)
class Facts:
    """What is known of each of E elements without looking at a picture. -1 means none."""

    object: np.ndarray  # (E,) int32 into Names.objects
    material: np.ndarray  # (E,) int32 into Names.materials
    bone: np.ndarray  # (E,) int32 into Names.bones: the bone with the largest summed weight
    loose_part: np.ndarray  # (E,) int32, connected by shared vertices, numbered over all objects
    uv_island: np.ndarray  # (E,) int32, connected in the active UV map
    area: np.ndarray  # (E,) float32 square metres in world space, at the first captured frame
    centroid: np.ndarray  # (E, 3) float32 metres in world space, at the first captured frame
    neighbours: np.ndarray  # (A, 2) int32 pairs of elements sharing an edge, each pair once, a < b

    @property
    def count(self) -> int:
        return len(self.object)


_FACT_FIELDS = tuple(one.name for one in fields(Facts))


@dataclass(frozen=True)
class Manifest:
    """What was captured, by what, and how to read the rest."""

    frames: tuple[int, ...]  # scene frame numbers, in order
    views: tuple[str, ...]  # e.g. "az000_el00"
    azimuths: tuple[float, ...]  # degrees, 0 = the front (-Y), counter-clockwise from above
    elevations: tuple[float, ...]  # degrees above the horizon
    resolution: tuple[int, int]
    projection: Literal["orthographic", "perspective"]
    topology: Topology
    objects: tuple[CapturedObject, ...]  # constant topology; empty for a sequence
    frame_objects: Mapping[str, tuple[CapturedObject, ...]] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    engine: str = "albedo"
    blender: str = ""  # version that rendered
    fps: float = 24.0
    character: str = ""
    warnings: tuple[str, ...] = ()
    schema_version: int = 1

    @property
    def element_count(self) -> int:
        """Number of elements of a character with constant topology."""
        return sum(o.element_count for o in self.objects)

    def objects_at(self, frame: int) -> tuple[CapturedObject, ...]:
        """The objects visible in `frame`, in element order."""
        return self.objects if self.topology == "constant" else self.frame_objects[str(frame)]

    def elements_at(self, frame: int) -> int:
        """How many elements `frame` has."""
        return sum(o.element_count for o in self.objects_at(frame))

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Manifest:
        """Raises InputError for a value of another type, and objects whose faces do not follow."""
        manifest = read_dataclass(cls, document)
        check_objects(manifest.topology, manifest.frames, manifest.objects, manifest.frame_objects)
        for name in ("frames", "views"):
            if not getattr(manifest, name):
                raise wrong_value(name, "at least one", [])
        if not all(0 < side <= _LARGEST_SIDE for side in manifest.resolution):
            limits = f"sides of 1 to {_LARGEST_SIDE} pixels"
            raise wrong_value("resolution", limits, list(manifest.resolution))
        return manifest


def check_objects(
    topology: Topology,
    frames: Sequence[int],
    objects: Sequence[CapturedObject],
    frame_objects: Mapping[str, Sequence[CapturedObject]],
) -> None:
    """Raises InputError unless every frame has its objects, and their elements are without gaps."""
    runs = [objects] if topology == "constant" else []
    for frame in frames if topology == "sequence" else ():
        if str(frame) not in frame_objects:
            raise wrong_value("frame_objects", f"of all frames, {frame} too", [*frame_objects])
        runs.append(frame_objects[str(frame)])
    for run in runs:
        start = 0
        for one in run:
            if one.element_start != start:
                raise wrong_value(f"element_start of {one.name!r}", str(start), one.element_start)
            if not 0 <= one.element_count <= MAX_ELEMENTS - start:
                limits = f"within 0 to {MAX_ELEMENTS - start}"
                raise wrong_value(f"element_count of {one.name!r}", limits, one.element_count)
            start += one.element_count


class CaptureFiles:
    """Reads and writes the files of one capture folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._manifest: Manifest | None = None
        self._open_frame: tuple[int, ArrayReader] | None = None

    @property
    def manifest(self) -> Manifest:
        """Raises JobError when it is missing or damaged."""
        if self._manifest is None:
            path = self.folder / "capture.json"
            try:
                check_recorded(path)
                self._manifest = Manifest.from_json(read_object(path))
            except InputError as error:
                raise damaged(path) from error
        return self._manifest

    def write_manifest(self, manifest: Manifest) -> None:
        self._manifest = manifest
        write_json(self.folder / "capture.json", asdict(manifest))

    def facts_path(self, frame: int | None) -> Path:
        return self.folder / ("facts.npz" if frame is None else f"facts_{frame:04d}.npz")

    def write_facts(self, facts: Facts, frame: int | None = None) -> None:
        """`frame` is None for constant topology."""
        save_arrays(self.facts_path(frame), {k: getattr(facts, k) for k in _FACT_FIELDS})

    def facts(self, frame: int) -> Facts:
        """The facts that hold in `frame`.

        A vertex may be nowhere (NaN, infinite): its elements lie in the middle of the others and
        have next to no area. Raises JobError for a damaged file.
        """
        constant = self.manifest.topology == "constant"
        path = self.facts_path(None if constant else frame)
        arrays = load_arrays(path)
        with making_sense(path):
            facts = Facts(**{k: arrays[k] for k in _FACT_FIELDS})
            _check_facts(facts, self.manifest, self.manifest.elements_at(frame))
        return _place_lost(facts)

    def frame_path(self, frame: int) -> Path:
        return self.folder / f"frame_{frame:04d}.npz"

    def write_frame(self, frame: int, views: Sequence[ViewImage]) -> None:
        """Raises ValueError for an image with a pass of another shape or dtype."""
        arrays: dict[str, np.ndarray] = {}
        for v, image in enumerate(views):
            arrays[f"box_{v:02d}"] = np.array([*image.resolution, *image.corner], np.int32)
            for one in PASSES:
                if (array := getattr(image, one.name)) is not None:
                    one.check(array, image.element.shape)
                    arrays[f"{one.name}_{v:02d}"] = array
        save_arrays(self.frame_path(frame), arrays)

    def view(self, frame: int, view: int) -> ViewImage:
        """One image; only its own arrays are decompressed. Raises JobError for a damaged file."""
        reader = self._reader(frame)
        there = reader.names()
        element = self.element_map(frame, view)
        with making_sense(reader.path):
            resolution, corner = self._box(reader, view, element.shape)
        arrays = {
            one.name: reader.read(key, one.dtype, one.shape_of(element.shape))
            for one in PASSES
            if one.name != "element"
            and ((key := f"{one.name}_{view:02d}") in there or not one.optional)
        }
        return ViewImage(resolution, corner, element, **arrays)

    def element_map(self, frame: int, view: int) -> np.ndarray:
        """(h, w) int32 crop: cheaper than `view` when nothing else is needed.

        Raises JobError for a damaged file.
        """
        reader = self._reader(frame)
        element = reader.read(f"element_{view:02d}", "int32", (None, None))
        with making_sense(reader.path):
            check_range(element, -1, self.manifest.elements_at(frame))
        return element

    def _reader(self, frame: int) -> ArrayReader:
        if self._open_frame is None or self._open_frame[0] != frame:
            self.close()
            self._open_frame = (frame, ArrayReader(self.frame_path(frame)))
        return self._open_frame[1]

    def _box(
        self, reader: ArrayReader, view: int, size: tuple[int, ...]
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Resolution of the image and corner of its crop. Raises ValueError."""
        box = check_shape(reader[f"box_{view:02d}"], (4,), "i")
        height, width, top, left = (int(x) for x in box)
        inside = top >= 0 and left >= 0 and top + size[0] <= height and left + size[1] <= width
        if (height, width) != self.manifest.resolution or not inside:
            raise ValueError("the crop lies outside the image")
        return (height, width), (top, left)

    def close(self) -> None:
        if self._open_frame is not None:
            self._open_frame[1].close()
            self._open_frame = None


def _place_lost(facts: Facts) -> Facts:
    lost = ~(np.isfinite(facts.centroid).all(axis=1) & np.isfinite(facts.area))
    if not lost.any():
        return facts
    centroid, area = facts.centroid.copy(), facts.area.copy()
    centroid[lost] = 0 if lost.all() else centroid[~lost].mean(axis=0)
    area[lost] = np.finfo(area.dtype).tiny  # not 0: weights of means need a sum
    return replace(facts, centroid=centroid, area=area)


def _check_facts(facts: Facts, manifest: Manifest, count: int) -> None:
    """Raises ValueError unless every number means something."""
    names = manifest.names
    ends = {
        "object": len(names.objects),
        "material": len(names.materials),
        "bone": len(names.bones),
        "loose_part": count,
        "uv_island": count,
    }
    for name, end in ends.items():
        check_range(check_shape(getattr(facts, name), (count,), "i"), -1, end)
    check_shape(facts.area, (count,), "f")
    check_shape(facts.centroid, (count, 3), "f")
    check_range(check_shape(facts.neighbours, (None, 2), "i"), 0, count)
    check_range(np.array(names.bone_parent, np.int64), -1, len(names.bones))
