# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture a person can judge: beauty and labels side by side, several frames and views."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import numpy as np

from ..files.atomic import replacing
from ..job.capture_files import CaptureFiles, ViewImage
from ..job.label_files import LabelFiles, Result

CELL_HEIGHT = 384  # pixels
MARGIN = 10
UNLABELLED_COLOR = (0.62, 0.62, 0.62)
_LIGHT = np.array([-0.35, -0.75, 0.56])  # from the front, above and to the character's right
_INK = (40, 40, 40)
_FONT = cv2.FONT_HERSHEY_DUPLEX


def write_contact_sheet(job: Path, path: Path, rows: int = 3, columns: int = 4) -> None:
    """Writes a PNG of `rows` frames and `columns` views spread over the run.

    Raises JobError when the job has no result or a file of it is damaged.
    """
    files, labels = CaptureFiles(job / "capture"), LabelFiles(job)
    result = labels.read_result()
    colors = np.array([*(p.color for p in result.vocabulary), UNLABELLED_COLOR])
    views = _spread_out(range(len(files.manifest.views)), columns)
    strips, captions = [], []
    for frame in _spread_out(result.frames, rows):
        label, _ = labels.read_checked(result, frame)
        cells = []
        for view in views:
            image = files.view(frame, view)
            cells.append(np.hstack([_beauty(image), _paint(image, colors[label])]))
        strips.append(np.hstack(cells))
        captions.append(f"frame {frame}")
    files.close()
    labels.require_same(result)
    body = _stack(_crop(strips), captions)
    sheet = np.vstack([_title(result, body.shape[1]), body, _legend(result, body.shape[1])])
    _, png = cv2.imencode(".png", sheet[:, :, ::-1])
    with replacing(path) as stream:
        stream.write(png.tobytes())


def _spread_out(items: range | tuple[int, ...], count: int) -> list[int]:
    """At most `count` items, evenly over the cycle: no item twice, the first always."""
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def _beauty(image: ViewImage) -> np.ndarray:
    return _cell(image, image.color)


def _paint(image: ViewImage, element_color: np.ndarray) -> np.ndarray:
    """Labels as colours, shaded by the normals so that the form stays readable."""
    shade = 0.62 + 0.38 * np.clip(image.normal.astype(np.float32) / 127 @ _LIGHT, 0, 1)
    color = element_color[np.maximum(image.element, 0)] * shade[:, :, None]
    painted = np.where(image.silhouette[:, :, None], color * 255, 255).astype(np.uint8)
    return _cell(image, painted)


def _cell(image: ViewImage, picture: np.ndarray) -> np.ndarray:
    full = image.uncrop(picture, 255)
    width = round(CELL_HEIGHT * full.shape[1] / full.shape[0])
    return cv2.resize(full, (width, CELL_HEIGHT), interpolation=cv2.INTER_AREA)


def _crop(strips: list[np.ndarray]) -> list[np.ndarray]:
    """Cells are square and a person is not: what is blank in all strips is squeezed out."""
    blank = np.logical_and.reduce([(s == 255).all(axis=2) for s in strips])
    rows, columns = (_near(~blank.all(axis=axis)) for axis in (1, 0))
    return [s[rows][:, columns] for s in strips]


def _near(used: np.ndarray) -> np.ndarray:
    """(n,) bool: used, or no further than the margin from it."""
    kernel = np.ones((1, 2 * MARGIN + 1), np.uint8)
    return cv2.dilate(used.astype(np.uint8)[None], kernel)[0].astype(bool)


def _stack(strips: list[np.ndarray], captions: list[str]) -> np.ndarray:
    pieces = []
    for strip, caption in zip(strips, captions, strict=True):
        framed = cv2.copyMakeBorder(
            strip, 0, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        pieces += [_text(caption, framed.shape[1]), framed]
    return np.vstack(pieces)


def _text(text: str, width: int, scale: float = 0.42) -> np.ndarray:
    line = np.full((round(48 * scale), width, 3), 255, np.uint8)
    cv2.putText(line, text, (4, round(34 * scale)), _FONT, scale, _INK, 1, cv2.LINE_AA)
    return line


def _title(result: Result, width: int) -> np.ndarray:
    backends = ", ".join(f"{seam} {name}" for seam, name in result.backends.items())
    top = _text(f"{_drawable(result.character, 0)}: {len(result.frames)} frames", width, 0.7)
    return np.vstack([top, _text(backends, width)])


def _legend(result: Result, width: int) -> np.ndarray:
    entries = [(_drawable(p.name, i), p.color) for i, p in enumerate(result.vocabulary)]
    entries.append(("unlabelled", UNLABELLED_COLOR))
    rows, x = [_text("", width, 0.6)], MARGIN
    for name, color in entries:
        length = 40 + cv2.getTextSize(name, _FONT, 0.5, 1)[0][0]
        if x + length > width and x > MARGIN:
            rows.append(_text("", width, 0.6))
            x = MARGIN
        swatch = tuple(round(255 * c) for c in color)
        cv2.rectangle(rows[-1], (x, 6), (x + 16, 22), swatch, -1)
        cv2.putText(rows[-1], name, (x + 22, 20), _FONT, 0.5, _INK, 1, cv2.LINE_AA)
        x += length
    return np.vstack(rows)


def _drawable(name: str, index: int) -> str:
    """The name in ASCII, all that OpenCV's font has: without accents, or its place in the list."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return plain if len(plain) >= len(name) / 2 else f"part {index + 1}"
