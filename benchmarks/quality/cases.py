# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: labelled characters, scan sequences, and the project's own demo character.

A character is `FOLDER/NAME/NAME.blend` with the FACE/INT attribute `gt_part` on its meshes and the
names of the parts as JSON in the scene property `gt_names`. A scan sequence is a folder of numbered
`.ply` files, `labels.npz` with one int array of face labels per file, and `meta.json` with
`gt_names`. The demo is made by script and saved as a character.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal, TypeVar

from core.errors import InputError, Parts4DError, exit_status
from core.files.reading import read_note

from .layout import Layout

FEW = 6  # a few characters of each family tell as much as all

Kind = Literal["character", "scan", "demo"]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Case:
    """One character or sequence with ground truth."""

    name: str
    family: str  # the name up to its first "_": whose work it is
    kind: Kind
    path: Path  # the .blend, or the folder of a scan sequence


def find_cases(
    characters: Path | None = None, scans: Path | None = None, demo: Path | None = None
) -> tuple[Case, ...]:
    """The cases in two folders and the demo's .blend, which need not exist yet; sorted by name.

    Characters without a .blend and folders without `labels.npz` are no cases. Raises InputError
    for a folder that does not exist and for two cases of one name.
    """
    found = [] if demo is None else [Case("demo", "demo", "demo", demo)]
    for folder in _folders(characters):
        blend = folder / f"{folder.name}.blend"
        if blend.is_file():
            found.append(Case(folder.name, family(folder.name), "character", blend))
    for folder in _folders(scans):
        if (folder / "labels.npz").is_file() and scan_files(folder):
            found.append(Case(folder.name, family(folder.name), "scan", folder))
    names = [case.name for case in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"Two cases are called '{twice[0]}'", "Rename one of the folders")
    return tuple(sorted(found, key=lambda case: case.name))


def family(name: str) -> str:
    """The name up to the first "_"."""
    return name.split("_", 1)[0]


def spread_over_families(cases: Sequence[Case], count: int) -> list[Case]:
    """At most `count` cases, from every family in turn."""
    families: dict[str, list[Case]] = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    turns = zip_longest(*families.values())
    return [case for turn in turns for case in turn if case is not None][:count]


def few_cases_parser(description: str) -> argparse.ArgumentParser:
    """The arguments of a study that a few cases are enough for, see `few_cases`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--characters", type=Path, required=True, help="FOLDER/NAME/NAME.blend")
    parser.add_argument("--only", default="", help="regular expression on names")
    parser.add_argument("--cases", type=int, default=FEW, help="so many, of all families in turn")
    parser.add_argument("--out", type=Path, default=Path("build/benchmark"))
    return parser


def few_cases(characters: Path, only: str = "", count: int = FEW) -> list[Case]:
    """At most `count` characters of all families. Raises InputError when none is called so."""
    found = [c for c in find_cases(characters) if re.search(only, c.name)]
    if not found:
        raise InputError(f"{characters} holds no character called so", "Change --only")
    return spread_over_families(found, count)


def run_on_few_cases(
    arguments: Sequence[str],
    description: str,
    program: str,
    study: Callable[[Sequence[Case], Layout, str], Result],
    lines: Callable[[Result], Iterable[str]],
    count: int = FEW,
) -> int:
    """A study as a program: python -m `program` `arguments`. Returns the exit status.

    `study` is given the cases, where to write and the command line; `lines` of its result are
    printed.
    """
    parser = few_cases_parser(description)
    parser.set_defaults(cases=count)
    chosen = parser.parse_args(arguments)
    command = f"python -m {program} {shlex.join(arguments)}"
    try:
        cases = few_cases(chosen.characters, chosen.only, chosen.cases)
        result = study(cases, Layout(chosen.out.absolute()), command)
    except Parts4DError as error:
        print(error, file=sys.stderr)
        return exit_status(error)
    for line in lines(result):
        print(line)
    return 0


def scan_files(folder: Path) -> list[Path]:
    """The meshes of a scan sequence by their numbers."""
    files = [p for p in folder.glob("*.ply") if re.search(r"\d", p.stem)]
    return sorted(files, key=lambda p: int(re.findall(r"\d+", p.stem)[-1]))


def licence_of(case: Case) -> str:
    """What the data says about its licence; empty when it says nothing."""
    folder = case.path if case.kind == "scan" else case.path.parent
    if case.kind == "demo":
        return "GPL-3.0-or-later"
    if licence := read_note(folder / "meta.json").get("licence"):
        return str(licence)
    try:
        lines = (folder / "LICENSE.txt").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return next((line.strip() for line in lines if line.strip()), "")


def _folders(parent: Path | None) -> list[Path]:
    if parent is None:
        return []
    if not parent.is_dir():
        raise InputError(f"{parent} is no folder", "Name a folder that holds the cases")
    return sorted(p for p in parent.iterdir() if p.is_dir())
