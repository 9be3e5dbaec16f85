# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a job's labels still fit what is open: the same file, object and topology."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np

from ..errors import InputError
from ..scene.character import Character, find_character
from ..scene.narrowing import mesh_of
from ..session.state import Job, Owner


def owner_of(character: Character, session: int) -> Owner:
    return Owner(
        file=bpy.data.filepath,
        session=session,
        object_uid=character.sources[0].session_uid,
        topology=topology_hash(character),
    )


def topology_hash(character: Character) -> str:
    """Changes when faces are added, removed or reordered, not when vertices move."""
    digest = hashlib.sha256()
    for obj in character.sources:
        mesh = mesh_of(obj)
        digest.update(f"{obj.name} {len(mesh.vertices)} {len(mesh.polygons)}".encode())
        corners = np.empty(len(mesh.loops), np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        digest.update(corners.tobytes())
    return digest.hexdigest()


def misfit(job: Job, session: int) -> str:
    """Why the labels cannot be put on now, as a sentence; empty when they can."""
    if job.owner.session != session:
        if job.owner.file and job.owner.file == bpy.data.filepath:
            return "The file was opened again while the job ran: press Apply in Results"
        return "The labels belong to another file: open it and apply them there"
    try:
        character = find_character(job.character)
    except InputError:
        return f"'{job.character}' is no longer there: undo its removal, or apply to another file"
    for obj in character.sources:
        if obj.mode == "EDIT":
            obj.update_from_editmode()  # its mesh is as it was before
    if character.sources[0].session_uid != job.owner.object_uid:
        return f"'{job.character}' is another object now: parse it again"
    if topology_hash(character) != job.owner.topology:
        return f"The faces of '{job.character}' were edited meanwhile: parse it again"
    return ""
