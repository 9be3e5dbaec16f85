# SPDX-License-Identifier: GPL-3.0-or-later
"""Terms of models that are not freely usable: agreed to once, and remembered with date and text."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from ..files.atomic import write_json
from .catalogue import Checkpoint, models_folder


def terms_accepted(checkpoint: Checkpoint) -> bool:
    """Whether there are none, or the user agreed to exactly these."""
    if not checkpoint.terms:
        return True
    agreed = _read().get(checkpoint.name)
    return isinstance(agreed, dict) and agreed.get("sha256") == _digest(checkpoint.terms)


def accept_terms(checkpoint: Checkpoint) -> None:
    """Records that the user agreed. Raises JobError when that cannot be written."""
    if terms_accepted(checkpoint):
        return
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    agreed = {"date": now, "sha256": _digest(checkpoint.terms), "terms": checkpoint.terms}
    write_json(_path(), {**_read(), checkpoint.name: agreed})


def _path() -> Path:
    return models_folder() / "terms.json"


def _read() -> dict[str, Any]:
    try:
        agreed = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return agreed if isinstance(agreed, dict) else {}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
