# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes where: the labels of a job sorted by mesh, after every check and before any change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import bpy
import numpy as np

from ...errors import InputError, JobError
from ...job.arrays import ArrayReader
from ...job.capture_files import CapturedObject
from ...job.label_files import LabelFiles, Result
from .registry import check_free, local_object


@dataclass
class Labelling:
    """The labels of one object over time: only what differs from the frame before is kept."""

    frames: list[int] = field(default_factory=list)  # scene frame from which each one holds
    labels: list[np.ndarray] = field(default_factory=list)  # (faces,) int16 each
    durations: list[int] = field(default_factory=list)  # number of parsed frames each one holds

    @property
    def changes(self) -> bool:
        return len(self.frames) > 1

    def add(self, frame: int, label: np.ndarray, always: bool) -> None:
        if always or not self.labels or not np.array_equal(self.labels[-1], label):
            self.frames.append(frame)
            self.labels.append(label.copy())
            self.durations.append(0)
        self.durations[-1] += 1

    def same_as(self, other: Labelling) -> bool:
        return (
            self.frames == other.frames
            and self.durations == other.durations
            and all(map(np.array_equal, self.labels, other.labels))
        )


@dataclass
class MeshTarget:
    """A mesh, the objects that show it, and their labellings; equal ones are stored once."""

    mesh: str
    variants: list[Labelling] = field(default_factory=list)
    variant_of: dict[str, int] = field(default_factory=dict)  # object name -> index of variants


@dataclass
class BakeTarget:
    """An object whose evaluated mesh is another one in every frame."""

    object: str
    labels: dict[int, np.ndarray] = field(default_factory=dict)  # frame -> (faces,) int16


@dataclass
class Plan:
    result: Result
    meshes: list[MeshTarget]
    bakes: list[BakeTarget]
    warnings: tuple[str, ...]


def make_plan(files: LabelFiles, every_frame: bool) -> Plan:
    """Read `files` and check them against the scene; nothing is changed.

    Raises InputError naming the object that is missing, no mesh, linked, or not the one that was
    parsed, and JobError when the labels are missing, damaged or of another length.
    """
    result = files.read_result()
    frames = sorted(result.frames)
    captured = {frame: captured_at(result, frame) for frame in frames}
    counts: dict[str, set[int]] = {}
    for objects in captured.values():
        for one in objects:
            counts.setdefault(one.name, set()).add(one.element_count)
    if not counts:
        raise InputError(f"The result of {result.character} names no objects", "Parse again")
    direct = {name: _is_direct(name, sizes, result) for name, sizes in counts.items()}

    labellings = {name: Labelling() for name, own in direct.items() if own}
    bakes = {name: BakeTarget(name) for name, own in direct.items() if not own}
    repeated: set[str] = set()
    for frame in frames:
        label = _read_label(files, frame, captured[frame], len(result.vocabulary))
        seen: set[str] = set()
        for one in captured[frame]:
            if one.name in seen:
                repeated.add(one.name)
                continue
            seen.add(one.name)
            piece = label[one.element_start : one.element_start + one.element_count]
            if direct[one.name]:
                labellings[one.name].add(frame, piece, every_frame)
            else:
                bakes[one.name].labels[frame] = piece
    warnings = tuple(
        f"{name} is shown several times; it takes the labels of its first copy"
        for name in sorted(repeated)
    )
    return Plan(result, _by_mesh(labellings), list(bakes.values()), warnings)


def captured_at(result: Result, frame: int) -> Sequence[CapturedObject]:
    """The objects whose polygons are the elements of `frame`, in order."""
    if result.topology == "constant":
        return result.objects
    return result.frame_objects.get(str(frame), ())


def _is_direct(name: str, counts: set[int], result: Result) -> bool:
    """Whether labels belong on the object's own mesh; otherwise its frames must be baked."""
    ob = local_object(name)
    if ob is None:
        if bpy.data.objects.get(name) is not None:
            raise _linked(name)
        raise InputError(
            f"{name} was parsed but is not in this file",
            "Open the file that was parsed, undo the renaming, or parse again",
        )
    if ob.type != "MESH":
        raise InputError(f"{name} is a {ob.type.lower()} now, not a mesh", "Parse again")
    if ob.data.library is not None or ob.override_library is not None:
        raise _linked(name)
    check_free(ob)
    check_free(ob.data)
    if counts == {len(ob.data.polygons)}:
        return True
    if result.topology == "sequence" and ob.modifiers:
        return False
    expected = ", ".join(map(str, sorted(counts)))
    raise InputError(
        f"{name} has changed since it was parsed: "
        f"it has {len(ob.data.polygons)} faces, its labels {expected}",
        "Parse again",
    )


def _linked(name: str) -> InputError:
    return InputError(
        f"{name} is linked from another file and cannot be written to",
        "Make it local (Object > Relations > Make Local > Selected Objects and Data)"
        " or apply the labels in its own file",
    )


def _read_label(
    files: LabelFiles, frame: int, objects: Sequence[CapturedObject], parts: int
) -> np.ndarray:
    """(E,) int16. Only this array is unpacked: confidences are not written to the mesh."""
    with ArrayReader(files.frame_path(frame)) as reader:
        label = reader["label"]
    expected = sum(o.element_count for o in objects)
    if label.shape != (expected,) or (expected and not -1 <= label.min() <= label.max() < parts):
        raise JobError(
            f"The labels of frame {frame} in {files.job} do not fit the result beside them",
            "Run the job again to make them anew",
        )
    return label


def _by_mesh(labellings: Mapping[str, Labelling]) -> list[MeshTarget]:
    targets: dict[str, MeshTarget] = {}
    for name, labelling in labellings.items():
        mesh = local_object(name).data.name
        target = targets.setdefault(mesh, MeshTarget(mesh))
        for index, variant in enumerate(target.variants):
            if variant.same_as(labelling):
                target.variant_of[name] = index
                break
        else:
            target.variant_of[name] = len(target.variants)
            target.variants.append(labelling)
    return list(targets.values())
