# SPDX-License-Identifier: GPL-3.0-or-later
"""Heads are looked at again from nearer, where that shows more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.job.boxes import box_around
from core.parsing.sight.closer import CLOSEST, ENOUGH, head_to_look_at
from core.parsing.sight.network import Sighting
from core.parsing.sight.over_pixels import ElementSums
from core.parsing.sight.preparation import (
    AROUND,
    MULTIPLE,
    Placement,
    prepare,
    prepare_part,
)
from tests.unit.parsing.paper_doll import picture_of

REGIONS = ("head", "torso", "none")
VIEW = (460, 200)
BOX = (30, 40, 430, 160)  # of the figure


def figure() -> np.ndarray:
    silhouette = np.zeros(VIEW, bool)
    silhouette[BOX[0] : BOX[2], BOX[1] : BOX[3]] = True
    return silhouette


def gradients(silhouette: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture whose red tells the row and whose green tells the column."""
    rows, columns = np.indices(silhouette.shape)
    color = np.stack([rows / 2, columns, np.full_like(rows, 90)], -1).astype(np.uint8)
    normal = np.zeros((*silhouette.shape, 3), np.float32)
    normal[..., 2] = -1
    return color, normal, silhouette


def seen(head: tuple[int, int, int, int] | None, height: int = 168) -> Sighting:
    """The whole figure is torso but for `head`, a box of the view."""
    color, normal, silhouette = gradients(figure())
    planes, placement = prepare(color, normal, silhouette, height)
    shape = (planes.shape[1] // 2, planes.shape[2] // 2)
    region = np.zeros((*shape, len(REGIONS)), np.float32)
    region[..., 1] = 1
    if head is not None:
        rows, columns = np.arange(head[0], head[2]), np.arange(head[1], head[3])
        at = np.rint(placement.output_pixels(rows, np.full_like(rows, head[1]))).astype(int)[0]
        beside = np.rint(placement.output_pixels(np.full_like(columns, head[0]), columns))[1]
        region[np.ix_(at, beside.astype(int))] = (1, 0, 0)
    return Sighting(region, region, np.zeros(shape, np.float32), placement)


def test_a_small_head_is_found_where_it_is_and_looked_at_as_closely_as_was_trained() -> None:
    head = (30, 80, 80, 120)
    found = head_to_look_at(seen(head), REGIONS, figure())
    assert found is not None
    np.testing.assert_allclose(found[0], head, atol=4)
    tiny = head_to_look_at(seen(head, height=60), REGIONS, figure())
    assert tiny is not None
    assert tiny[1] == pytest.approx(CLOSEST * 60 / 400)


def test_a_larger_head_is_looked_at_less_closely_and_a_large_one_not_at_all() -> None:
    found = head_to_look_at(seen((30, 50, 120, 140)), REGIONS, figure())
    assert found is not None
    assert found[1] * (found[0][2] - found[0][0]) == pytest.approx(ENOUGH, rel=0.1)
    assert head_to_look_at(seen((30, 45, 210, 155)), REGIONS, figure()) is None


def test_nothing_is_looked_at_without_a_head_or_when_nothing_more_was_captured() -> None:
    assert head_to_look_at(seen(None), REGIONS, figure()) is None
    assert head_to_look_at(seen((30, 80, 80, 120)), ("top", "torso", "none"), figure()) is None
    fine = seen((30, 80, 80, 120))
    top, left, bottom, right = (side // 4 for side in fine.placement.box)
    coarse = replace(fine, placement=replace(fine.placement, box=(top, left, bottom, right)))
    assert head_to_look_at(coarse, REGIONS, figure()[::4, ::4]) is None


def test_a_part_is_shown_in_its_place_with_what_is_around_it() -> None:
    color, normal, silhouette = gradients(figure())
    part, scale = (200, 80, 250, 120), 0.9
    planes, placement = prepare_part(color, normal, silhouette, part, scale)
    assert all(side % MULTIPLE == 0 for side in planes.shape[1:])
    assert (planes[6] > 0).all()  # the figure goes on all around
    top, left, bottom, right = placement.box
    assert top <= part[0] - AROUND / scale + 1 and bottom >= part[2] + AROUND / scale - 1
    assert left <= part[1] - AROUND / scale + 1 and right >= part[3] + AROUND / scale - 1
    rows, columns = np.meshgrid(np.arange(200, 250, 7), np.arange(80, 120, 7), indexing="ij")
    place = placement.output_pixels(rows.ravel(), columns.ravel())  # of half the size
    there = np.clip(np.rint((place + 0.5) * 2 - 0.5).astype(int), 0, None)
    shown = planes[:2, there[0], there[1]] + 0.5
    np.testing.assert_allclose(shown[0], rows.ravel() / 2 / 255, atol=0.006)
    np.testing.assert_allclose(shown[1], columns.ravel() / 255, atol=0.01)


def test_beside_the_figure_there_is_nothing() -> None:
    color, normal, silhouette = gradients(figure())
    planes, placement = prepare_part(color, normal, silhouette, (30, 40, 60, 70), 1.0)
    assert placement.box[:2] == box_around(silhouette)[:2]
    row, column = placement.corner
    assert row > 0 and column > 0
    assert not planes[:, :row].any() and not planes[:, :, :column].any()
    assert (planes[6, row:, column:] > 0).all()


def test_a_part_beside_the_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="beside"):
        prepare_part(*gradients(figure()), (440, 170, 460, 200), 4.0)


def test_a_closer_look_counts_more_for_what_it_shows_and_nothing_elsewhere() -> None:
    whole = Placement((0, 0, 8, 8), (8, 8), (0, 0))
    part = Placement((0, 0, 4, 8), (8, 16), (0, 0))
    ones = np.ones((4, 4, 1), np.float32)
    far = Sighting(np.tile(np.array([1, 0], np.float32), (4, 4, 1)), ones, ones[..., 0], whole)
    near = Sighting(
        np.tile(np.array([0, 1], np.float32), (4, 8, 1)), np.ones((4, 8, 1)), np.ones((4, 8)), part
    )
    element = np.repeat([0, 1], 4)[:, None] * np.ones((1, 8), int)
    element[:4, 4:] = 2  # shown by the closer look, but not asked for
    sums = ElementSums(3, 2, 1)
    sums.add(picture_of(element), far)
    sums.add(picture_of(element), near, (0, 0, 4, 4), 3.0)
    found = sums.sightings(("skin", "hair"), ("none",))
    np.testing.assert_allclose(found.surface, [[0.25, 0.75], [1.0, 0.0], [1.0, 0.0]], atol=1e-3)
