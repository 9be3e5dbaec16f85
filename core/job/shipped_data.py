# SPDX-License-Identifier: GPL-3.0-or-later
"""Data files that come with Parts4D and change what a stage computes, by their content's hash."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from .sight_model import sight_model_hash

ONTOLOGY = Path(__file__).resolve().parents[1] / "parsing" / "ontology" / "data"
_TABLES = frozenset({".toml", ".tsv"})


def ontology_hash(folder: Path = ONTOLOGY) -> str:
    """sha256 over the ontology's tables and their names; of nothing where they are missing."""
    tables = sorted(path for path in folder.glob("*") if path.suffix in _TABLES)
    return _hash_of(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in tables))


@lru_cache(4)
def _hash_of(tables: tuple[tuple[Path, int, int], ...]) -> str:
    """Of paths, sizes and times: read again only when a file has changed."""
    digest = hashlib.sha256()
    for path, *_ in tables:
        content = path.read_bytes().replace(b"\r\n", b"\n")  # as a checkout may have it
        digest.update(f"{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


# Name in the tables of stages and implementations -> the hash of what is there now.
SHIPPED: Mapping[str, Callable[[], str]] = {"model": sight_model_hash, "ontology": ontology_hash}


def shipped_hashes(names: Iterable[str]) -> dict[str, str]:
    """The hash of each shipped thing, by name."""
    return {name: SHIPPED[name]() for name in names}
