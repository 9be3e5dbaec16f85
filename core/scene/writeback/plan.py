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
from ..narrowing import mesh_of
from .kept_corrections import Corrections, read_corrections
from .ledger import baked_objects, check_free, existing_object, local_object, read


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
    corrections: dict[str, Corrections] = field(default_factory=dict)  # object name -> to keep


@dataclass
class BakeTarget:
    """An object whose evaluated mesh is another one in every frame."""

    object: str
    labels: dict[int, np.ndarray] = field(default_factory=dict)  # frame -> (faces,) int16
    corrections: dict[int, Corrections] = field(default_factory=dict)  # frame -> to keep


@dataclass
class Plan:
    result: Result
    meshes: list[MeshTarget]
    bakes: list[BakeTarget]
    warnings: tuple[str, ...]


def make_plan(files: LabelFiles, every_frame: bool) -> Plan:
    """Read `files` and check them against the scene; nothing is changed.

    Corrections that an artist made on earlier labels are laid on top.

    Raises InputError naming the object that is missing, no mesh, linked, or not the one that was
    parsed, and JobError when the labels are missing, damaged or of another length.
    """
    result = files.read_result()
    frames = sorted(result.frames)
    captured = {frame: result.objects_at(frame) for frame in frames}
    counts: dict[str, set[int]] = {}
    for objects in captured.values():
        for one in objects:
            counts.setdefault(one.name, set()).add(one.element_count)
    if not counts:
        raise InputError(f"The result of {result.character} names no objects", "Parse again")
    direct = {name: _is_direct(name, sizes, result) for name, sizes in counts.items()}

    labellings = {name: Labelling() for name, own in direct.items() if own}
    bakes = {name: BakeTarget(name) for name, own in direct.items() if not own}
    warnings = [w for bake in bakes.values() for w in _keep_baked_corrections(bake, captured)]
    stored = {name: read_corrections(existing_object(name)) for name in labellings}
    kept = {name: corrections for name, corrections in stored.items() if corrections}
    warnings += _describe_unused(kept, bakes, result)
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
                if one.name in kept:
                    piece = kept[one.name].on_top(piece, result.vocabulary)
                labellings[one.name].add(frame, piece, every_frame)
            else:
                earlier = bakes[one.name].corrections.get(frame)
                piece = earlier.on_top(piece, result.vocabulary) if earlier else piece
                bakes[one.name].labels[frame] = piece
    warnings += [
        f"{name} is shown several times; it takes the labels of its first copy"
        for name in sorted(repeated)
    ]
    meshes = _by_mesh(labellings, kept)
    return Plan(result, meshes, list(bakes.values()), tuple(warnings))


def _is_direct(name: str, counts: set[int], result: Result) -> bool:
    """Whether labels belong on the object's own mesh; otherwise its frames must be baked."""
    ob = local_object(name)
    if ob is None:
        if bpy.data.objects.get(name) is not None:
            raise _refuse_linked(name)
        raise InputError(
            f"{name} was parsed but is not in this file",
            "Open the file that was parsed, undo the renaming, or parse again",
        )
    if ob.type != "MESH":
        raise InputError(f"{name} is a {ob.type.lower()} now, not a mesh", "Parse again")
    if ob.data.library is not None or ob.override_library is not None:
        raise _refuse_linked(name)
    check_free(ob)
    check_free(mesh_of(ob))
    if counts == {len(ob.data.polygons)}:
        return True
    if result.topology == "sequence" and ob.modifiers:
        return False
    expected = ", ".join(map(str, sorted(counts)))
    raise InputError(
        f"{name} has changed since it was parsed: "
        f"it has {len(ob.data.polygons)} faces, but labels for {expected}",
        "Parse again",
    )


def _refuse_linked(name: str) -> InputError:
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
    fits = label.dtype.kind == "i" and label.shape == (expected,)
    if not fits or (expected and not -1 <= label.min() <= label.max() < parts):
        raise JobError(
            f"The labels of frame {frame} in {files.job} do not match result.json",
            "Run the job again to recreate them",
        )
    return label


def _keep_baked_corrections(
    bake: BakeTarget, captured: Mapping[int, Sequence[CapturedObject]]
) -> list[str]:
    """Those of frames that have as many faces as before; sentences on the others."""
    lost = []
    for ob in baked_objects(existing_object(bake.object)):
        corrections = read_corrections(ob)
        if corrections is None:
            continue
        frame = (read(ob) or {})["frame"]
        sizes = [o.element_count for o in captured.get(frame, ()) if o.name == bake.object]
        if sizes[:1] == [len(corrections.values)]:
            bake.corrections[frame] = corrections
        else:
            lost.append(frame)
    if not lost:
        return []
    frames = ", ".join(map(str, sorted(lost)))
    return [f"Corrections of {bake.object} in frames {frames} are lost because its faces changed"]


def _describe_unused(
    kept: Mapping[str, Corrections], bakes: Mapping[str, BakeTarget], result: Result
) -> list[str]:
    """Sentences on corrections whose part is not in the vocabulary."""
    missing: dict[str, set[str]] = {}
    everything = [(name, c) for name, c in kept.items()]
    everything += [(b.object, c) for b in bakes.values() for c in b.corrections.values()]
    for name, corrections in everything:
        for part in corrections.unknown(result.vocabulary):
            missing.setdefault(part, set()).add(name)
    return [
        f"{', '.join(sorted(names))} was corrected to {part}, which is no part now: "
        "the correction waits until it is one again"
        for part, names in sorted(missing.items())
    ]


def _by_mesh(
    labellings: Mapping[str, Labelling], corrections: Mapping[str, Corrections]
) -> list[MeshTarget]:
    targets: dict[str, MeshTarget] = {}
    for name, labelling in labellings.items():
        mesh = mesh_of(existing_object(name)).name
        target = targets.setdefault(mesh, MeshTarget(mesh))
        if name in corrections:
            target.corrections[name] = corrections[name]
        for index, variant in enumerate(target.variants):
            if variant.same_as(labelling):
                target.variant_of[name] = index
                break
        else:
            target.variant_of[name] = len(target.variants)
            target.variants.append(labelling)
    return list(targets.values())
