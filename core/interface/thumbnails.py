# SPDX-License-Identifier: GPL-3.0-or-later
"""A small live picture of what a running job sees.

A thread reads the newest captured view; the timer only hands its pixels to Blender.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

import bpy
import bpy.utils.previews
import numpy as np

from ..errors import Parts4DError
from ..job.arrays import ArrayReader
from ..job.capture_files import CaptureFiles
from ..scene.narrowing import specific

SIZE = 128  # pixels of a side
PAUSE = 0.5  # seconds between looks
_NAME = "seen"


class Thumbnail:
    """The latest view of the watched job, as a preview icon."""

    def __init__(self) -> None:
        self._previews: bpy.utils.previews.ImagePreviewCollection | None = None
        self._latest: np.ndarray | None = None  # (SIZE, SIZE, 4) float32, bottom row first
        self._stop = threading.Event()

    @property
    def icon(self) -> int:
        """icon_id for layout.template_icon, 0 for none."""
        if self._previews is None or _NAME not in self._previews:
            return 0
        return int(self._previews[_NAME].icon_id)

    def watch(self, job: Path) -> None:
        """Shows this job's views from now on."""
        self._stop.set()
        self._stop = threading.Event()
        self._latest = None
        if self._previews is not None:
            self._previews.clear()
        threading.Thread(target=self._look, args=(job, self._stop), daemon=True).start()

    def rest(self) -> None:
        """Stops looking."""
        self._stop.set()

    def changed(self) -> bool:
        """Hands a new picture to Blender, if there is one. On the main thread."""
        latest, self._latest = self._latest, None
        if latest is None:
            return False
        if self._previews is None:
            self._previews = bpy.utils.previews.new()
        preview = self._previews[_NAME] if _NAME in self._previews else self._previews.new(_NAME)
        preview.image_size = (SIZE, SIZE)
        specific(preview.image_pixels_float).foreach_set(latest.ravel())
        return True

    def close(self) -> None:
        self._stop.set()
        if self._previews is not None:
            bpy.utils.previews.remove(self._previews)
            self._previews = None

    def _look(self, job: Path, stop: threading.Event) -> None:
        turn = 0
        while not stop.wait(PAUSE):
            with contextlib.suppress(Parts4DError, OSError, KeyError, ValueError):
                path = max((job / "capture").glob("frame_*.npz"), key=lambda p: p.stat().st_mtime)
                frame = int(path.stem.removeprefix("frame_"))
                self._latest = _picture(job, frame, turn)
                turn += 1


def _picture(job: Path, frame: int, turn: int) -> np.ndarray:
    """The view number `turn` of a frame, round and round."""
    files = CaptureFiles(job / "capture")
    try:
        count = _view_count(files, frame)
        image = files.view(frame, turn % count)
    finally:
        files.close()
    color = image.uncrop(image.color, 255)
    silhouette = image.uncrop(image.silhouette.astype(np.uint8), 0)
    picture = np.zeros((SIZE, SIZE, 4), np.float32)
    rows = np.arange(SIZE) * color.shape[0] // SIZE
    columns = np.arange(SIZE) * color.shape[1] // SIZE
    picture[..., :3] = color[rows[:, None], columns] / np.float32(255)
    picture[..., 3] = silhouette[rows[:, None], columns]
    return np.ascontiguousarray(picture[::-1])


def _view_count(files: CaptureFiles, frame: int) -> int:
    with ArrayReader(files.frame_path(frame)) as reader:
        return sum(name.startswith("box_") for name in reader.names())
