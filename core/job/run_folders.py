# SPDX-License-Identifier: GPL-3.0-or-later
"""How job folders are named that the user has not named."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from ..errors import Parts4DError
from .folder import JobFolder

SUFFIX = ".parts4d"


def run_folder(parent: Path, scene: str, character: str, preset: str = "") -> Path:
    """The folder in `parent` that is called after all three and is free, or the character's own.

    Different names can make one file name ("A/B" and "A_B"; "Hero" and "hero", where the system
    does not tell them apart): the folder of another character is left to it and a number added.
    """
    stem = "_".join(filter(None, (scene, file_name(character), preset)))
    taken = _folded_names(parent)
    for number in count(1):
        path = parent / f"{stem}{f'_{number}' if number > 1 else ''}{SUFFIX}"
        if path.exists():
            if _may_be_of(path, character):
                return path
        elif path.name.casefold() not in taken:
            return path
    raise AssertionError("numbers do not end")


def file_name(name: str) -> str:
    """The name of an object or collection as part of a file's name."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _folded_names(parent: Path) -> set[str]:
    try:
        return {entry.name.casefold() for entry in parent.iterdir()}
    except OSError:
        return set()


def _may_be_of(path: Path, character: str) -> bool:
    """False for the job of another character. What is no job, or damaged, is judged when used."""
    try:
        return JobFolder.open(path).load_spec().character == character
    except Parts4DError:
        return True
