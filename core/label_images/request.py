# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process is asked to render: label passes of one .blend, as JSON.

<folder>/<camera>/parts/000123.png       8-bit palette, or 16-bit grey when an id is above 255
                  instances/000123.png   16-bit grey: 0 none, else the index in the record
                  matte/000123.exr       Cryptomatte of `character/part`
                  depth, normal, flow/000123.exr
                  beauty/000123.png      or .exr
                  frames/000123.json     the record of the image, see records.py
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import InputError
from ..files.atomic import write_json
from ..files.reading import read_object
from ..job.spec import CaptureSettings
from ..job.strict_json import read_dataclass, wrong_value

PassName = Literal["parts", "instances", "matte", "depth", "normal", "flow", "beauty"]
PASS_NAMES: tuple[PassName, ...] = get_args(PassName)
Instant = Literal["frame", "open", "centre", "close"]

APPLIED = "applied"
ACTIVE_CAMERA = "<active>"  # the scene's own, also where markers change it
BACKGROUND, UNLABELLED = 0, 255  # ids that no part has
_HIGHEST_ID = 65535


@dataclass(frozen=True)
class LabelledCharacter:
    """A character in the file and where its labels come from."""

    name: str  # in mattes its parts are called `name/part`; without "/" and ","
    labels: str = APPLIED  # those the file's meshes carry, or the path of a finished job folder
    target: str = ""  # the character's name in the file, where that is another one


@dataclass(frozen=True)
class PartId:
    """The number of a part in the images, the same for all characters."""

    name: str
    id: int  # neither 0 nor 255
    color: tuple[float, float, float] | None = None  # sRGB 0..1 in palettes; None: VOC's


@dataclass(frozen=True)
class LabelRender:
    """Everything that `render_labels` needs; two equal ones give equal label images."""

    blend: str
    folder: str  # where the images go
    characters: tuple[LabelledCharacter, ...]
    frames: tuple[int, ...]
    cameras: tuple[str, ...] = ()  # names of camera objects, or ACTIVE_CAMERA
    rig: CaptureSettings | None = None  # further cameras around the characters
    rig_frames: tuple[int, ...] = ()  # the rig is fitted to these too: the whole sequence's
    passes: tuple[PassName, ...] = ("parts", "instances")
    parts: tuple[PartId, ...] = ()  # empty: numbered from 1 in the order of the vocabularies
    scene: str | None = None  # None: the one the file was saved with
    view_layer: str | None = None  # None: the first that is rendered
    resolution: tuple[int, int] | None = None  # (width, height); None: the scene's, with border
    instant: Instant = "centre"  # of the shutter, where the scene has motion blur
    matte_samples: int = 16
    beauty_format: Literal["png", "exr"] = "png"
    threads: int = 0  # 0: all cores
    key: str = ""  # images recorded under the same key are whole and stay
    schema_version: int = 1

    @property
    def part_ids(self) -> dict[str, int]:
        """Part name -> id; empty where parts are to be numbered as they come."""
        return {part.name: part.id for part in self.parts}


def request_from_json(document: Any) -> LabelRender:
    """Raises InputError naming the field that is unknown, missing or wrong."""
    request = read_dataclass(LabelRender, document)
    check_request(request)
    return request


def load_request(path: Path) -> LabelRender:
    """Raises JobError for a damaged file, InputError for a wrong value."""
    return request_from_json(read_object(path))


def save_request(path: Path, request: LabelRender) -> None:
    """Raises InputError when the request is not valid, JobError when it cannot be written."""
    check_request(request)
    write_json(path, asdict(request))


def check_request(request: LabelRender) -> None:
    """Raises InputError for what can be known wrong without opening the file."""
    if not request.frames:
        raise InputError("No frame is to be rendered", "Name at least one")
    if not request.cameras and request.rig is None:
        raise InputError("No camera is to be rendered", "Name one, or ask for a rig")
    if not request.passes:
        raise InputError("No pass is to be rendered", f"Choose from {', '.join(PASS_NAMES)}")
    if not request.characters:
        raise InputError("No character is to be rendered", "Name at least one")
    _check_names("character", [c.name for c in request.characters])
    _check_names("camera", [camera_folder(c) for c in request.cameras])
    _check_parts(request.parts)
    if not 1 <= request.matte_samples <= 4096:
        raise wrong_value("matte_samples", "from 1 to 4096", request.matte_samples)
    if request.resolution and not all(1 <= side <= 65536 for side in request.resolution):
        raise wrong_value("resolution", "two numbers from 1 to 65536", request.resolution)


def camera_folder(camera: str) -> str:
    """The folder of a camera's images: its name, where every file system allows that."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", camera.strip("<>")).strip(". ")
    return name or "camera"


def _check_parts(parts: tuple[PartId, ...]) -> None:
    _check_names("part", [p.name for p in parts])
    numbers = Counter(p.id for p in parts)
    for part in parts:
        if part.id in (BACKGROUND, UNLABELLED) or not 0 < part.id <= _HIGHEST_ID:
            raise wrong_value(
                f"The id of '{part.name}'", f"from 1 to {_HIGHEST_ID} and not 255", part.id
            )
        if numbers[part.id] > 1:
            raise InputError(f"Several parts have the id {part.id}", "Give each its own")


def _check_names(kind: str, names: list[str]) -> None:
    """Two of one name would overwrite each other; mattes part names at "/" and ","."""
    for name, count in Counter(names).items():
        if count > 1:
            raise InputError(f"Two {kind}s are called '{name}'", "Give each its own name")
        if kind == "character" and (not name or set(name) & set("/,")):
            raise InputError(
                f"A character cannot be called '{name}' in a matte", 'Leave out "/" and ","'
            )
