# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels as files: `labels/frame_0001.npz` per frame and `result.json` beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, JobError
from ..files.atomic import write_json
from ..files.reading import damaged, read_object
from .arrays import load_arrays, save_arrays
from .capture_files import CapturedObject, Topology, check_objects
from .strict_json import read_dataclass

UNLABELLED = -1


@dataclass(frozen=True)
class LabelledPart:
    """A vocabulary entry as it was used: its index is the label."""

    name: str
    color: tuple[float, float, float]  # sRGB 0..1
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a finished job says about its labels."""

    character: str
    frames: tuple[int, ...]
    vocabulary: tuple[LabelledPart, ...]
    topology: Topology
    objects: tuple[CapturedObject, ...]  # constant topology, in element order
    frame_objects: Mapping[str, tuple[CapturedObject, ...]]  # a sequence: per frame number
    backends: Mapping[str, str]  # seam -> implementation
    seconds: Mapping[str, float]  # stage -> seconds
    counts: Mapping[str, int]  # proposals, masklets, masks, elements, ...
    warnings: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)  # package -> version
    preset: str = ""  # where the settings came from
    models: Mapping[str, str] = field(default_factory=dict)  # checkpoint -> sha256 of its file
    schema_version: int = 1

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Result:
        """Raises InputError for a value of another type, and objects whose faces do not follow."""
        result = read_dataclass(cls, document)
        check_objects(result.topology, result.frames, result.objects, result.frame_objects)
        return result


class LabelFiles:
    """Reads and writes the labels of one job folder."""

    def __init__(self, job: Path) -> None:
        self.job = Path(job)

    def frame_path(self, frame: int) -> Path:
        return self.job / "labels" / f"frame_{frame:04d}.npz"

    def write_frame(self, frame: int, label: np.ndarray, confidence: np.ndarray) -> None:
        """`label` (E,) int16, -1 = unlabelled; `confidence` (E,) float16 in 0..1."""
        arrays = {"label": label.astype(np.int16), "confidence": confidence.astype(np.float16)}
        save_arrays(self.frame_path(frame), arrays)

    def read_frame(self, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """(label, confidence) of one frame. Raises JobError when the file is damaged."""
        arrays = load_arrays(self.frame_path(frame))
        return arrays["label"], arrays["confidence"]

    def write_result(self, result: Result) -> None:
        write_json(self.job / "result.json", asdict(result))

    def read_result(self) -> Result:
        """Raises JobError when the job has not finished."""
        path = self.job / "result.json"
        if not path.exists():
            raise JobError(f"{self.job} has no result yet", "Run parse first")
        try:
            return Result.from_json(read_object(path))
        except InputError as error:
            raise damaged(path) from error
