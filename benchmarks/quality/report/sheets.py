# SPDX-License-Identifier: GPL-3.0-or-later
"""Contact sheets: what a case looks like, its truth, our labels and where they are wrong.

`pictures/CASE/` below the results holds `color_FRAME_VIEW.png`, `elements_FRAME_VIEW.npz` with the
element of every pixel, and labels per element in `truth.npz` and `METHOD_free.npz`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.job.palette import part_colors
from core.job.spec import Part

from ..vocabularies import FREE
from .aggregates import Run, confusions
from .document import Color, Picture
from .numbers import percent, share

BEST, WORST = 3, 5
FRAMES, VIEWS = 2, 2
WIDTH, HEIGHT = 300, 340  # pixels of a tile, at most
COLUMNS = ("beauty", "truth", "labels", "errors")

RIGHT: Color = (0.86, 0.86, 0.86)
WRONG: Color = (0.68, 0.05, 0.08)
UNLABELLED: Color = (0.25, 0.25, 0.25)
UNKNOWN: Color = (0.93, 0.95, 1.0)
_MARGIN = 6  # pixels around the silhouette
_GAP = 16  # pixels between views and between frames


@dataclass(frozen=True)
class Look:
    """One picture of a case."""

    frame: int
    view: str
    color: np.ndarray  # (H, W, 3) uint8 RGB
    element: np.ndarray  # (H, W) int32, -1 = background


def chosen_cases(run: Run) -> tuple[list[str], list[str]]:
    """Our best and our worst cases, by mean IoU; no case is in both."""
    scores = sorted(run.scores(FREE, run.ours), key=lambda s: -s.miou)
    names = [s.case for s in scores]
    worst = names[max(BEST, len(names) - WORST) :]
    return names[:BEST], worst[::-1]


def class_colors(run: Run) -> dict[str, Color]:
    """One colour per class name for all sheets; the commonest names get the clearest colours."""
    count: dict[str, int] = {}
    for score in run.scores(FREE, run.ours):
        for name in score.classes:
            count[name] = count.get(name, 0) + 1
    names = sorted(count, key=lambda name: (-count[name], name))
    return dict(zip(names, part_colors([Part(name) for name in names]), strict=True))


def contact_sheet(
    run: Run, folder: Path, case: str, place: str, colors: dict[str, Color]
) -> Picture | None:
    """The sheet of one case with our labels; None when pictures or labels are not there.

    `place` says why this case is shown.
    """
    score = run.score(case, run.ours, FREE)
    looks = read_looks(folder)
    truth = read_labels(folder / "truth.npz")
    label = read_labels(folder / f"{run.ours}_{FREE}.npz")
    if score is None or not score.classes:
        return None
    palette = np.array([colors[name] for name in score.classes])
    rows = []
    seen: set[int] = set()
    for look in looks:
        if look.frame in truth and look.frame in label:
            tiles = draw(look, truth[look.frame], label[look.frame], palette)
            if tiles is not None:
                rows.append((look, tiles))
                seen |= _list_shown(look, truth[look.frame]) | _list_shown(look, label[look.frame])
    if not rows:
        return None
    legend = [(name, colors[name]) for i, name in enumerate(score.classes) if i in seen]
    mistakes = [f"{c.truth} called {c.called} {percent(c.share)}" for c in confusions([score])[:3]]
    looked = ", ".join(f"frame {look.frame} view {look.view}" for look, _ in rows)
    image, heads = arrange([tiles for _, tiles in rows])
    return Picture(
        png(image),
        "image/png",
        f"The costliest mistakes: {', '.join(mistakes)}." if mistakes else "No mistakes.",
        f"{case}, from left to right {', '.join(COLUMNS)}; {looked}",
        f"{place}: {case}, mean IoU {share(score.miou)}",
        heads,
        tuple(legend),
    )


def read_looks(folder: Path) -> list[Look]:
    """At most FRAMES × VIEWS pictures that are whole, by frame and view."""
    found: dict[int, list[Look]] = {}
    for path in sorted(folder.glob("elements_*_*.npz")):
        match = re.fullmatch(r"elements_(\d+)_(\w+)", path.stem)
        if match is None:
            continue
        frame, view = int(match[1]), match[2]
        looks = found.setdefault(frame, [])
        image = cv2.imread(str(path.with_name(f"color_{match[1]}_{view}.png")), cv2.IMREAD_COLOR)
        arrays = _arrays(path)
        if image is None or not arrays or len(looks) == VIEWS:
            continue
        element = next(iter(arrays.values()))
        if element.shape == image.shape[:2]:
            looks.append(Look(frame, view, cv2.cvtColor(image, cv2.COLOR_BGR2RGB), element))
    whole = [looks for _, looks in sorted(found.items()) if looks]
    return [look for looks in whole[:FRAMES] for look in looks]


def read_labels(path: Path) -> dict[int, np.ndarray]:
    """Frame -> (E,) labels of a file with arrays `label_FRAME`; empty when there is none."""
    found = {}
    for name, array in _arrays(path).items():
        match = re.fullmatch(r"\D*_?(\d+)", name)
        if match is not None and array.ndim == 1:
            found[int(match[1])] = array
    return found


def draw(
    look: Look, truth: np.ndarray, label: np.ndarray, palette: np.ndarray
) -> list[np.ndarray] | None:
    """The tiles of COLUMNS, (h, w, 3) uint8, cropped; None when labels and elements do not fit.

    `truth` and `label` (E,) classes, -1 = none; `palette` (K, 3) sRGB 0..1.
    """
    shown = look.element >= 0
    if not shown.any() or look.element.max() >= min(len(truth), len(label)):
        return None
    if max(truth.max(), label.max()) >= len(palette):
        return None
    rows, columns = np.nonzero(shown)
    box = np.s_[
        max(0, rows.min() - _MARGIN) : rows.max() + _MARGIN + 1,
        max(0, columns.min() - _MARGIN) : columns.max() + _MARGIN + 1,
    ]
    element, shown = look.element[box], shown[box]
    true, found = (np.where(shown, a[np.maximum(element, 0)], -2) for a in (truth, label))
    kind = np.select([~shown, true < 0, found < 0, true != found], [-1, 3, 2, 1], 0)
    kinds = np.array([RIGHT, WRONG, UNLABELLED, UNKNOWN])
    with_none = np.vstack([palette, UNLABELLED])  # the last is class -1
    return [
        look.color[box],
        paint(true, with_none, shown, UNKNOWN),
        paint(found, with_none, shown, UNLABELLED),
        paint(kind, kinds, shown, RIGHT),
    ]


def paint(label: np.ndarray, palette: np.ndarray, shown: np.ndarray, none: Color) -> np.ndarray:
    """(h, w, 3) uint8: flat colours on white, with dark lines where `label` (h, w) changes.

    `none` is the colour of a negative label where `shown` (h, w).
    """
    image = palette[np.clip(label, 0, len(palette) - 1)]
    image = np.where((shown & (label < 0))[..., None], none, image)
    image[~shown] = 1.0
    line = np.zeros(label.shape, bool)
    line[:, 1:] |= label[:, 1:] != label[:, :-1]
    line[1:] |= label[1:] != label[:-1]
    image[line & shown] *= 0.55
    return np.round(255 * image).astype(np.uint8)


def arrange(
    looks: Sequence[Sequence[np.ndarray]],
) -> tuple[np.ndarray, tuple[tuple[str, float], ...]]:
    """VIEWS pictures side by side, each with its tiles, as one (h, w, 3) uint8 image.

    Also the words above the columns with the middle of each, 0..1 of the width. All tiles of a
    column are as wide as the widest.
    """
    lines = [looks[i : i + VIEWS] for i in range(0, len(looks), VIEWS)]
    tiles = [[scale(tile) for look in line for tile in look] for line in lines]
    widths = [
        max(line[i].shape[1] for line in tiles if i < len(line)) for i in range(len(tiles[0]))
    ]
    starts = [sum(widths[:i]) + _GAP * (i // len(COLUMNS)) for i in range(len(widths))]
    image = np.full((len(tiles) * (HEIGHT + _GAP), starts[-1] + widths[-1], 3), 255, np.uint8)
    for row, line in enumerate(tiles):
        for tile, start, width in zip(line, starts, widths, strict=False):
            left = start + (width - tile.shape[1]) // 2
            top = row * (HEIGHT + _GAP)
            image[top : top + HEIGHT, left : left + tile.shape[1]] = tile
    middles = [(s + w / 2) / image.shape[1] for s, w in zip(starts, widths, strict=True)]
    titles = [COLUMNS[i % len(COLUMNS)] for i in range(len(widths))]
    return image, tuple(zip(titles, middles, strict=True))


def scale(tile: np.ndarray) -> np.ndarray:
    """The tile as large as WIDTH × HEIGHT allow, and HEIGHT pixels high."""
    height, width = tile.shape[:2]
    factor = min(HEIGHT / height, WIDTH / width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    image = np.full((HEIGHT, size[0], 3), 255, np.uint8)
    image[: size[1]] = cv2.resize(tile, size, interpolation=way)
    return image


def png(image: np.ndarray) -> bytes:
    """(h, w, 3) uint8 RGB as a PNG file."""
    _, content = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return bytes(content)


def _list_shown(look: Look, label: np.ndarray) -> set[int]:
    """The classes in a picture."""
    element = look.element[look.element >= 0]
    return set(np.unique(label[element[element < len(label)]]).tolist())


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file; nothing when it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return {}
