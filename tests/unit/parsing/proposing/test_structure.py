# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposals follow the character's structure, and what is seen of it where there is sight."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.job.capture_files import ViewImage
from core.parsing.images import Images
from core.parsing.masks import MaskSet
from core.parsing.proposing.seen_regions import pieces
from core.parsing.proposing.structure import StructureProposer
from core.parsing.sight.groups import GROUPS, group_members
from core.parsing.sight.sightings import Sightings

from ..paper_doll import COLUMNS, ELEMENTS, row_of, write_paper_doll
from ..paper_doll import facts as doll_facts
from ..seen_doll import SURFACES, sightings_of

ROW = row_of(np.arange(ELEMENTS))
COLUMN = np.arange(ELEMENTS) % COLUMNS
FLAT = replace(doll_facts(), material=np.zeros(ELEMENTS, np.int32))  # one material


@pytest.fixture
def image(tmp_path: Path) -> ViewImage:
    """The front, without colour."""
    shown = Images(write_paper_doll(tmp_path)).image(1, 0)
    return replace(shown, color=np.full_like(shown.color, 200))


def jacket_and_jeans() -> Sightings:
    """A jacket of two kinds of doubt above trousers, and a shoe at either end of the last row."""
    shares: list[dict[str, float]] = []
    for row, column in zip(ROW, COLUMN, strict=True):
        if row < 7:
            shares.append({"jacket": 0.5, "shirt": 0.4} if column < 3 else {"shirt": 0.6})
        elif row < 11:
            shares.append({"trousers": 0.9})
        else:
            shares.append({"shoe": 0.9} if column in (0, 5) else {})
    region = np.select([ROW < 7, ROW < 11], ["torso", "thigh"], "foot")
    return sightings_of(shares, region.tolist())


def has_mask(masks: MaskSet, image: ViewImage, wanted: np.ndarray) -> bool:
    """Whether one mask is exactly the elements `wanted` (E,) bool."""
    inside = wanted[image.element[image.silhouette]]
    return bool((masks.pixels() == inside).all(axis=1).any())


def test_bones_cut_what_is_seen_where_there_are_any(image: ViewImage) -> None:
    seen = jacket_and_jeans()
    sleeve = (ROW < 7) & (COLUMN < 3)
    boned = replace(FLAT, bone=np.where(COLUMN < 2, 1, -1).astype(np.int32))
    masks = StructureProposer(lambda frame: boned, lambda frame: seen).propose(image, 1)
    assert has_mask(masks, image, sleeve & (COLUMN < 2))  # the jacket at this bone
    assert has_mask(masks, image, sleeve & (COLUMN == 2))  # where no bone moves it, by its region
    without = StructureProposer(lambda frame: boned, lambda frame: seen, False)
    assert not has_mask(without.propose(image, 1), image, sleeve & (COLUMN < 2))


def test_without_sight_there_are_only_the_facts_and_edges(image: ViewImage) -> None:
    masks = StructureProposer(lambda frame: FLAT).propose(image, 1)
    assert has_mask(masks, image, FLAT.bone == 2)
    assert not has_mask(masks, image, (ROW >= 7) & (ROW < 11))


def test_the_rig_draws_no_outlines_where_bones_are_no_evidence(image: ViewImage) -> None:
    masks = StructureProposer(lambda frame: FLAT, use_bones=False).propose(image, 1)
    assert not any(has_mask(masks, image, FLAT.bone == bone) for bone in range(4))


def test_what_is_seen_is_proposed_as_surface_group_and_region(image: ViewImage) -> None:
    seen = jacket_and_jeans()
    masks = StructureProposer(lambda frame: FLAT, lambda frame: seen, False).propose(image, 1)
    assert has_mask(masks, image, (ROW < 7) & (COLUMN < 3))  # a jacket
    assert has_mask(masks, image, ROW < 7)  # upper clothing
    assert has_mask(masks, image, (ROW >= 7) & (ROW < 11))  # trousers


def test_separate_pieces_of_a_surface_are_separate_masks(image: ViewImage) -> None:
    seen = jacket_and_jeans()
    masks = StructureProposer(lambda frame: FLAT, lambda frame: seen, False).propose(image, 1)
    assert has_mask(masks, image, (ROW == 11) & (COLUMN == 0))
    assert has_mask(masks, image, (ROW == 11) & (COLUMN == 5))
    assert not has_mask(masks, image, (ROW == 11) & (COLUMN % 5 == 0))
    assert not has_mask(masks, image, (ROW == 11) & (COLUMN % 5 > 0))  # was not looked at


def test_a_strong_border_cuts_what_looks_alike(image: ViewImage) -> None:
    border = np.where(ROW == 5, 0.9, 0.05).astype(np.float16)
    same = sightings_of([{"t-shirt": 0.9}] * ELEMENTS, ["torso"] * ELEMENTS)
    seen = replace(same, boundary=border)
    masks = StructureProposer(lambda frame: FLAT, lambda frame: seen, False).propose(image, 1)
    above = (ROW < 5)[image.element[image.silhouette]]
    overlap = masks.pixels()[:, above].mean(axis=1) - masks.pixels()[:, ~above].mean(axis=1)
    assert overlap.max() > 0.8


def test_every_surface_belongs_to_one_group() -> None:
    members = group_members(SURFACES)
    assert np.array_equal(members.sum(axis=1), np.ones(len(SURFACES)))
    group = dict(zip(SURFACES, members.argmax(axis=1), strict=True))
    assert GROUPS[group["jacket"]] == GROUPS[group["t-shirt"]] == "upper clothing"
    assert (GROUPS[group["shoe"]], GROUPS[group["skin"]]) == ("footwear", "body")


def test_pieces_are_connected_and_large_enough() -> None:
    silhouette = np.ones((3, 5), bool)
    silhouette[:, 2] = False
    label = np.array([[0, 0, 0, 1], [0, 0, 0, -1], [2, 2, 0, -1]]).ravel()
    found = pieces(label, silhouette, 2).reshape(3, 4)
    expected = [[0, 0, 2, -1], [0, 0, 2, -1], [1, 1, 2, -1]]
    same = found[:, :, None, None] == found
    assert np.array_equal(found < 0, np.array(expected) < 0)
    assert np.array_equal(same, np.array(expected)[:, :, None, None] == np.array(expected))
