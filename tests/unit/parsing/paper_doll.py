# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture made without Blender: a flat figure of square elements, seen from front and back.

The front sheet shows head over shirt over trousers, the back sheet the same; its elements are
others, as on a real body. A third sheet, a bag, appears only from the third frame on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.job.capture_files import (
    CapturedObject,
    CaptureFiles,
    Facts,
    Manifest,
    Names,
    ViewImage,
)

CELL = 8  # pixels per element
COLUMNS, ROWS = 6, 12  # elements of one sheet
SHEET = COLUMNS * ROWS
ELEMENTS = 3 * SHEET  # front, back, bag
RESOLUTION = (128, 128)
BONES = ("head", "spine", "thigh.L", "thigh.R")
MATERIALS = ("Skin", "Shirt", "Trousers", "Bag")
COLORS = np.array([[230, 190, 160], [40, 80, 200], [60, 60, 60], [150, 90, 30]], np.uint8)


def picture_of(element: np.ndarray, color: tuple[int, int, int] = (90, 90, 90)) -> ViewImage:
    """A view that shows the elements (h, w), all of one colour, facing the camera."""
    normal = np.zeros((*element.shape, 3), np.int8)
    normal[..., 2] = -127
    height, width = element.shape
    return ViewImage(
        (height, width),
        (0, 0),
        element.astype(np.int32),
        np.full((*element.shape, 3), color, np.uint8),
        normal,
        np.eye(4),
    )


def row_of(element: np.ndarray) -> np.ndarray:
    return element % SHEET // COLUMNS


def truth() -> np.ndarray:
    """(E,) int: 0 head, 1 shirt, 2 trousers, 3 bag."""
    element = np.arange(ELEMENTS)
    part = np.digitize(row_of(element), [3, 7])
    return np.where(element >= 2 * SHEET, 3, part)


def facts() -> Facts:
    element = np.arange(ELEMENTS, dtype=np.int32)
    row, column = row_of(element), element % COLUMNS
    bone = np.select([row < 3, row < 7, column >= COLUMNS // 2], [0, 1, 2], 3)
    sheet = element // SHEET
    depth = np.array([-0.1, 0.1, -0.3])[sheet]
    centroid = np.stack([(column - 2.5) * 0.1, depth, (ROWS - row) * 0.1], axis=1)
    right = element[(column < COLUMNS - 1)]
    below = element[(row < ROWS - 1)]
    neighbours = np.concatenate(
        [np.stack([right, right + 1], axis=1), np.stack([below, below + COLUMNS], axis=1)]
    )
    return Facts(
        object=np.zeros(ELEMENTS, np.int32),
        material=truth().astype(np.int32),
        bone=bone.astype(np.int32),
        loose_part=sheet.astype(np.int32),
        uv_island=np.full(ELEMENTS, -1, np.int32),
        area=np.full(ELEMENTS, 0.01, np.float32),
        centroid=centroid.astype(np.float32),
        neighbours=neighbours.astype(np.int32),
    )


def view_image(sheets: list[int], shift: int) -> ViewImage:
    """Later sheets lie in front; the bag covers the lower right quarter only."""
    height, width = ROWS * CELL, COLUMNS * CELL
    element = np.full((height, width), -1, np.int32)
    row, column = np.indices((height, width)) // CELL
    for sheet in sheets:
        cells = sheet * SHEET + row * COLUMNS + column
        shown = np.ones_like(cells, bool) if sheet < 2 else (row >= 8) & (column >= 3)
        element[shown] = cells[shown]
    return ViewImage(
        resolution=RESOLUTION,
        corner=(16, 20 + shift),
        element=element,
        color=COLORS[truth()[element]],
        normal=np.broadcast_to(np.array([0, -127, 0], np.int8), (height, width, 3)),
        world_to_camera=np.eye(4),
    )


def write_paper_doll(
    folder: Path, frames: tuple[int, ...] = (1, 2, 3, 4), sequence: bool = False
) -> CaptureFiles:
    """Writes `folder/capture`. With `sequence` every frame has its own facts, elements the same."""
    files = CaptureFiles(folder / "capture")
    objects = (CapturedObject("Doll", "DollMesh", 0, ELEMENTS),)
    for number, frame in enumerate(frames):
        bag = [2] if number >= 2 else []
        files.write_frame(frame, [view_image([0, *bag], number), view_image([1], -number)])
        if sequence:
            files.write_facts(facts(), frame)
    if not sequence:
        files.write_facts(facts())
    files.write_manifest(
        Manifest(
            frames=frames,
            views=("az000_el00", "az180_el00"),
            azimuths=(0.0, 180.0),
            elevations=(0.0, 0.0),
            resolution=RESOLUTION,
            projection="orthographic",
            topology="sequence" if sequence else "constant",
            objects=() if sequence else objects,
            frame_objects={str(f): objects for f in frames} if sequence else {},
            names=Names(("Doll",), MATERIALS, BONES, (1, -1, 1, 1)),
            blender="none",
            character="Doll",
        )
    )
    return files
