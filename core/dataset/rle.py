# SPDX-License-Identifier: GPL-3.0-or-later
"""Masks as COCO's compressed run lengths, with numpy alone.

Runs go down the columns, beginning with zeros. Each is written as its difference to the run two
before (from the fourth on), five bits a character from 48 ("0") on, lowest bits first, 32 meaning
that more follow. Format: https://github.com/cocodataset/cocoapi (common/maskApi.c)
"""

from __future__ import annotations

from typing import TypedDict

import numpy as np


class Rle(TypedDict):
    """As in COCO's files: `size` is [height, width]."""

    size: list[int]
    counts: str


def encode(mask: np.ndarray) -> Rle:
    """`mask` (H, W) bool."""
    flat = np.asarray(mask, bool).T.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = [0] if flat.size and flat[0] else []  # the first run is of zeros, maybe of none
    runs = np.diff(np.concatenate([[0], edges, changes, [flat.size]]).astype(np.int64))
    height, width = mask.shape
    return {"size": [height, width], "counts": _text(runs)}


def decode(rle: Rle) -> np.ndarray:
    """(H, W) bool. Raises ValueError when the runs do not fill the image."""
    height, width = rle["size"]
    runs = _runs(rle["counts"])
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise ValueError("The runs of a mask do not fill its image")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def _text(runs: np.ndarray) -> str:
    numbers = runs.copy()
    numbers[3:] -= runs[1:-2]
    letters = []
    for number in numbers.tolist():
        more = True
        while more:
            bits = number & 31
            number >>= 5
            more = number != (-1 if bits & 16 else 0)
            letters.append(chr(48 + bits + 32 * more))
    return "".join(letters)


def _runs(text: str) -> list[int]:
    runs: list[int] = []
    number = shift = 0
    for letter in text:
        code = ord(letter) - 48
        number |= (code & 31) << shift
        shift += 5
        if code & 32:
            continue
        if code & 16:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    return runs
