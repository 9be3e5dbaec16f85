# SPDX-License-Identifier: GPL-3.0-or-later
"""Data sets rendered apart, brought into one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..files.atomic import disk_error
from .registry import load_registry, save_registry, united
from .sequences import SEQUENCES, load_sequences, save_sequence
from .sequences import Sequence as ImageSequence


def gather(root: Path, shards: Sequence[Path]) -> None:
    """Brings labels, sequences and images of `shards` into `root`; the shards stay as they are.

    Images that are recorded already are left: a shard may hold parts of the same sequence. Raises
    InputError when the shards disagree about a label or a sequence, JobError for a damaged file
    or a full disk.
    """
    registry = load_registry(root / "labels.json")
    sequences = {s.name: s for s in load_sequences(root)}
    for shard in shards:
        if not (shard / SEQUENCES).is_dir():
            raise InputError(f"{shard} holds no data set", "Name a folder that a batch has filled")
        registry = united(registry, load_registry(shard / "labels.json"))
        for sequence in load_sequences(shard):
            before = sequences.get(sequence.name, sequence)
            sequences[sequence.name] = _joined(before, sequence, shard)
    save_registry(root / "labels.json", registry)
    for shard in shards:
        _take_files(shard, root)
    for sequence in sequences.values():
        save_sequence(root, sequence)


def _joined(one: ImageSequence, other: ImageSequence, shard: Path) -> ImageSequence:
    if one.key != other.key:
        raise InputError(
            f"The sequence '{one.name}' in {shard} was made from another file or other settings",
            "Render it again there, or give one of the two another name",
        )
    frames = tuple(sorted({*one.frames, *other.frames}))
    views = tuple(dict.fromkeys([*one.views, *other.views]))
    return ImageSequence(
        one.name, one.blend, one.characters, one.vocabulary, frames, views, one.key
    )


def _take_files(shard: Path, root: Path) -> None:
    """Records come last, as when they were written: what a record names is there."""
    # A shard may come from someone else: a link in it could bring in any file of this machine.
    paths = [
        p
        for p in (shard / SEQUENCES).rglob("*")
        if p.is_file() and not p.is_symlink() and p.name[0] != "."
    ]
    for path in sorted(paths, key=lambda p: (p.parent.name == "frames", p)):
        target = root / path.relative_to(shard)
        if path.name in ("sequence.json", "camera.jsonl") or _record_of(target).exists():
            continue
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
            temporary.unlink(missing_ok=True)
            shutil.copyfile(path, temporary)
            os.replace(temporary, target)
        except OSError as error:
            raise disk_error(error, target) from error


def _record_of(path: Path) -> Path:
    """The record of the image that a file belongs to; of a record, itself."""
    return path.parent.parent / "frames" / f"{path.stem}.json"
