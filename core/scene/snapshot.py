# SPDX-License-Identifier: GPL-3.0-or-later
"""The character as a small .blend of its own, which the capture may change as it likes.

The user's file is only read: the write takes the objects with all that they depend on, and paths
are made absolute in the written copy alone.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import bpy

from ..errors import InputError, JobError
from ..files.atomic import disk_error
from ..files.disk import is_full
from ..files.reading import damaged
from ..files.sealed import read_sealed, write_sealed
from ..job.strict_json import read_dataclass
from .character import Character, find_character
from .checks import check_character
from .compat import reason_in
from .disk_caches import copy_disk_caches, read_caches_beside
from .narrowing import specific


@dataclass(frozen=True)
class Snapshot:
    """What `snapshot.json` says about `snapshot.blend`; names are those inside that file."""

    character: str
    kind: str
    sources: tuple[str, ...]
    roots: tuple[str, ...]
    fps: float
    frame: int
    warnings: tuple[str, ...] = ()


def snapshot_path(job: Path) -> Path:
    return Path(job) / "snapshot.blend"


def write_snapshot(
    character: Character, job: Path, scene: bpy.types.Scene | None = None
) -> Snapshot:
    """Write the character to `job/snapshot.blend` and what it is to `job/snapshot.json`.

    Nothing in the open file changes. Raises InputError for a character that cannot be captured,
    JobError when the folder cannot be written to or the disk is full.
    """
    check_character(character)
    scene = scene or bpy.context.scene
    path = snapshot_path(job)
    temporary = path.with_name(f".snapshot.{os.getpid()}.blend")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        blocks: set[bpy.types.ID] = {*character.sources, *character.roots}
        _write_library(temporary, blocks)
        copy_disk_caches(character.sources, path)
        temporary.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        for leftover in (temporary, temporary.with_name(temporary.name + "@")):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)
    snapshot = Snapshot(
        character.name,
        character.kind,
        tuple(o.name for o in character.sources),
        tuple(o.name for o in character.roots),
        scene.render.fps / scene.render.fps_base,
        scene.frame_current,
        character.warnings,
    )
    write_sealed(path.with_suffix(".json"), asdict(snapshot))
    return snapshot


def snapshot_file(blend: str, name: str | None, job: Path) -> Snapshot:
    """Open a .blend in this process and write the snapshot of a character in it.

    For programs that have no scene of their own: what was open before is closed. The .blend is
    never saved. Raises InputError or JobError.
    """
    if not Path(blend).is_file():
        raise JobError(f"The scene '{blend}' does not exist", "Start the job again from the scene")
    try:
        bpy.ops.wm.open_mainfile(filepath=blend, load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise JobError(
            f"{blend} cannot be opened ({reason_in(error)})", "Check the path"
        ) from error
    return write_snapshot(find_character(name), job)


def read_snapshot(job: Path) -> Snapshot:
    """Raises JobError when the snapshot was never finished or is damaged."""
    path = snapshot_path(job).with_suffix(".json")
    try:
        return read_dataclass(Snapshot, read_sealed(path))
    except InputError as error:
        raise damaged(path) from error


def load_snapshot(job: Path) -> Character:
    """Replace what is open by an empty file and bring in the snapshot's character.

    The objects are local copies; nothing is linked to the new scene yet.
    Raises JobError for a missing or damaged snapshot.
    """
    snapshot = read_snapshot(job)
    path = snapshot_path(job)
    names = list(dict.fromkeys((*snapshot.sources, *snapshot.roots)))
    try:
        objects = _open(path, names) or _append(path, names)
    except (OSError, RuntimeError) as error:
        raise damaged(path, "Start the job again") from error
    missing = [n for n, o in objects.items() if o is None]
    if missing:
        raise JobError(f"{path} lacks the object '{missing[0]}'", "Start the job again")
    read_caches_beside(bpy.data.objects, path)
    return Character(
        snapshot.character,
        snapshot.kind,  # type: ignore[arg-type]  # written by write_snapshot
        tuple(specific(objects[n]) for n in snapshot.sources),
        tuple(specific(objects[n]) for n in snapshot.roots),
        snapshot.warnings,
    )


Objects = dict[str, bpy.types.Object | None]


def _open(path: Path, names: list[str]) -> Objects | None:
    """The objects of the file, opened as it is; None where they have to be appended.

    Appending takes a time that grows with the square of the number of objects: 40 s for a thousand.
    But it alone makes local what is linked from other files, and where the user lets files run
    Python for their drivers, opening would run this file's texts too.
    """
    if "--enable-autoexec" in sys.argv:
        return None
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    if bpy.data.libraries:
        return None
    return {name: bpy.data.objects.get(name) for name in names}


def _append(path: Path, names: list[str]) -> Objects:
    """The objects of the file with all that they depend on, as local copies in an empty file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with specific(bpy.data.libraries).load(str(path), link=False) as (_, wanted):
        wanted.objects = list(names)
    return dict(zip(names, wanted.objects, strict=True))


def _write_library(path: Path, blocks: set[bpy.types.ID]) -> None:
    """Raises OSError when the file could not be written whole."""
    try:
        bpy.data.libraries.write(str(path), blocks, path_remap="ABSOLUTE", fake_user=False)
    except (OSError, RuntimeError) as error:  # Blender's report, without an errno
        said = reason_in(error)
        full = is_full(path.parent, str(error))
        raise OSError(errno.ENOSPC if full else errno.EIO, said) from error
    if not path.is_file():
        raise OSError(errno.EIO, "Blender did not write the file")
