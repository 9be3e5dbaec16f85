# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one image: which files it has, under which key, and what they show.

It is written after the files, so that what it names was whole; a half-written or missing file is
found by size and hash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import InputError
from ..files.atomic import write_json
from ..files.hashing import file_hash
from ..files.reading import read_note
from ..job.strict_json import read_dataclass
from .request import PassName, camera_folder


@dataclass(frozen=True)
class ImageFile:
    """A file of an image, as it was when it was written."""

    path: str  # below the camera's folder, with "/"
    size: int  # bytes
    sha256: str


@dataclass(frozen=True)
class Instance:
    """What an index in the instance image means."""

    index: int
    character: str
    object: str  # in the file: the character's, or the object that shows a further copy of it


@dataclass(frozen=True)
class ImageRecord:
    """What is known of one camera's image of one frame."""

    camera: str
    frame: int
    key: str
    size: tuple[int, int]  # (width, height) in pixels
    instant: float  # the scene frame, with its fraction, that labels and camera are of
    intrinsics: tuple[tuple[float, ...], ...]  # 3 x 3, pixels; first pixel's centre (0.5, 0.5)
    world_to_camera: tuple[tuple[float, ...], ...]  # 4 x 4, OpenCV axes
    projection: str  # perspective, orthographic (then (u, v, 1) = K (x, y, 1)) or panoramic
    instances: tuple[Instance, ...]
    parts: Mapping[str, int]  # name -> id, of every part that the characters have
    pixels: tuple[tuple[int, int, int], ...] = ()  # (instance, part id, count) of all in sight
    files: Mapping[PassName, ImageFile] = field(default_factory=dict)
    seconds: float = 0.0
    blender: str = ""
    warnings: tuple[str, ...] = ()


def image_path(folder: Path, camera: str, kind: str, frame: int, ending: str) -> Path:
    """Where a pass of an image lies."""
    return Path(folder) / camera_folder(camera) / kind / f"{frame:06d}.{ending}"


def record_path(folder: Path, camera: str, frame: int) -> Path:
    """Where the record of an image lies."""
    return image_path(folder, camera, "frames", frame, "json")


def write_record(folder: Path, record: ImageRecord) -> None:
    """Raises JobError when it cannot be written."""
    write_json(record_path(folder, record.camera, record.frame), asdict(record))


def read_record(folder: Path, camera: str, frame: int) -> ImageRecord | None:
    """None where there is none that can be read."""
    try:
        record = read_dataclass(ImageRecord, read_note(record_path(folder, camera, frame)))
        _check(record)
    except (InputError, ValueError):
        return None
    return record


def describe(folder: Path, camera: str, path: Path) -> ImageFile:
    """What a record says of a file that was just written."""
    inside = path.relative_to(Path(folder) / camera_folder(camera)).as_posix()
    return ImageFile(inside, path.stat().st_size, file_hash(path))


def kept_files(
    folder: Path, camera: str, frame: int, key: str, passes: Sequence[PassName]
) -> dict[PassName, ImageFile]:
    """Those of `passes` that need not be rendered again: recorded under `key`, byte for byte."""
    record = read_record(folder, camera, frame)
    if record is None or record.key != key:
        return {}
    base = Path(folder) / camera_folder(camera)
    return {
        name: file
        for name, file in record.files.items()
        if name in passes and _is_whole(base / file.path, file)
    }


def _is_whole(path: Path, file: ImageFile) -> bool:
    try:
        return path.stat().st_size == file.size and file_hash(path) == file.sha256
    except OSError:
        return False


def _check(record: ImageRecord) -> None:
    """Raises ValueError for a file that does not lie below the camera's folder."""
    for file in record.files.values():
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or "\\" in file.path or ":" in file.path:
            raise ValueError(f"{file.path} is no file of the image")
