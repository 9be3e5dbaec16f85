# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulations that are baked to disk: Blender looks for their files in `blendcache_FILE` beside the
.blend, so the snapshot needs them beside itself.
"""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy


def copy_disk_caches(objects: Iterable[bpy.types.Object], snapshot: Path) -> None:
    """Copies the baked frames of `objects` from beside the open file to beside `snapshot`.

    Frames that an earlier snapshot left are removed. Raises OSError.
    """
    target = cache_folder(snapshot)
    if target.is_symlink():
        target.unlink()
    elif target.exists():
        shutil.rmtree(target)
    for path in baked_files(objects):
        target.mkdir(exist_ok=True)
        shutil.copyfile(path, target / path.name)


def baked_files(objects: Iterable[bpy.types.Object]) -> list[Path]:
    """The files of frames of `objects` that are baked beside the open file."""
    prefixes = {
        _prefix(obj, cache)
        for obj in objects
        for cache in _caches(obj)
        if cache.use_disk_cache and cache.is_baked and not cache.use_external
    }
    if not prefixes or not bpy.data.filepath:
        return []
    there = sorted(cache_folder(Path(bpy.data.filepath)).glob("*.bphys"))
    # NAME_FRAME_INDEX.bphys, and the name may hold underscores.
    return [path for path in there if path.name.rsplit("_", 2)[0] in prefixes]


def read_caches_beside(objects: Iterable[bpy.types.Object], snapshot: Path) -> None:
    """Lets objects of a snapshot play what was copied beside it, in whatever file they are now.

    What is not baked stays in memory: it would be written beside the open file while frames are
    looked at.
    """
    folder = cache_folder(snapshot)
    for obj in objects:
        for cache in _caches(obj):
            name = _prefix(obj, cache)
            if not any(folder.glob(f"{glob.escape(name)}_*.bphys")):
                # Only where it is on: setting it empties a cache, also to what it was.
                if cache.use_disk_cache and not cache.use_external:
                    cache.use_disk_cache = False
            elif not bpy.data.filepath:
                cache.use_external = True
                cache.filepath = str(folder)
                cache.name = name


def _caches(obj: bpy.types.Object) -> Iterator[bpy.types.PointCache]:
    for modifier in obj.modifiers:
        cache = getattr(modifier, "point_cache", None)
        if cache is not None:
            yield cache
        particles = getattr(modifier, "particle_system", None)
        if particles is not None:
            yield particles.point_cache


def _prefix(obj: bpy.types.Object, cache: bpy.types.PointCache) -> str:
    """The start of the names of a cache's files: its name, or else the object's in hexadecimal."""
    return cache.name or "".join(f"{byte:02X}" for byte in obj.name.encode())


def cache_folder(blend: Path) -> Path:
    return blend.with_name(f"blendcache_{blend.stem}")
