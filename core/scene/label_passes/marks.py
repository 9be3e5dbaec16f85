# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers on the opened copy's objects that the shaders of the label passes read.

Faces carry the id of their part, objects the number of their character, and what instances a
character carries a number of its own: together they tell the parts of every copy apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ...errors import InputError, Parts4DError
from ...job.label_files import LabelFiles
from ...label_images.records import Instance
from ...label_images.request import APPLIED, UNLABELLED, LabelledCharacter, LabelRender
from ..character import armature_of, find_character
from ..narrowing import mesh_of, specific
from ..using.labelled import Labelled, find_labelled
from ..writeback import apply_labels, labelled_objects, show_overlay
from ..writeback.ledger import activate, active_of, read, read_mesh, without_ours
from ..writeback.options import WriteOptions

ID, SLOT = "parts4d_id", "parts4d_slot"  # of faces
CHARACTER, INSTANCER = "parts4d_character", "parts4d_instancer"  # of objects; 0 is none

_OPTIONS = WriteOptions(vertex_groups=False)


@dataclass(frozen=True)
class MarkedObject:
    """An object with labels."""

    labelled: Labelled
    character: int  # place in the request
    ids: np.ndarray  # (parts + 1,) int32: id of label + 1, the first is UNLABELLED


@dataclass(frozen=True)
class Marks:
    """What is labelled in the file, and what the numbers mean."""

    objects: tuple[MarkedObject, ...]
    characters: tuple[str, ...]
    parts: Mapping[str, int]  # name -> id
    instances: tuple[Instance, ...]
    warnings: tuple[str, ...]
    numbers: np.ndarray  # (instancers + 1, characters + 1) int32: number of the instance, 0 none


def mark_characters(
    request: LabelRender, scene: bpy.types.Scene, layer: bpy.types.ViewLayer
) -> Marks:
    """Find the characters in the opened file, put on the labels of jobs, and number everything.

    What is held out in `layer` shows nothing and gets no number.

    Raises InputError for a character that is not there, has no labels or shares objects with
    another, and for a part without an id; JobError for a damaged job.
    """
    warnings: list[str] = []
    found = [_labels_of(character, warnings) for character in request.characters]
    _show_own_colors([one for run in found for one in run])
    _check_apart(request.characters, found)
    parts = _part_ids(request, found)
    marked = []
    for place, (character, run) in enumerate(zip(request.characters, found, strict=True)):
        for ob in _members(character, run):
            ob[CHARACTER] = 0 if _is_holdout(ob, layer) else place + 1
        for one in run:
            ids = [UNLABELLED, *(parts[part.name] for part in one.vocabulary)]
            marked.append(MarkedObject(one, place, np.array(ids, np.int32)))
    names = tuple(c.name for c in request.characters)
    instances, numbers = _number_instances(request.characters, marked, scene)
    return Marks(tuple(marked), names, parts, instances, tuple(warnings), numbers)


class LabelWriter:
    """Keeps the attributes of the marked meshes those of the frame that is rendered."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._written: dict[str, str] = {}  # object -> name of the labels its mesh has
        _separate_meshes(marks.objects)
        for marked in marks.objects:
            for name in (ID, SLOT):
                marked.labelled.mesh.attributes.new(name, "INT", "FACE")

    def write(self, frame: int) -> None:
        """Raises InputError when somebody deleted the labels' attribute."""
        for marked in self._marks.objects:
            one = marked.labelled
            names = one.at(frame)
            if self._written.get(one.name) == names.label:
                continue
            slot = one.label(names).clip(-1, len(marked.ids) - 2) + 1
            for name, values in ((ID, marked.ids[slot]), (SLOT, slot)):
                attribute = specific(one.mesh.attributes[name])
                attribute.data.foreach_set("value", np.ascontiguousarray(values, np.int32))
            one.mesh.update_tag()
            self._written[one.name] = names.label


def _labels_of(character: LabelledCharacter, warnings: list[str]) -> list[Labelled]:
    """The labelled objects of a character, by name; those of a job are written first."""
    wanted = character.target or character.name
    if character.labels != APPLIED:
        report = apply_labels(LabelFiles(Path(character.labels)), _OPTIONS)
        chosen = set(report.objects)
        warnings += report.warnings
    else:
        chosen = {*_carried_by(wanted), *(o.name for o in _sources(wanted))}
    everything = (one for o in labelled_objects() if (one := find_labelled(o)))
    of_character = [one for one in everything if one.name in chosen]
    if not of_character:
        raise InputError(
            f"Nothing of '{wanted}' carries part labels", "Apply labels, or name a finished job"
        )
    return sorted(of_character, key=lambda one: one.name)


