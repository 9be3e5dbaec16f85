# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped vision model, run by ONNX Runtime on the CPU: one forward pass a view."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from ...errors import ErrorKind, JobError
from ...files.reading import parse_json
from ...job.boxes import Box
from ...job.capture_files import ViewImage
from ...job.sight_model import VARIABLE, sight_model_hash, sight_model_path
from .preparation import CHANNELS, Placement, camera_normals, prepare, prepare_part

BANK_VERSION = 1
_OUTPUTS = ("surface", "region", "boundary")
_MOST_THREADS = 8  # more only wait for one another on pictures this small


@dataclass(frozen=True)
class Sighting:
    """What the model sees in one view, in pixels of its own: h x w of them, two input pixels each.

    The last axis of `surface` and `region` sums to 1. `placement` says where the view lies in it.
    """

    surface: np.ndarray  # (h, w, L) float32
    region: np.ndarray  # (h, w, R) float32
    boundary: np.ndarray  # (h, w) float32, probability of a border between parts
    placement: Placement

    def cells(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """(P,) intp, the pixels of the answer, counted row by row, nearest to P pixels of the view.

        A view is about four times finer than the answer; what is lost at borders evens out over
        views, which cut them at different places.
        """
        height, width = self.boundary.shape
        place = np.rint(self.placement.output_pixels(rows, columns)).astype(np.intp)
        return np.clip(place[0], 0, height - 1) * width + np.clip(place[1], 0, width - 1)

    def at(self, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, ...]:
        """Surface (P, L), region (P, R) and boundary (P,) at P pixels of the view."""
        cell = self.cells(rows, columns)
        surface, region = (a.reshape(-1, a.shape[-1])[cell] for a in (self.surface, self.region))
        return surface, region, self.boundary.ravel()[cell]


class SightNetwork:
    """The model in memory."""

    def __init__(self, session: Any, path: Path) -> None:
        """Raises JobError when the model is not one that this version can use."""
        metadata = session.get_modelmeta().custom_metadata_map
        try:
            bank = parse_json(metadata["parts4d_bank"])
            self.surfaces = tuple(map(str, bank["surfaces"]))
            self.regions = tuple(map(str, bank["regions"]))
            self.height = int(metadata["parts4d_height"])
            version = int(bank["version"])
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"{path} is not a Parts4D vision model", _remedy()) from error
        outputs = {output.name: output.shape for output in session.get_outputs()}
        widths = [outputs[name][1] if name in outputs else 0 for name in _OUTPUTS]
        inputs = [(i.name, i.shape[1]) for i in session.get_inputs() if len(i.shape) == 4]
        fits = widths == [len(self.surfaces), len(self.regions), 1]
        if version != BANK_VERSION or inputs != [("image", CHANNELS)] or not fits:
            raise JobError(f"{path} is a vision model for another version of Parts4D", _remedy())
        self.name = metadata.get("parts4d_name") or path.stem
        self.license = metadata.get("parts4d_license", "")
        self._session = session

    @classmethod
    def load(cls, path: Path | None = None, threads: int | None = None) -> SightNetwork:
        """The model in the file `path`, or the shipped one; `threads` default to the cores.

        Raises JobError when the file is missing, damaged or of another version, or when ONNX
        Runtime cannot be loaded.
        """
        path = path or sight_model_path()
        if not path.is_file():
            raise JobError(f"The vision model {path} is missing", _remedy())
        try:
            import onnxruntime
        except Exception as error:  # also what its libraries raise on an unfitting system
            reason = (str(error).splitlines() or [""])[0]
            raise JobError(
                f"ONNX Runtime, which runs the vision model, cannot be loaded ({reason})",
                "Install the parsing libraries anew; on Windows also the Microsoft Visual C++ "
                "Redistributable (x64)",
                ErrorKind.ENVIRONMENT,
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(_cores(), _MOST_THREADS)
        options.inter_op_num_threads = 1
        # Waiting threads would take the cores from Blender.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_mem_pattern = False  # views differ in size
        options.log_severity_level = 4
        try:
            onnxruntime.disable_telemetry_events()
            providers = ["CPUExecutionProvider"]
            session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # ONNX Runtime's own have no common base
            raise JobError(f"The vision model {path} is damaged", _remedy()) from error
        return cls(session, path)

    def look(self, image: ViewImage) -> Sighting:
        """What the model sees in a view. Raises ValueError when the view shows nothing."""
        normal = camera_normals(image.normal, image.world_to_camera)
        return self._look(*prepare(image.color, normal, image.silhouette, self.height))

    def look_closer(self, image: ViewImage, part: Box, scale: float) -> Sighting:
        """What the model sees in a part of a view when a pixel of it takes `scale` of the model's.

        Raises ValueError when nothing is shown there.
        """
        normal = camera_normals(image.normal, image.world_to_camera)
        return self._look(*prepare_part(image.color, normal, image.silhouette, part, scale))

    def _look(self, planes: np.ndarray, placement: Placement) -> Sighting:
        surface, region, boundary = self._session.run(_OUTPUTS, {"image": planes[None]})
        probability = 1.0 / (1.0 + np.exp(-np.clip(boundary[0, 0], -30.0, 30.0)))
        return Sighting(_shares(surface[0]), _shares(region[0]), probability, placement)


def load_sight() -> SightNetwork:
    """The model that is chosen, kept in memory from job to job. Raises as `SightNetwork.load`."""
    return _load(sight_model_path(), sight_model_hash())


@lru_cache(1)
def _load(path: Path, digest: str) -> SightNetwork:
    return SightNetwork.load(path)


def _shares(logits: np.ndarray) -> np.ndarray:
    """(h, w, C) float32 probabilities of logits (C, h, w)."""
    last = np.ascontiguousarray(np.moveaxis(logits, 0, 2), np.float32)
    return np.asarray(softmax(last, axis=2))


def _cores() -> int:
    """Those this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _remedy() -> str:
    if os.environ.get(VARIABLE):
        return f"Correct the variable {VARIABLE} or unset it"
    return "Install the Parts4D extension again"
