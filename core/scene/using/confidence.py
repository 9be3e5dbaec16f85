# SPDX-License-Identifier: GPL-3.0-or-later
"""How sure the labels are, as colours: where to look before correcting anything.

The confidences of one frame are read from the job's folder into a FACE/FLOAT attribute; the
overlay draws it. Dark is unsure, bright is sure, grey is unlabelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...errors import InputError
from ...job.label_files import UNLABELLED, LabelFiles, Result
from ...job.locations import find_job, name_of_job
from ..writeback import ledger as registry
from ..writeback.attributes import add_later
from ..writeback.kept_corrections import read_corrections
from ..writeback.modes import object_mode
from ..writeback.names import free_name
from ..writeback.options import Overlay
from ..writeback.overlay import show_overlay
from .labelled import Labelled, character_of, held_frame

ATTRIBUTE = "parts_confidence"


@dataclass(frozen=True)
class Confidence:
    """What is shown."""

    frame: int  # whose confidences they are; of a mesh sequence, each mesh has those of its own
    mean: float  # over labelled faces


def show_confidence(ob: bpy.types.Object | None, job: Path | None = None) -> Confidence:
    """Colour the character of `ob` by the confidence of its labels at the scene frame.

    `job` is the folder they came from, None for the one that was applied. Faces that were
    corrected by hand are sure. The colours stay those of this frame until this is called again;
    clearing the labels removes them. Raises InputError when the folder is gone or the mesh has
    been edited since, and JobError when files are damaged.
    """
    objects = character_of(ob)
    values = {one.name: _confidence(one, _label_files(one, job)) for one in objects}
    means = []
    with object_mode(o for one in objects for o in registry.objects_of(one.mesh)):
        for one in objects:
            frame, confidence = values[one.name]
            if corrections := read_corrections(one.object):
                confidence[corrections.values > 0] = 1.0
            _store(one, confidence)
            means.append(confidence[one.label(one.at(frame)) != UNLABELLED])
        show_overlay([one.object for one in objects], True, Overlay("confidence"))
    labelled = np.concatenate(means)
    frame = held_frame(sorted(objects[0].document["frames"]), bpy.context.scene.frame_current)
    return Confidence(frame, float(labelled.mean()) if len(labelled) else 0.0)


def _label_files(one: Labelled, job: Path | None) -> LabelFiles:
    folder = job or find_job(one.document, bpy.data.filepath)
    if folder is None or not (folder / "result.json").is_file():
        name = str(folder or name_of_job(one.document))
        raise InputError(
            f"The job folder of {one.document['character']}'s labels is missing"
            + (f": {name}" if name else ""),
            "Choose where it is now, or apply labels again",
        )
    return LabelFiles(folder)


def _confidence(one: Labelled, files: LabelFiles) -> tuple[int, np.ndarray]:
    """(frame, (faces,) float32) of an object; nothing is changed."""
    result = files.read_result()
    source = one.document.get("object", one.name)
    frames = _frames_of(result, source)
    if "frame" in one.document:
        frames = [f for f in frames if f == one.document["frame"]]
    if not frames:
        raise InputError(
            f"{one.name} is not in the job {files.job.name}", "Choose the job of this character"
        )
    frame = held_frame(frames, bpy.context.scene.frame_current)
    captured = next(o for o in result.objects_at(frame) if o.name == source)
    confidence = files.read_checked(result, frame)[1].astype(np.float32)
    files.require_same(result)
    own = confidence[captured.element_start : captured.element_start + captured.element_count]
    if len(own) != _faces(one):
        raise InputError(
            f"{one.name} has {_faces(one)} faces, but confidences for {len(own)}",
            "Parse the edited mesh again",
        )
    return frame, own.copy()


def _frames_of(result: Result, source: str) -> Sequence[int]:
    frames = sorted(result.frames)
    return [f for f in frames if any(o.name == source for o in result.objects_at(f))]


def _faces(one: Labelled) -> int:
    one.object.update_from_editmode()
    return len(one.mesh.polygons)


def _store(one: Labelled, confidence: np.ndarray) -> None:
    mesh = one.mesh
    name = one.document.get("confidence", "")
    if name not in mesh.attributes:
        name = free_name(ATTRIBUTE, [*mesh.attributes.keys(), *one.object.vertex_groups.keys()])
        add_later(mesh, name, "FLOAT", "FACE")
    mesh.attributes[name].data.foreach_set("value", confidence)
    registry.extend_mesh(mesh, attributes=[name])
    registry.write(one.object, {**(registry.read(one.object) or {}), "confidence": name})
    mesh.update_tag()
