# SPDX-License-Identifier: GPL-3.0-or-later
"""Correcting labels by hand: selected faces get a part, and keep it when labels are made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...errors import InputError, Parts4DError
from ...job.label_files import LabelFiles
from ..narrowing import specific
from ..writeback import ledger as registry
from ..writeback import vertex_groups
from ..writeback.apply import apply_labels
from ..writeback.attributes import Corners, Painter, palette_of
from ..writeback.kept_corrections import Corrections, read_corrections, store_corrections
from ..writeback.modes import object_mode
from ..writeback.options import WriteOptions
from ..writeback.plan import Labelling
from .labelled import Labelled, character_of, find_labelled, held_frame, require_part, shown_of
from .topology import read_flags


@dataclass(frozen=True)
class Correction:
    faces: int
    objects: tuple[str, ...]


@dataclass(frozen=True)
class Forgotten:
    """What `forget_corrections` did."""

    faces: int
    objects: tuple[str, ...]
    kept_labels: str  # why labels still show the corrections; "" when they are as parsed again


def correct_part(objects: Iterable[bpy.types.Object], name: str) -> Correction:
    """Give the selected faces of `objects` the part `name`, "" for unlabelled, in every frame.

    Colours and vertex groups follow. The correction is kept by the part's name: labels that are
    applied later get it on top. Objects that share a mesh and its labels share the correction; of
    a mesh sequence, each frame's mesh has its own. Raises InputError for a part that is not in the
    vocabulary, and when no face is selected.
    """
    chosen = [one for o in objects if (one := find_labelled(o))]
    if not chosen:
        raise InputError("None of these objects has labels", "Apply labels first")
    require_part(chosen, name)
    counts: dict[str, int] = {}
    with object_mode(o for one in chosen for o in registry.objects_of(one.mesh)):
        selected = [(one, _read_selected(one)) for one in chosen if one.part(name) is not None]
        selected = [(one, faces) for one, faces in selected if faces.any()]
        if not selected:
            raise InputError("No face is selected", "Select the faces to correct in Edit Mode")
        for one, _ in selected:
            _check(one)
        for one, faces in selected:
            _correct(one, name, faces)
            counts[one.name] = int(faces.sum())
    return Correction(sum(counts.values()), tuple(counts))


def forget_corrections(ob: bpy.types.Object | None) -> Forgotten:
    """Forget what was corrected on the character of `ob`, and show the labels as parsed again.

    For the latter the job's folder must still be there; otherwise the labels stay as they are
    until others are applied. Raises InputError when nothing was corrected.
    """
    character = character_of(ob)
    counts: dict[str, int] = {}
    with object_mode(o for one in character for o in registry.objects_of(one.mesh)):
        for one in character:
            if corrections := read_corrections(one.object):
                counts[one.name] = int(np.count_nonzero(corrections.values))
                cleared = Corrections(np.zeros_like(corrections.values), corrections.words)
                attribute = one.document["corrections"]["attribute"]
                store_corrections(one.object, cleared, attribute)
    if not counts:
        raise InputError("Nothing was corrected on this character", "There is nothing to forget")
    return Forgotten(sum(counts.values()), tuple(counts), _apply_again(character))


def correctable(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The objects being edited that carry labels of the active object's character."""
    same = {one.name for one in shown_of(context.active_object)}
    return [o for o in context.objects_in_mode_unique_data if o.name in same]


def _read_selected(one: Labelled) -> np.ndarray:
    """(faces,) bool."""
    hidden = read_flags(one.mesh, "hide", "FACE")
    return read_flags(one.mesh, "select", "FACE") & ~hidden


def _check(one: Labelled) -> None:
    """Raises InputError when anything that a correction is written to was deleted by hand."""
    for names in one.writings:
        one.label(names)
        if names.color not in one.mesh.attributes:
            raise InputError(
                f"{one.name} has lost its colours {names.color!r}", "Apply the labels again"
            )


def _correct(one: Labelled, name: str, faces: np.ndarray) -> None:
    part = one.part(name)
    assert part is not None  # the caller asked
    words = (one.vocabulary[part].name, *one.vocabulary[part].synonyms) if name else ("",)
    for twin in _twins(one):
        _remember(twin, faces, words)
    corners = Corners.of(one.mesh)
    domain = specific(one.mesh.attributes[one.writings[0].color]).domain
    painter = Painter(one.mesh, corners, palette_of(one.vocabulary), domain)
    for names in one.writings:
        label = one.label(names)
        label[faces] = part
        painter.fill(names, label.astype(np.int16))
    if one.document.get("options", {}).get("vertex_groups", True):
        _update_groups(one, corners, faces)
    one.mesh.update_tag()


def _remember(one: Labelled, faces: np.ndarray, words: tuple[str, ...]) -> None:
    ob = one.object
    stored = one.document.get("corrections") or {}
    known = tuple(tuple(w) for w in stored.get("words", ()))
    if words not in known:
        known = (*known, words)
    earlier = read_corrections(ob)
    values = np.zeros(len(faces), np.int32) if earlier is None else earlier.values
    values[faces] = known.index(words) + 1
    corrections = Corrections(values, known)
    name = store_corrections(ob, corrections, stored.get("attribute", ""))
    registry.extend_mesh(one.mesh, attributes=[name])
    registry.write(ob, {**(registry.read(ob) or {}), "corrections": corrections.to_json(name)})
    ob.update_tag()  # or undo takes the object for unchanged


def _update_groups(one: Labelled, corners: Corners, faces: np.ndarray) -> None:
    """New weights for the vertices of `faces`; weights elsewhere may be the artist's by now."""
    sharing = [o for user in registry.objects_of(one.mesh) if (o := find_labelled(user))]
    variants = {o.writings: _labelling(o) for o in sharing}
    share = vertex_groups.shares(corners, list(variants.values()), len(one.vocabulary))
    changed = np.zeros(corners.vertices, bool)
    changed[corners.vertex[faces[corners.face]]] = True
    parts = [part.name for part in one.vocabulary]
    active = registry.active_of(one.mesh)
    groups = vertex_groups.update(one.object, one.document["groups"], parts, share, changed)
    registry.activate(one.mesh, active)
    registry.extend_mesh(one.mesh, groups=groups.values())
    for other in sharing:
        document = registry.read(other.object) or {}
        registry.write(other.object, {**document, "groups": groups})


def _labelling(one: Labelled) -> Labelling:
    """What the mesh holds for an object, with the number of parsed frames for each."""
    begins = sorted(one.stored) or [min(one.document["frames"])]
    held = [held_frame(begins, frame) for frame in one.document["frames"]]
    labels = [one.label(one.at(frame)).astype(np.int16) for frame in begins]
    return Labelling(begins, labels, [held.count(frame) for frame in begins])


def _twins(one: Labelled) -> list[Labelled]:
    """The objects that show the mesh with the same labels, `one` among them."""
    sharing = [o for user in registry.objects_of(one.mesh) if (o := find_labelled(user))]
    return [o for o in sharing if o.writings == one.writings]


def _apply_again(character: Sequence[Labelled]) -> str:
    """Why the labels cannot be taken from their job again; "" when they were."""
    options = {one.document.get("job", ""): one.document.get("options", {}) for one in character}
    for job, how in options.items():
        if not job or not (Path(job) / "result.json").is_file():
            return "Their job folder is missing"
        try:
            apply_labels(LabelFiles(Path(job)), WriteOptions(**how))
        except Parts4DError as error:
            return error.message
    return ""
