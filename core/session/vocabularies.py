# SPDX-License-Identifier: GPL-3.0-or-later
"""Part lists to choose from: those of well-known data sets, and those the user saved."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import InputError, JobError
from ..files.atomic import write_json
from ..files.reading import read_object
from ..job.spec import Part
from ..job.strict_json import read_dataclass
from ..job.vocabulary import parse_parts

_SHIPPED = Path(__file__).with_name("vocabularies.toml")
_FORBIDDEN = '<>:"/\\|?*'  # in file names, on one system or another


@dataclass(frozen=True)
class Vocabulary:
    """A named list of parts."""

    name: str
    about: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class _Saved:
    """The content of a file."""

    parts: tuple[Part, ...]


@cache
def shipped_vocabularies() -> tuple[Vocabulary, ...]:
    tables = tomllib.loads(_SHIPPED.read_text("utf-8"))["vocabulary"]
    return tuple(
        Vocabulary(t["name"], t["about"], parse_parts("; ".join(t["parts"]))) for t in tables
    )


def saved_vocabularies(folder: Path) -> tuple[Vocabulary, ...]:
    """The user's own in `folder`, by name; files that cannot be read are left out."""
    found = []
    for path in sorted(folder.glob("*.json"), key=lambda p: p.stem.casefold()):
        try:
            saved = read_dataclass(_Saved, read_object(path))
        except (JobError, InputError):
            continue
        found.append(Vocabulary(path.stem, "Saved by you", saved.parts))
    return tuple(found)


def save_vocabulary(folder: Path, name: str, parts: tuple[Part, ...]) -> Path:
    """Keeps `parts` under a name, over an earlier list of it. Raises InputError, JobError."""
    name = name.strip()
    if not name or any(c in _FORBIDDEN or not c.isprintable() for c in name) or name[0] == ".":
        raise InputError(
            f"A part list cannot be named {name!r}",
            f"Use letters, digits and spaces, none of {_FORBIDDEN}",
        )
    if not parts:
        raise InputError("There are no parts to save", "Type a part first")
    path = folder / f"{name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    entries = [{"name": p.name, "synonyms": p.synonyms, "color": p.color} for p in parts]
    write_json(path, {"parts": entries})
    return path


def remove_vocabulary(folder: Path, name: str) -> None:
    """Forgets a list of the user's own. Raises InputError when there is none of that name."""
    path = folder / f"{name}.json"
    if path.parent != folder or not path.is_file():
        raise InputError(f"There is no saved part list named {name!r}", "Choose another")
    path.unlink()
