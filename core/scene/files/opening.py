# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening what a user names on the command line: a .blend, or files of other kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import bpy

from ...errors import InputError
from .importing import check_kind, import_file, read_file
from .sequence import import_sequence


def open_sources(files: Sequence[Path]) -> None:
    """Open a .blend, or import the files into an empty scene. No files: what is open stays.

    Several files of one kind are a mesh sequence. Raises InputError for a file that is missing,
    damaged, or of an unsupported type.
    """
    if not files:
        return
    if len(files) == 1 and files[0].suffix.lower() == ".blend":
        if not files[0].is_file():
            raise InputError(f"{files[0]} does not exist", "Check the path")
        read_file(files[0], lambda p: bpy.ops.wm.open_mainfile(filepath=p, load_ui=False))
        return
    for path in files:
        check_kind(path)
    if len({path.suffix.lower() for path in files}) > 1:
        raise InputError(
            f"{files[0].name} and the other files have different types",
            "Use one file, or the numbered files of one mesh sequence",
        )
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if len(files) > 1:
        import_sequence(files)
    else:
        import_file(files[0])
