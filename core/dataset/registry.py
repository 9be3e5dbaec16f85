# SPDX-License-Identifier: GPL-3.0-or-later
"""The label registry: which number stands for which name, for good. `labels.json` is this.

A name that has a number keeps it, whatever is added later: images that were written stay right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..files.atomic import write_json
from ..files.reading import damaged, read_object
from ..job.palette import Color, part_colors
from ..job.spec import Part
from ..job.spec_checks import normalise
from ..job.strict_json import read_dataclass
from ..label_images.request import BACKGROUND, UNLABELLED, PartId

SUPERCATEGORY = "person"
MAX_ID = 2**16 - 1  # images of labels have 16 bits at most
_RESTORE = "Restore it from a copy: it says what the images mean"


@dataclass(frozen=True)
class Label:
    """A part name and its number."""

    name: str
    id: int  # neither 0 nor 255
    color: Color  # sRGB 0..1
    aliases: tuple[str, ...] = ()
    supercategory: str = SUPERCATEGORY


@dataclass(frozen=True)
class Registry:
    """All labels of a data set, by rising number."""

    labels: tuple[Label, ...] = ()
    schema_version: int = 1

    def find(self, name: str) -> Label | None:
        """The label of a part name; case and spacing do not count."""
        wanted = normalise(name)
        return next((label for label in self.labels if normalise(label.name) == wanted), None)

    def part_ids(self, parts: Iterable[Part]) -> tuple[PartId, ...]:
        """What a render is told of these parts. Raises KeyError for one without a number."""
        found = []
        for part in parts:
            label = self.find(part.name)
            if label is None:
                raise KeyError(part.name)
            found.append(PartId(part.name, label.id, label.color))
        return tuple(found)

    @property
    def hash(self) -> str:
        """sha256 of names and numbers: equal hashes, equal meaning of every pixel."""
        pairs = [[label.id, label.name] for label in self.labels]
        return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()

    @property
    def palette(self) -> np.ndarray:
        """(N, 3) uint8 sRGB by number, N = the highest number + 1; background is black."""
        count = max([UNLABELLED, *(label.id for label in self.labels)]) + 1
        colors = np.zeros((count, 3), np.uint8)
        colors[UNLABELLED] = 158
        for label in self.labels:
            colors[label.id] = np.round(np.array(label.color) * 255)
        return colors


def extended(registry: Registry, parts: Sequence[Part]) -> Registry:
    """With a number for every part: the old ones stay, new names take the next free ones."""
    labels = list(registry.labels)
    fresh: list[Part] = []
    for part in parts:
        known = Registry((*labels,)).find(part.name)
        if known is None and not any(normalise(p.name) == normalise(part.name) for p in fresh):
            fresh.append(part)
        elif known is not None:
            aliases = dict.fromkeys([*known.aliases, *part.synonyms])
            labels[labels.index(known)] = replace(known, aliases=tuple(aliases))
    colors = part_colors([Part(label.name, color=label.color) for label in labels] + list(fresh))[
        len(labels) :
    ]
    number = max([BACKGROUND, *(label.id for label in labels)])
    for part, color in zip(fresh, colors, strict=True):
        number += 2 if number + 1 == UNLABELLED else 1
        labels.append(Label(part.name, number, color, part.synonyms))
    return Registry(tuple(labels))


def united(one: Registry, other: Registry) -> Registry:
    """Both together. Raises InputError when a name has two numbers or a number two names."""
    labels = {label.id: label for label in one.labels}
    for label in other.labels:
        same_id, same_name = labels.get(label.id), one.find(label.name)
        if (same_id and normalise(same_id.name) != normalise(label.name)) or (
            same_name and same_name.id != label.id
        ):
            raise InputError(
                f"'{label.name}' has the number {label.id} in one data set and another in the "
                "other",
                "Render both from one batch file, or copy labels.json of one to the other before "
                "rendering",
            )
        labels.setdefault(label.id, label)
    return Registry(tuple(labels[number] for number in sorted(labels)))


def load_registry(path: Path) -> Registry:
    """An empty one where there is no file. Raises JobError for a damaged file."""
    if not path.exists():
        return Registry()
    document = read_object(path, _RESTORE)
    document.pop("reserved", None)
    registry = read_dataclass(Registry, document)
    ids = [label.id for label in registry.labels]
    if len(set(ids)) < len(ids) or not all(0 < i <= MAX_ID and i != UNLABELLED for i in ids):
        raise damaged(path, _RESTORE)
    return registry


def save_registry(path: Path, registry: Registry) -> None:
    """Raises JobError when it cannot be written."""
    reserved = {str(BACKGROUND): "background", str(UNLABELLED): "person, but no part"}
    write_json(path, asdict(registry) | {"reserved": reserved})
