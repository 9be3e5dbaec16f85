# SPDX-License-Identifier: GPL-3.0-or-later
"""`camera.jsonl` of a view: the camera of every frame, a line each, in the order of frames."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import JobError
from ..files.atomic import replacing
from .sequences import LabelledImage


@dataclass(frozen=True)
class FrameCamera:
    """OpenCV's convention: x right, y down, z forward; the first pixel's centre is (0.5, 0.5)."""

    frame: int
    instant: float  # the scene frame, with its fraction
    size: tuple[int, int]  # (width, height)
    projection: str  # perspective, orthographic or panoramic
    intrinsics: np.ndarray  # (3, 3) K
    world_to_camera: np.ndarray  # (4, 4)


def write_cameras(path: Path, images: Iterable[LabelledImage]) -> None:
    """Raises JobError when it cannot be written."""
    with replacing(path, "w") as stream:
        for image in images:
            record = image.record
            line = {
                "frame": record.frame,
                "instant": record.instant,
                "size": record.size,
                "projection": record.projection,
                "K": record.intrinsics,
                "world_to_camera": record.world_to_camera,
                "distortion": [],
            }
            stream.write(json.dumps(line) + "\n")


def read_cameras(path: Path) -> tuple[FrameCamera, ...]:
    """Raises JobError when the file is missing or damaged."""
    try:
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return tuple(
            FrameCamera(
                one["frame"],
                one["instant"],
                (one["size"][0], one["size"][1]),
                one["projection"],
                np.array(one["K"], float).reshape(3, 3),
                np.array(one["world_to_camera"], float).reshape(4, 4),
            )
            for one in lines
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise JobError(f"{path} is missing or damaged", "Merge the batch again") from error
