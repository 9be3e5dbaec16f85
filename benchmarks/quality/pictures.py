# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report draws contact sheets from: two views of two frames of a case, and its truth."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from core.job.arrays import save_arrays

from .captured import CapturedCase
from .vocabularies import FREE, vocabularies_for


def save_pictures(captured: CapturedCase, folder: Path) -> dict[str, Path]:
    """Writes `color_FRAME_VIEW.png`, `elements_FRAME_VIEW.npz` with the full image's `element`
    (H, W) int32, and `truth.npz` with `label_FRAME` (E,) int16 in the classes of the vocabulary
    "free"; -1 is background, and what is not scored. Returns the files by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames, views = captured.frames, len(captured.files.manifest.views)
    written = {}
    for frame in dict.fromkeys((frames[0], frames[len(frames) // 2])):
        for view in dict.fromkeys((0, views // 2)):  # from the front and from behind
            image = captured.files.view(frame, view)
            key = f"{frame}_{view}"
            written[f"color_{key}"] = folder / f"color_{key}.png"
            color = image.uncrop(image.color, 255)
            cv2.imwrite(str(written[f"color_{key}"]), color[..., ::-1])
            written[f"elements_{key}"] = folder / f"elements_{key}.npz"
            element = image.uncrop(image.element, -1)
            save_arrays(written[f"elements_{key}"], {"element": element})
    for vocabulary in vocabularies_for(captured.names, captured.present):
        if vocabulary.name == FREE:
            of_truth = np.array([*vocabulary.of_truth, -1], np.int16)  # the last for index -1
            written["truth"] = folder / "truth.npz"
            truth = {f"label_{f}": of_truth[captured.truth[f]] for f in frames}
            save_arrays(written["truth"], truth)
    return written
