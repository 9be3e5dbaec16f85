# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels as files: `labels/frame_0001.npz` per frame and `result.json` beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ErrorKind, InputError, JobError
from ..files.atomic import write_json
from ..files.reading import damaged, read_object
from .arrays import check_range, check_shape, load_arrays, making_sense, save_arrays
from .capture_files import CapturedObject, Topology, check_objects
from .recorded import check_recorded, require_finished
from .strict_json import read_dataclass, wrong_value

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
        for part in result.vocabulary:
            if not all(0 <= value <= 1 for value in part.color):
                raise wrong_value(f"color of {part.name!r}", "within 0 to 1", list(part.color))
        return result

    def objects_at(self, frame: int) -> tuple[CapturedObject, ...]:
        """The objects whose polygons are the elements of `frame`, in order."""
        if self.topology == "constant":
            return self.objects
        return self.frame_objects.get(str(frame), ())


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
        path = self.frame_path(frame)
        arrays = load_arrays(path)
        with making_sense(path):
            label, confidence = arrays["label"], arrays["confidence"]
            if label.shape != confidence.shape or label.ndim != 1:
                raise ValueError("another number of confidences")
            check_range(label, UNLABELLED, np.iinfo(np.int16).max)
            check_shape(confidence, label.shape, "f")
        return label, confidence

    def read_checked(self, result: Result, frame: int) -> tuple[np.ndarray, np.ndarray]:
        """The same, after a comparison with the result: as many as its elements, labels of its
        parts. Raises JobError."""
        label, confidence = self.read_frame(frame)
        with making_sense(self.frame_path(frame)):
            expected = sum(o.element_count for o in result.objects_at(frame))
            check_range(check_shape(label, (expected,), "i"), UNLABELLED, len(result.vocabulary))
        return label, confidence

    def require_same(self, result: Result) -> None:
        """Raises JobError unless the labels are finished and still those of `result`.

        To be called after the last look at label files by whoever does not hold the job's lock:
        another program may have given the job other words between the result and the labels.
        """
        require_finished(self.job, "labels")
        if self.read_result() != result:
            raise JobError(
                f"The labels of {self.job} were changed by another program while they were read",
                "Try again when it has finished",
                ErrorKind.BUSY,
            )

    def write_result(self, result: Result) -> None:
        write_json(self.job / "result.json", asdict(result))

    def read_result(self) -> Result:
        """Raises JobError when the job has not finished."""
        path = self.job / "result.json"
        if not path.exists():
            raise JobError(f"{self.job} has no result yet", "Run parse first")
        try:
            check_recorded(path)
            return Result.from_json(read_object(path))
        except InputError as error:
            raise damaged(path) from error
