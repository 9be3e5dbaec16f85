# SPDX-License-Identifier: GPL-3.0-or-later
"""The checkpoints Parts4D knows: `checkpoints.toml` here, and the user's own beside the files.

A user's `checkpoints.toml` in the models folder adds entries of the same form, for fine-tuned
weights or other architectures of the same families.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from ..data_folder import data_folder
from ..errors import InputError
from ..files.reading import read_text

Kind = Literal["sam", "sam2", "clip", "alpha_clip"]

_SHIPPED = Path(__file__).with_name("checkpoints.toml")
_TABLE = "checkpoints.toml"


@dataclass(frozen=True)
class Checkpoint:
    """One file of trained weights, and everything needed to fetch, check and build it."""

    name: str  # how settings and the command line call it
    kind: Kind  # which adapter loads it
    title: str  # for people
    file: str  # file name in the models folder
    licence: str  # SPDX identifier, or a sentence
    url: str = ""  # empty: the user brings the file
    size: int = 0  # bytes; 0 = not known
    sha256: str = ""  # empty: not known, then any file of the right architecture is taken
    source: str = ""  # page where the weights are published
    terms: str = ""  # not freely usable: shown and agreed to before it is fetched or used
    requires: tuple[str, ...] = ()  # other checkpoints it is used with
    architecture: Mapping[str, Any] = field(default_factory=dict)  # what its adapter builds


def models_folder() -> Path:
    return data_folder() / "models"


def known_checkpoints() -> dict[str, Checkpoint]:
    """All entries by name, the user's own over ours. Raises InputError for a table with errors.

    One that puts another file in the place of ours has terms that say so, to be agreed to.
    """
    own = models_folder() / _TABLE
    try:
        text = read_text(own)
    except FileNotFoundError:
        return dict(_read_shipped())
    except (OSError, ValueError) as error:
        raise InputError(f"{own} cannot be read ({error})", "Correct or remove it") from error
    found = dict(_read_shipped())
    for name, checkpoint in _read(text, own).items():
        found[name] = _replacing(found[name], checkpoint) if name in found else checkpoint
    return found


def find_checkpoint(name: str) -> Checkpoint:
    """Raises InputError for a name that is not in the registry."""
    known = known_checkpoints()
    if name not in known:
        raise InputError(
            f"There is no checkpoint called '{name}'", f"Choose one of: {', '.join(known)}"
        )
    return known[name]


@cache
def _read_shipped() -> dict[str, Checkpoint]:
    return _read(_SHIPPED.read_text("utf-8"), _SHIPPED)


def _replacing(ours: Checkpoint, own: Checkpoint) -> Checkpoint:
    same = own.sha256 == ours.sha256 and (own.sha256 or own.url == ours.url)
    if same:
        return own
    hashed = f"with the hash {own.sha256[:12]}..." if own.sha256 else "without a hash"
    said = f"Your {_TABLE} puts another file, {hashed}, in the place of this model of Parts4D."
    return replace(own, terms=f"{own.terms} {said}".strip())


def _read(text: str, path: Path) -> dict[str, Checkpoint]:
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # of numbers too long, of tables in tables
        raise InputError(f"{path} is not valid TOML ({error})", "Correct or remove it") from error
    return {name: _entry(name, values, path) for name, values in table.items()}


def _entry(name: str, values: Any, path: Path) -> Checkpoint:
    def refuse(what: str) -> InputError:
        return InputError(f"The entry '{name}' in {path} {what}", "Correct or remove it")

    if not isinstance(values, dict):
        raise refuse("is not a table")
    known = {f.name for f in fields(Checkpoint)} - {"name"}
    if unknown := sorted(set(values) - known):
        raise refuse(f"has the unknown key '{unknown[0]}'")
    if missing := sorted({"kind", "title", "file", "licence"} - set(values)):
        raise refuse(f"lacks '{missing[0]}'")
    for key, value in values.items():
        wanted = {"size": int, "requires": list, "architecture": dict}.get(key, str)
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise refuse(f"has a {key} that is not a {wanted.__name__}")
    if values.get("size", 0) < 0 or not all(isinstance(v, str) for v in values.get("requires", ())):
        raise refuse("has a negative size, or requires what is not a name")
    if values["kind"] not in get_args(Kind):
        raise refuse(f"has the unknown kind '{values['kind']}'")
    if Path(values["file"]).name != values["file"] or values["file"] in (
        "",
        ".",
        "..",
        _TABLE,
        "terms.json",
    ):
        raise refuse("has a file that is not a plain file name")
    if (digest := values.get("sha256")) and not re.fullmatch("[0-9a-f]{64}", digest):
        raise refuse("has a sha256 that is not 64 hexadecimal digits")
    return Checkpoint(name=name, **{**values, "requires": tuple(values.get("requires", ()))})
