# SPDX-License-Identifier: GPL-3.0-or-later
"""What is doubtful of an element is settled by the colours that the character surely has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import CancelledError
from core.parsing.sight.own_colors import Appearance, settle_by_colors
from core.parsing.sight.sightings import _ARRAYS, Sightings, load_sightings, save_sightings
from tests.unit.parsing.seen_doll import SURFACES, sightings_of

BROWN, BLUE, GREY = (90, 60, 40), (40, 60, 200), (128, 128, 128)


def seen(*rows: tuple[dict[str, float], tuple[int, int, int], int]) -> Sightings:
    """So many elements each of what is seen, and of what colour."""
    surface = [row[0] for row in rows for _ in range(row[2])]
    color = [row[1] for row in rows for _ in range(row[2])]
    return replace(sightings_of(surface, ["torso"] * len(surface)), color=np.array(color, np.uint8))


def settled(frame: Sightings, *others: Sightings) -> np.ndarray:
    return (
        Appearance.learnt(SURFACES, [frame, *others]).settle_doubtful(frame).surface.astype(float)
    )


def best(surface: np.ndarray) -> list[str]:
    return [SURFACES[i] for i in surface.argmax(axis=1)]


SURE = ({"trousers": 0.9}, BROWN, 40), ({"shirt": 0.9}, BLUE, 40)
DOUBTFUL = {"shirt": 0.5, "trousers": 0.4}


def test_a_doubtful_element_becomes_what_has_its_colour() -> None:
    found = settled(seen(*SURE, (DOUBTFUL, BROWN, 3), (DOUBTFUL, BLUE, 3)))
    assert best(found[-6:]) == ["trousers"] * 3 + ["shirt"] * 3
    assert found[-6:, SURFACES.index("trousers")][:3].min() > 0.8


def test_other_frames_teach_as_well() -> None:
    alone = seen((DOUBTFUL, BROWN, 4))
    assert best(settled(alone)) == ["shirt"] * 4
    assert best(settled(alone, seen(*SURE))) == ["trousers"] * 4


def test_without_colours_that_differ_everything_stays() -> None:
    grey = seen(*((what, GREY, count) for what, _, count in SURE), (DOUBTFUL, GREY, 3))
    np.testing.assert_allclose(settled(grey), grey.surface, atol=2e-3)


def test_kinds_of_one_garment_are_not_told_apart_by_colour() -> None:
    print_on_it = seen(*SURE, ({"t-shirt": 0.45, "shirt": 0.5}, (200, 30, 30), 5))
    found = settled(print_on_it, seen(({"t-shirt": 0.9}, (200, 30, 30), 40)))
    assert best(found[-5:]) == ["shirt"] * 5


def test_rows_keep_their_sums_and_what_was_not_looked_at_stays_empty() -> None:
    frame = seen(*SURE, ({}, BROWN, 2), (DOUBTFUL, BROWN, 2))
    found = settled(frame)
    np.testing.assert_allclose(found.sum(1), frame.surface.astype(float).sum(1), atol=4e-3)
    assert not found[80:82].any()


def test_a_character_that_nobody_has_looked_at_is_left_alone() -> None:
    nothing = seen(({}, BROWN, 3))
    assert not settled(nothing).any()


def test_every_frame_of_a_folder_is_settled_by_all_frames(tmp_path: Path) -> None:
    save_sightings(tmp_path, seen(*SURE), 3)
    save_sightings(tmp_path, seen((DOUBTFUL, BROWN, 4)), 5)
    settle_by_colors(tmp_path, [3, 5], lambda: None)
    assert best(load_sightings(tmp_path, 5).surface) == ["trousers"] * 4
    assert best(load_sightings(tmp_path, 3).surface) == ["trousers"] * 40 + ["shirt"] * 40


def test_a_frame_without_elements_is_left_as_it_is(tmp_path: Path) -> None:
    save_sightings(tmp_path, seen(*SURE), 3)
    empty = seen(({}, GREY, 1))
    save_sightings(tmp_path, replace(empty, **{n: getattr(empty, n)[:0] for n in _ARRAYS}), 4)
    settle_by_colors(tmp_path, [3, 4], lambda: None)
    assert load_sightings(tmp_path, 4).count == 0


def test_settling_can_be_cancelled_between_frames(tmp_path: Path) -> None:
    for frame in range(5):
        save_sightings(tmp_path, seen(*SURE), frame)
    calls = iter(range(100))

    def cancel_in_the_second_round() -> None:
        if next(calls) == 7:
            raise CancelledError

    with pytest.raises(CancelledError):
        settle_by_colors(tmp_path, list(range(5)), cancel_in_the_second_round)
    assert next(calls) == 8
