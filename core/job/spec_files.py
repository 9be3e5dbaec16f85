# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing the job spec: `job.json`, checked field by field."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import JobError
from ..files.sealed import read_sealed, write_sealed
from .spec import SCHEMA_VERSION, JobSpec
from .spec_checks import check_spec
from .strict_json import read_dataclass, wrong_value


def spec_from_json(document: Any) -> JobSpec:
    """The spec in a JSON object, complete with defaults.

    Raises InputError naming the field for an unknown key, a value of another type or out of
    range, and a vocabulary or frame range that holds nothing; JobError for a newer schema.
    """
    check_schema(document, "The job")
    spec = read_dataclass(JobSpec, document)
    check_spec(spec)
    return spec


def spec_to_json(spec: JobSpec) -> dict[str, Any]:
    """Every field, defaults included: a later version with other defaults reads the same run."""
    return asdict(spec)


def load_spec(path: Path) -> JobSpec:
    """The spec in a file. Raises JobError for one that is damaged or was changed, else as
    `spec_from_json`."""
    return spec_from_json(read_sealed(path))


def save_spec(path: Path, spec: JobSpec) -> None:
    """Raises InputError when the spec is not valid, JobError when it cannot be written."""
    write_sealed(path, spec_to_json(spec_from_json(spec_to_json(spec))))


def check_schema(document: Any, name: str) -> None:
    """Raises JobError when `document` was written by a newer version, InputError when by none."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise wrong_value("schema_version", f"a whole number from 1 to {SCHEMA_VERSION}", version)
    if version > SCHEMA_VERSION:
        raise JobError(
            f"{name} was made by a newer version of Parts4D (schema {version}, this one reads "
            f"{SCHEMA_VERSION})",
            "Update Parts4D or choose another job folder",
        )