def _carried_by(name: str) -> set[str]:
    """Names of labelled objects that a name stands for, also of those that only instances show."""
    collection = bpy.data.collections.get((name, None))
    found = {o.name for o in collection.all_objects} if collection else set()
    for ob in labelled_objects():
        document, rig = read(ob) or {}, armature_of(ob)
        names = {ob.name, document.get("character"), document.get("baked_from")}
        if name in names or (rig is not None and rig.name == name):
            found.add(ob.name)
    return found


def _show_own_colors(objects: Sequence[Labelled]) -> None:
    """The look of the artist: no overlay, and the colours that were rendered before the labels."""
    show_overlay([one.object for one in objects], False)
    for one in objects:
        record = read_mesh(one.mesh)
        activate(one.mesh, without_ours(active_of(one.mesh), record))


def _is_holdout(ob: bpy.types.Object, layer: bpy.types.ViewLayer) -> bool:
    return ob.is_holdout or (ob.name in layer.objects and ob.holdout_get(view_layer=layer))


def _sources(name: str) -> Sequence[bpy.types.Object]:
    """The meshes that a name stands for; none where it stands for nothing that renders."""
    try:
        return find_character(name).sources
    except Parts4DError:
        return ()


def _members(character: LabelledCharacter, run: Iterable[Labelled]) -> Iterable[bpy.types.Object]:
    """The labelled objects, and meshes of the character that have no labels: they are its too."""
    own = {one.name: one.object for one in run}
    for ob in _sources(character.target or character.name):
        if ob.name in own or find_labelled(ob) is None:
            own.setdefault(ob.name, ob)
    return own.values()


def _check_apart(
    characters: Sequence[LabelledCharacter], found: Sequence[Sequence[Labelled]]
) -> None:
    owner: dict[str, str] = {}
    for character, run in zip(characters, found, strict=True):
        for one in run:
            if one.name in owner:
                raise InputError(
                    f"{one.name} belongs to '{owner[one.name]}' and to '{character.name}'",
                    "Name each character once",
                )
            owner[one.name] = character.name


def _part_ids(request: LabelRender, found: Sequence[Sequence[Labelled]]) -> dict[str, int]:
    names = dict.fromkeys(p.name for run in found for one in run for p in one.vocabulary)
    if not request.parts:
        free = (number for number in range(1, 1 << 16) if number != UNLABELLED)
        return dict(zip(names, free, strict=False))
    known = request.part_ids
    missing = [name for name in names if name not in known]
    if missing:
        raise InputError(f"The part '{missing[0]}' has no id", "Add it to the list of parts")
    return {name: known[name] for name in names}


def _separate_meshes(objects: Sequence[MarkedObject]) -> None:
    """A mesh of its own for every object that shows a mesh with other labels or materials."""
    kept: dict[str, dict[tuple[object, ...], bpy.types.Mesh]] = {}
    for marked in objects:
        ob, one = marked.labelled.object, marked.labelled
        materials = tuple(s.material and s.material.name for s in ob.material_slots)
        key = (marked.character, tuple(marked.ids), str(one.names), str(one.stored), materials)
        original = mesh_of(ob)
        variants = kept.setdefault(original.name, {})
        if key not in variants:
            variants[key] = original.copy() if variants else original
        if variants[key] is not original:
            ob.data = variants[key]


def _number_instances(
    characters: Sequence[LabelledCharacter],
    marked: Sequence[MarkedObject],
    scene: bpy.types.Scene,
) -> tuple[tuple[Instance, ...], np.ndarray]:
    """A number for each character, then one for each further copy that a collection shows."""
    home = {m.labelled.name: m.character for m in marked}
    shown = {o.name for o in scene.objects}
    direct = {place for name, place in home.items() if name in shown}
    instancers = sorted(
        (o for o in scene.objects if o.instance_type == "COLLECTION" and o.instance_collection),
        key=lambda o: o.name_full,
    )
    numbers = np.zeros((len(instancers) + 1, len(characters) + 1), np.int32)
    instances = []
    for place, character in enumerate(characters):
        numbers[0, place + 1] = place + 1
        instances.append(Instance(place + 1, character.name, character.target or character.name))
    for row, instancer in enumerate(instancers, 1):
        instancer[INSTANCER] = row
        for place in sorted({home[n] for n in _names_in(instancer) if n in home}):
            if place not in direct:  # the character is seen only so: its first copy is itself
                direct.add(place)
                numbers[row, place + 1] = place + 1
                continue
            instances.append(Instance(len(instances) + 1, characters[place].name, instancer.name))
            numbers[row, place + 1] = len(instances)
    return tuple(instances), numbers


def _names_in(instancer: bpy.types.Object) -> set[str]:
    """Names of all objects that a collection instance shows, also through further ones."""
    found: set[str] = set()
    waiting = [instancer]
    while waiting:
        collection = waiting.pop().instance_collection
        for ob in collection.all_objects if collection else ():
            if ob.name not in found:
                found.add(ob.name)
                waiting.append(ob)
    return found
