# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequences of a data set: what `seq/<name>/sequence.json` says, and the images found in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ..errors import JobError
from ..files.atomic import write_json
from ..files.reading import damaged, read_object
from ..job.strict_json import read_dataclass
from ..label_images.png import PngError, read_png
from ..label_images.records import ImageRecord, Instance, read_record
from ..label_images.request import BACKGROUND, UNLABELLED, PassName, camera_folder

SEQUENCES = "seq"
_AGAIN = "Run the batch again to render it anew"


@dataclass(frozen=True)
class Sequence:
    """Images of the same characters in the same file, with one vocabulary."""

    name: str  # also its folder below `seq`
    blend: str
    characters: tuple[str, ...]
    vocabulary: str
    frames: tuple[int, ...]
    views: tuple[str, ...]  # names of cameras
    key: str = ""  # hash of what its images were made from
    schema_version: int = 1


@dataclass(frozen=True)
class Segment:
    """What one part of one instance covers in an image."""

    instance: Instance
    part: int
    mask: np.ndarray  # (H, W) bool


@dataclass(frozen=True)
class LabelledImage:
    """One view of one frame, with the record that was written after its files."""

    root: Path
    sequence: str
    record: ImageRecord

    @property
    def id(self) -> int:
        """The same in every run and every merge: a hash, below 2^52 to be exact in JSON."""
        return stable_id(self.sequence, self.record.camera, self.record.frame)

    @property
    def name(self) -> str:
        """Unique in the data set and fit for a file: `walk__Camera__000012`."""
        view = camera_folder(self.record.camera)
        return f"{self.sequence}__{view}__{self.record.frame:06d}"

    def file(self, kind: PassName) -> Path | None:
        """Where a pass of it lies, or None when it was not rendered."""
        found = self.record.files.get(kind)
        view = camera_folder(self.record.camera)
        return self.root / SEQUENCES / self.sequence / view / found.path if found else None

    def shown(self) -> Path | None:
        """The picture for loaders: the beauty, or the labels where there is none."""
        return self.file("beauty") or self.file("parts")

    def pixels(self, kind: PassName) -> np.ndarray:
        """(H, W) uint8 or uint16. Raises JobError when the pass is missing or damaged."""
        path = self.file(kind)
        try:
            if path is None:
                raise PngError("not rendered")
            return read_png(path)
        except (OSError, PngError) as error:
            raise JobError(f"The {kind} of {self.name} cannot be read", _AGAIN) from error

    def segments(self) -> list[Segment]:
        """By instance and part; background and what has no part are none."""
        parts, instances = self.pixels("parts"), self.pixels("instances")
        both = instances.astype(np.int64) << 16 | parts
        known = {i.index: i for i in self.record.instances}
        found = []
        for code in np.unique(both).tolist():
            index, part = code >> 16, code & 0xFFFF
            if part not in (BACKGROUND, UNLABELLED) and index in known:
                found.append(Segment(known[index], part, both == code))
        return found


def stable_id(*names: str | int) -> int:
    """A number from 1 to 2^52 - 1 that depends on the names alone."""
    text = "\0".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % (2**52 - 1) + 1


def sequence_path(root: Path, name: str) -> Path:
    """Where a sequence is described."""
    return root / SEQUENCES / name / "sequence.json"


def save_sequence(root: Path, sequence: Sequence) -> None:
    """Raises JobError when it cannot be written."""
    write_json(sequence_path(root, sequence.name), asdict(sequence))


def load_sequences(root: Path) -> tuple[Sequence, ...]:
    """All that are described below `root`, by name. Raises JobError for a damaged file."""
    paths = sorted((root / SEQUENCES).glob("*/sequence.json"))
    return tuple(map(_load_sequence, paths))


def _load_sequence(path: Path) -> Sequence:
    sequence = read_dataclass(Sequence, read_object(path, _AGAIN))
    if sequence.name != path.parent.name:  # it names the folder that is written to
        raise damaged(path, _AGAIN)
    return sequence


def images_of(root: Path, sequence: Sequence) -> Iterator[LabelledImage]:
    """The images that are there, view by view, in the order of frames.

    Those of another key are left out: they show what the file or the settings were before.
    """
    folder = root / SEQUENCES / sequence.name
    for view in sequence.views:
        for frame in sequence.frames:
            record = read_record(folder, view, frame)
            if record is not None and record.key == sequence.key:
                yield LabelledImage(root, sequence.name, record)
