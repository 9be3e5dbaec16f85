# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON files that carry a checksum of their own, for those that no other file knows the hash of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import JobError
from .atomic import write_json
from .reading import read_object

_SEAL = "checksum"


def write_sealed(path: Path, document: Mapping[str, Any]) -> None:
    """Raises JobError when it cannot be written."""
    write_json(path, {**document, _SEAL: _checksum(document)})


def read_sealed(path: Path) -> dict[str, Any]:
    """The object without its checksum; a file without one is taken as it is.

    Raises JobError when it is missing, damaged, or was changed since it was written.
    """
    document = read_object(path)
    seal = document.pop(_SEAL, None)
    if seal is not None and seal != _checksum(document):
        raise JobError(
            f"{path} was changed since it was written",
            f"Parse again, or remove its line '{_SEAL}' if the change is meant",
        )
    return document


def _checksum(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
