# SPDX-License-Identifier: GPL-3.0-or-later
"""What `merge_overlap` and `specificity` do to labels, with masks and words made up.

Eight elements in a row, seen by both views from the first pixel to the last. The proposer and the
encoder are doubles; everything between and after them is the pipeline's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.job.capture_files import (
    CapturedObject,
    CaptureFiles,
    Facts,
    Manifest,
    Names,
    ViewImage,
)
from core.job.label_files import LabelFiles
from core.job.spec import ParsingSettings, Part
from core.parsing.masks import MaskSet
from core.parsing.pipeline import STAGES
from core.parsing.run import Run
from tests.unit.parsing.paper_doll import picture_of

ELEMENTS, CELL = 8, 16  # pixels of an element's side
PLAIN = ParsingSettings(  # nothing but the masks decides
    evidence=("names",), smoothing=0.0, equalise=False, distractors=False, threshold=0.0, fill=False
)


def write_row(job: Path) -> None:
    files = CaptureFiles(job / "capture")
    element = np.arange(ELEMENTS, dtype=np.int32)
    none, zero = np.full(ELEMENTS, -1, np.int32), np.zeros(ELEMENTS, np.int32)
    objects = (CapturedObject("Row", "RowMesh", 0, ELEMENTS),)
    area = np.full(ELEMENTS, 0.01, np.float32)
    centroid = np.stack([element * 0.1, 0 * element, 0 * element], 1).astype(np.float32)
    neighbours = np.stack([element[:-1], element[1:]], 1)
    files.write_facts(Facts(zero, none, none, zero, none, area, centroid, neighbours))
    image = picture_of(np.repeat(np.repeat(element[None], CELL, 0), CELL, 1))
    files.write_frame(1, [image, image])
    manifest = Manifest(
        (1,), ("one", "other"), (0.0, 10.0), (0.0, 0.0), image.resolution, "orthographic",
        "constant", objects, {}, Names(("Row",), (), (), ()), "none", "Row",
    )  # fmt: skip
    files.write_manifest(manifest)


class Proposals:
    """Masks of the views in turn, each as the elements it shows."""

    def __init__(self, *views: list[list[int]]) -> None:
        self._views = iter(views)

    def propose(self, image: ViewImage, frame: int) -> MaskSet:
        shown = image.element[image.silhouette]
        return MaskSet.from_pixels(np.array([np.isin(shown, m) for m in next(self._views)]))


class Words:
    """Two words, at right angles."""

    logit_scale = 20.0

    def encode_text(self, names: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
        return np.eye(2, dtype=np.float32), np.arange(2, dtype=np.int32)

    def encode_distractors(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((0, 2), np.float32), np.zeros(0, bool)

    def sides(self, names: list[list[str]]) -> np.ndarray:
        return np.zeros(2, np.int8)

    def unknown(self, names: list[list[str]]) -> dict[str, tuple[str, ...]]:
        return {}

    def guessed(self, names: list[list[str]]) -> list[str]:
        return []

    def to_arrays(self) -> dict[str, np.ndarray]:
        return {}


class Encoder:
    """A mask is the first word where `is_first` says so of the elements it shows."""

    text = Words()

    def __init__(self, is_first: Callable[[set[int]], bool]) -> None:
        self._is_first = is_first

    def encode(self, image: ViewImage, masks: MaskSet, frame: int) -> np.ndarray:
        shown = image.element[image.silhouette]
        which = [not self._is_first(set(shown[mask].tolist())) for mask in masks.pixels()]
        return np.eye(2, dtype=np.float32)[np.array(which, int)]


def labels_of(
    job: Path, proposals: Proposals, is_first: Callable[[set[int]], bool], **settings: Any
) -> tuple[list[int], dict[str, int]]:
    """The label of each element, and what the stages counted."""
    write_row(job)
    run = Run(job, replace(PLAIN, **settings), [Part("first"), Part("second")])
    run.__dict__.update(proposer=proposals, encoder=Encoder(is_first), text_side=Words())
    counts: dict[str, int] = {}
    for stage in STAGES.values():
        counts |= stage(run)
    return LabelFiles(job).read_frame(1)[0].tolist(), counts


def test_masks_that_overlap_enough_become_one_and_what_it_leaves_is_found_by_validation(
    tmp_path: Path,
) -> None:
    """Of six elements in one view the other view shows four: an overlap of two thirds."""

    def with_overlap(overlap: float) -> tuple[list[int], dict[str, int]]:
        masks = Proposals([[0, 1, 2, 3, 4, 5]], [[0, 1, 2, 3]])
        job = tmp_path / str(overlap)
        return labels_of(job, masks, lambda shown: 0 in shown, merge_overlap=overlap)

    label, counts = with_overlap(0.7)
    assert label == [0, 0, 0, 0, 0, 0, 1, 1]
    assert (counts["proposals"], counts["masklets"], counts["validation masklets"]) == (2, 2, 1)
    label, counts = with_overlap(0.6)
    assert label == [0, 0, 0, 0, 1, 1, 1, 1], "a majority of the views has the last two in"
    assert (counts["proposals"], counts["masklets"], counts["validation masklets"]) == (2, 1, 1)


def hand_and_arms(folder: Path, specificity: float) -> list[int]:
    """A hand, in an arm, in an arm with its shoulder; both large masks say the first word."""
    view = [[0, 1], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5]]
    job, masks = folder / str(specificity), Proposals(view, view)
    return labels_of(job, masks, lambda shown: len(shown) > 2, specificity=specificity)[0]


def test_a_small_mask_outweighs_two_large_ones_on_its_own_elements_only_with_specificity(
    tmp_path: Path,
) -> None:
    literal = hand_and_arms(tmp_path, 0.0)
    assert literal == [0, 0, 0, 0, 0, 0, 1, 1], "the paper's sum: two against one"
    assert hand_and_arms(tmp_path, 1.0) == [1, 1, 0, 0, 0, 0, 1, 1]


def test_the_say_of_a_mask_goes_with_a_power_of_its_area(tmp_path: Path) -> None:
    """2 ** -s is more than 5 ** -s and 6 ** -s together from s = 0.69 on."""
    assert hand_and_arms(tmp_path, 0.67)[0] == 0
    assert hand_and_arms(tmp_path, 0.71)[0] == 1
