# SPDX-License-Identifier: GPL-3.0-or-later
"""Terms of models that are not freely usable: agreed to once, and remembered with date and text."""

from __future__ import annotations

import datetime
import hashlib
from pathlib import Path

from ..files.atomic import write_json
from ..files.reading import read_note
from .catalogue import Checkpoint, models_folder


def terms_accepted(checkpoint: Checkpoint) -> bool:
    """Whether there are none, or the user agreed to exactly these."""
    if not checkpoint.terms:
        return True
    agreed = read_note(_path()).get(checkpoint.name)
    return isinstance(agreed, dict) and agreed.get("sha256") == _digest(checkpoint.terms)


def accept_terms(checkpoint: Checkpoint) -> None:
    """Records that the user agreed. Raises JobError when that cannot be written."""
    if terms_accepted(checkpoint):
        return
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    agreed = {"date": now, "sha256": _digest(checkpoint.terms), "terms": checkpoint.terms}
    write_json(_path(), {**read_note(_path()), checkpoint.name: agreed})


def _path() -> Path:
    return models_folder() / "terms.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
