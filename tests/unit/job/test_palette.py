# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from core.job.palette import _oklab, part_colors
from core.job.spec import Part


def parts(count: int) -> list[Part]:
    return [Part(f"part {i}") for i in range(count)]


def closest(colors, grounds=()) -> float:
    """Least distance in OKLab when shading has taken half of what lightness tells."""
    shaded = np.array([0.5, 1.0, 1.0])
    pairs = [*combinations(colors, 2), *product(colors, grounds)]
    return min(float(np.linalg.norm((_oklab(a) - _oklab(b)) * shaded)) for a, b in pairs)


@pytest.mark.parametrize(("count", "distance"), [(8, 0.14), (16, 0.1), (32, 0.06)])
def test_shaded_colours_are_far_apart_also_from_white_and_grey(count, distance):
    grounds = [(1.0, 1.0, 1.0), (0.24, 0.24, 0.24), (0.5, 0.5, 0.5)]
    assert closest(part_colors(parts(count)), grounds) > distance


def test_a_part_added_at_the_end_changes_no_other_colour():
    assert part_colors(parts(40))[:12] == part_colors(parts(12))


def test_a_chosen_colour_is_kept_and_avoided_by_the_others():
    red = part_colors(parts(1))[0]
    colors = part_colors([Part("a"), Part("b", color=red), Part("c")])
    assert colors[1] == red
    assert closest(colors) > 0.2


def test_there_is_a_colour_for_every_one_of_many_parts():
    colors = part_colors(parts(2000))
    assert len(colors) == 2000
    assert all(0 <= c <= 1 for color in colors for c in color)
    assert part_colors([]) == ()
