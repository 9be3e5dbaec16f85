# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a batch file, and a first one to fill in."""

from __future__ import annotations

import tomllib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files.atomic import write_text
from ..files.reading import read_text
from ..job.presets import settings_of
from ..job.strict_json import read_dataclass
from .spec import BatchSpec, check_batch

_LISTS = ("blends", "frames", "vocabularies", "cameras", "characters")

TEMPLATE = """\
# Labelled images with Parts4D. Render them:  parts4d batch run FILE
schema_version = 1
output = "dataset"          # folder for everything, relative to this file
exports = ["coco"]          # also: "panoptic", "ytvis", "cvat"
splits = { train = 0.8, val = 0.1, test = 0.1 }   # shares of the characters

[render]
passes = ["parts", "instances", "beauty"]   # also: "matte", "depth", "normal", "flow"
resolution = [512, 512]     # leave out to take the scene's

[parsing]
preset = "embedded"

[[vocabularies]]
name = "clothes"
parts = "hair; face; jacket | coat; trousers | jeans; shoes; hands"

[[shots]]
name = "shot1"
blends = ["scene.blend"]
characters = ["Hero"]       # object or collection
cameras = ["Camera"]        # "<active>" is the scene's own
rig = { azimuths = 4 }      # further cameras around the characters
frames = "1-24"             # "1-24/2" takes every second
"""


def load_batch(path: Path) -> BatchSpec:
    """The batch in a TOML file, checked.

    Raises InputError naming the line or the setting that is wrong.
    """
    try:
        document = tomllib.loads(read_text(path))
    except FileNotFoundError as error:
        raise InputError(
            f"{path} does not exist", f"Make one with: parts4d batch init {path.name}"
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})", "Check it") from error
    except (ValueError, RecursionError) as error:  # of numbers too long, of tables in tables
        raise InputError(f"{path} is not valid TOML: {error}", "Correct it there") from error
    return batch_from_document(document)


def batch_from_document(document: dict[str, Any]) -> BatchSpec:
    """The batch in what TOML or JSON held. One text may stand for a list of one.

    Raises InputError naming the setting that is wrong.
    """
    values = dict(document)
    if isinstance(values.get("shots"), list):
        values["shots"] = [_shot(shot) for shot in values["shots"]]
    if isinstance(parsing := values.get("parsing"), dict):
        preset = parsing.get("preset", "embedded")
        base = settings_of(preset) if isinstance(preset, str) else None
        values["parsing"] = (asdict(base) if base else {}) | parsing
    spec = read_dataclass(BatchSpec, values)
    check_batch(spec)
    return spec


def write_template(path: Path) -> None:
    """Raises InputError when there is a file already, JobError when it cannot be written."""
    if path.exists():
        raise InputError(f"{path} is there already", "Choose another name, or edit it")
    write_text(path, TEMPLATE)


def _shot(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    shot = dict(document)
    for name in _LISTS:
        if isinstance(shot.get(name), str):
            shot[name] = [shot[name]]
    if isinstance(shot.get("characters"), list):
        shot["characters"] = [
            {"name": one} if isinstance(one, str) else one for one in shot["characters"]
        ]
    return shot
